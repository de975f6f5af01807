//! One scene, as it is told.

use serde::Serialize;
use vestibule_core::{CaseReference, Remedy};

use super::scenarios::Scenario;

/// One scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Scene {
    /// The problem, by the domain's id: `P1`.
    pub problem: &'static str,
    /// The scenario: `wrong_password`.
    pub scenario: &'static str,
    /// The code of the refusal. It names the cause, which not everybody is told.
    pub code: &'static str,
    /// The case reference that the visitor reads to support.
    pub case: String,
    /// What the page says.
    pub visitor: String,
    /// What arrives at the person's verified addresses.
    pub mailbox: String,
    /// What an administrator of the account sees.
    pub administrator: String,
    /// What helps, the likeliest first.
    pub remedies: Vec<&'static str>,
    /// The remedy that is pressed.
    pub applied: Option<&'static str>,
    /// What the remedy waits for, if it is not built yet.
    pub pending: Option<&'static str>,
    /// What happens then.
    pub then: String,
    /// Whether all of it is as `scenarios.toml` expects, and the case was found by its reference.
    pub ok: bool,
}

/// What a script gives.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) code: &'static str,
    /// The code that the page may know.
    pub(super) public: &'static str,
    pub(super) case: CaseReference,
    pub(super) visitor: String,
    /// Purposes of messages.
    pub(super) mailbox: Vec<&'static str>,
    pub(super) letters: Vec<String>,
    /// What the administrator sees, in words of one part each.
    pub(super) facts: Vec<&'static str>,
    pub(super) sentences: Vec<String>,
    pub(super) remedies: &'static [Remedy],
    pub(super) applied: Option<Remedy>,
    pub(super) pending: Option<&'static str>,
    pub(super) then: String,
    pub(super) end: String,
}

impl Scene {
    pub(super) fn of(scenario: &Scenario, played: &Played, ok: bool) -> Self {
        let or = |texts: &[String], none: &str| {
            if texts.is_empty() { none.to_owned() } else { texts.join(" ") }
        };
        Self {
            problem: scenario.problem,
            scenario: scenario.id,
            code: played.code,
            case: played.case.to_string(),
            visitor: played.visitor.clone(),
            mailbox: or(&played.letters, "Nothing is sent."),
            administrator: or(&played.sentences, "Nothing: no account is concerned."),
            remedies: played.remedies.iter().map(|remedy| remedy.id()).collect(),
            applied: played.applied.map(Remedy::id),
            pending: played.pending,
            then: played.then.clone(),
            ok,
        }
    }
}

//! A refusal as it leaves: one value, three renderings.

use core::fmt;

use crate::problem::{Audience, Entry, Registered, Remedy, Stage, TRY_AGAIN};
use crate::token::CaseReference;

/// How much a visitor is told before they have proven who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Disclosure {
    /// One text for everything before proof; the truth after it.
    #[default]
    AfterProof,
    /// The exact cause at once, also to strangers. It tells them who is known here (U-1).
    DangerBeforeProof,
}

/// What the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicAnswer {
    /// The code that the page may know: the entry's own, or `sign_in.try_again` before proof.
    pub code: &'static str,
    /// The text.
    pub text: &'static str,
}

/// An operation was refused: the code, who may know what, what helps, and the case reference under which
/// support finds the rest.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Refusal {
    entry: &'static Entry,
    facts: Vec<(&'static str, String)>,
    case: CaseReference,
    disclosure: Disclosure,
}

impl Refusal {
    /// Wraps a problem. Only the facade has a case reference to give.
    #[must_use]
    pub fn new(problem: &(impl Registered + ?Sized), case: CaseReference, disclosure: Disclosure) -> Self {
        Self { entry: problem.entry(), facts: problem.facts(), case, disclosure }
    }

    /// A refusal with the entry of a host's own rule.
    #[must_use]
    pub const fn of_entry(
        entry: &'static Entry,
        facts: Vec<(&'static str, String)>,
        case: CaseReference,
        disclosure: Disclosure,
    ) -> Self {
        Self { entry, facts, case, disclosure }
    }

    /// The stable code of the registry. It names the cause: show it to those who may know it only.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.entry.code
    }

    /// The registry's entry.
    #[must_use]
    pub const fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// What the page shows: before proof the same bytes for every cause (PR-6).
    #[must_use]
    pub const fn public(&self) -> PublicAnswer {
        Self::told(self.entry, self.disclosure)
    }

    /// What the page would show of a refusal with this entry.
    #[must_use]
    pub const fn told(entry: &'static Entry, disclosure: Disclosure) -> PublicAnswer {
        match (entry.stage, disclosure) {
            (Stage::BeforeProof, Disclosure::AfterProof) => {
                PublicAnswer { code: "sign_in.try_again", text: TRY_AGAIN }
            }
            _ => PublicAnswer { code: entry.code, text: entry.visitor },
        }
    }

    /// The facts that this audience may see. Before proof, and without disclosure, a visitor sees none.
    pub fn facts_for(&self, audience: Audience) -> impl Iterator<Item = (&'static str, &str)> {
        let silent = audience == Audience::Visitor
            && self.entry.stage == Stage::BeforeProof
            && self.disclosure == Disclosure::AfterProof;
        self.facts.iter().filter(move |_| !silent).filter_map(move |(name, value)| {
            let registered = self.entry.facts.iter().find(|fact| fact.name == *name)?;
            registered.audiences.contains(&audience).then_some((*name, value.as_str()))
        })
    }

    /// What helps, the likeliest first. Before proof the page shows [`public_remedies`](Self::public_remedies).
    #[must_use]
    pub const fn remedies(&self) -> &'static [Remedy] {
        self.entry.remedies
    }

    /// What helps, as the page may show it: before proof the same list for every cause.
    #[must_use]
    pub const fn public_remedies(&self) -> &'static [Remedy] {
        match (self.entry.stage, self.disclosure) {
            (Stage::BeforeProof, Disclosure::AfterProof) => {
                &[Remedy::R34, Remedy::R1, Remedy::R35, Remedy::R38]
            }
            _ => self.entry.remedies,
        }
    }

    /// The reference that the visitor reads to support.
    #[must_use]
    pub const fn case(&self) -> CaseReference {
        self.case
    }
}

/// What the page shows, and the case: no more than the visitor may know.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (case {})", self.public().text, self.case)
    }
}

impl core::error::Error for Refusal {}

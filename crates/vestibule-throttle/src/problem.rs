//! What this domain refuses.

use vestibule_core::{Audience, Entry, FactEntry, Registered, Remedy, Stage, Timestamp};

/// A try that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever renders refusals must meet a new one when compiling")]
pub enum Problem {
    /// The host's challenge must be passed first.
    ChallengeRequired,
    /// A window is full.
    Wait {
        /// The first instant at which a try can count again.
        not_before: Timestamp,
    },
}

static CHALLENGE_REQUIRED: Entry = Entry::new(
    "throttle.challenge_required",
    "P1d",
    "After several failed tries the challenge must be passed before the next one counts.",
)
.stage(Stage::AtTheDoor)
.visitor("Please pass the challenge, and try again.")
.remedies(&[Remedy::R34, Remedy::R1, Remedy::R38]);

// Not for administrators: when and how often somebody tried elsewhere is none of an account's business.
static WAIT: Entry =
    Entry::new("throttle.wait", "P1", "There were too many tries with this identifier or from this network.")
        .stage(Stage::AtTheDoor)
        .visitor("There were too many tries. Please wait a little.")
        .facts(&[FactEntry::new("not_before", &[Audience::Visitor, Audience::Operator])])
        .remedies(&[Remedy::R34, Remedy::R1, Remedy::R38]);

/// Every code of this domain.
#[must_use]
pub fn registry() -> &'static [&'static Entry] {
    static ENTRIES: &[&Entry] = &[&CHALLENGE_REQUIRED, &WAIT];
    ENTRIES
}

impl Problem {
    /// From when a try counts again, if waiting helps. A page may show it, and send `Retry-After`: it depends on
    /// the submitted identifier and the network alone, and is the same for known and unknown (ATK-A6).
    #[must_use]
    pub const fn not_before(&self) -> Option<Timestamp> {
        match self {
            Self::ChallengeRequired => None,
            Self::Wait { not_before } => Some(*not_before),
        }
    }
}

impl Registered for Problem {
    fn entry(&self) -> &'static Entry {
        match self {
            Self::ChallengeRequired => &CHALLENGE_REQUIRED,
            Self::Wait { .. } => &WAIT,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        self.not_before().map(|at| ("not_before", at.to_string())).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_keeps_the_form_and_is_answered_before_proof() {
        for entry in registry() {
            assert_eq!(entry.check(), Ok(()), "{}", entry.code);
            assert_eq!(entry.stage, Stage::AtTheDoor);
        }
    }

    #[test]
    fn every_problem_has_a_registered_entry_and_registered_facts() {
        for problem in [Problem::ChallengeRequired, Problem::Wait { not_before: Timestamp::EPOCH }] {
            let entry = problem.entry();
            assert!(registry().iter().any(|registered| registered.code == entry.code));
            for (name, _) in problem.facts() {
                assert!(entry.facts.iter().any(|fact| fact.name == name), "{name}");
            }
        }
    }

    #[test]
    fn no_administrator_learns_when_somebody_tried() {
        assert!(WAIT.facts.iter().all(|fact| !fact.audiences.contains(&Audience::Administrator)));
    }
}

//! What should happen: `scenarios.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use vestibule_core::Remedy;

use super::WalkthroughError;
use super::scenarios::{Scenario, scenarios};
use super::scene::Played;

const OURS: &str = include_str!("../../scenarios.toml");

#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Expectations(BTreeMap<String, Expected>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    problem: String,
    /// The lettered cause of the domain: for people; the problem is its beginning.
    cause: String,
    code: String,
    visitor: String,
    mailbox: Vec<String>,
    administrator: Vec<String>,
    remedies: Vec<String>,
    applied: Option<String>,
    pending: Option<String>,
    then: String,
}

impl Expectations {
    /// The expectations of this version.
    pub(super) fn ours() -> Result<Self, WalkthroughError> {
        Self::read(OURS)
    }

    /// Every scenario has exactly one expectation.
    fn read(text: &str) -> Result<Self, WalkthroughError> {
        let read: Self =
            toml::from_str(text).map_err(|error| WalkthroughError::Expectations(error.to_string()))?;
        for scenario in scenarios() {
            let Some(expected) = read.0.get(scenario.id) else {
                return Err(WalkthroughError::Expectations(format!("{} is missing", scenario.id)));
            };
            if expected.problem != scenario.problem || !expected.cause.starts_with(scenario.problem) {
                return Err(WalkthroughError::Expectations(format!("{} is of another problem", scenario.id)));
            }
        }
        match read.0.keys().find(|id| !scenarios().iter().any(|scenario| scenario.id == **id)) {
            Some(unknown) => Err(WalkthroughError::Expectations(format!("there is no scenario {unknown}"))),
            None => Ok(read),
        }
    }

    /// Whether a scene went as it should.
    pub(super) fn agree(&self, scenario: &Scenario, played: &Played) -> bool {
        let Some(expected) = self.0.get(scenario.id) else { return false };
        let remedies: Vec<&str> = played.remedies.iter().map(|remedy| remedy.id()).collect();
        expected.code == played.code
            && expected.visitor == played.public
            && expected.mailbox == played.mailbox
            && expected.administrator == played.facts
            && expected.remedies == remedies
            && expected.applied.as_deref() == played.applied.map(Remedy::id)
            && expected.pending.as_deref() == played.pending
            && expected.then == played.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_lists_exactly_the_scenarios_there_are() {
        Expectations::ours().unwrap();
    }

    #[test]
    fn a_missing_a_foreign_and_an_unknown_entry_are_told() {
        let without = OURS.replacen("[wrong_password]", "[right_password]", 1);
        let error = Expectations::read(&without).unwrap_err().to_string();
        assert!(error.contains("wrong_password is missing"), "{error}");
        let twice = format!("{OURS}\n[nonsense]\nproblem = \"P1\"\n");
        assert!(Expectations::read(&twice).is_err());
        let unknown = OURS.replacen("code =", "cod =", 1);
        assert!(Expectations::read(&unknown).is_err());
        let other = OURS.replacen("problem = \"P1\"", "problem = \"P2\"", 1);
        assert!(Expectations::read(&other).unwrap_err().to_string().contains("another problem"));
    }
}

//! The challenge that is asked for after several wrong tries: here nothing shows one, and whoever runs the program answers for it.

use vestibule::Vestibule;
use vestibule_core::{Identifier, Refusal, Registered as _};
use vestibule_throttle::{ChallengePassed, Problem};

#[derive(Debug, clap::Args)]
pub(crate) struct Challenge {
    /// Lets the try count although a challenge is asked for, as it is after five wrong ones within an hour: you vouch that it
    /// is a person who types.
    #[arg(long)]
    challenge_passed: bool,
}

impl Challenge {
    /// The word of whoever runs the program, for one try of this login.
    pub(crate) fn passed(&self, login: &Identifier, vestibule: &Vestibule) -> Option<ChallengePassed> {
        self.challenge_passed.then(|| ChallengePassed::vouched_by_host(login.key(), vestibule.now()))
    }
}

/// Whether this is what `--challenge-passed` helps against.
pub(crate) fn is_asked_for(refusal: &Refusal) -> bool {
    refusal.code() == Problem::ChallengeRequired.entry().code
}

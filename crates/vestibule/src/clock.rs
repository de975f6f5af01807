//! Whether this process and the database agree on the time.

use core::fmt;
use core::time::Duration;

use vestibule_core::{Error, ErrorKind, ServerClock, Timestamp};

use crate::vestibule::Vestibule;

/// The most that the clocks may differ.
const AT_MOST: Duration = Duration::from_secs(60);

/// How the two clocks stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockCheck {
    /// The store has no clock but this machine's.
    SameMachine,
    /// The deployment's clock is not the machine's: it is meant to differ, and is not compared.
    Injected,
    /// They differ by this much, which is within the bound.
    Within(Duration),
}

/// The clocks of this process and of the database differ by more than 60 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Apart {
    ahead: bool,
    by: Duration,
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.ahead { "ahead of" } else { "behind" };
        write!(
            f,
            "this machine's clock is {} s {side} the database's; at most 60 s are allowed",
            self.by.as_secs()
        )
    }
}

impl core::error::Error for Apart {}

impl Vestibule {
    /// Compares this machine's clock with the database's. A host asks once when it starts, and does not start when it
    /// fails: with a wrong clock, sessions and windows end at the wrong time (FLT-X27).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Clock`] when they differ by more than 60 seconds; [`ErrorKind::Store`] when the store cannot say.
    pub async fn check_clock(&self) -> Result<ClockCheck, Error> {
        let inner = self.inner();
        if !inner.clock.is_system() {
            return Ok(ClockCheck::Injected);
        }
        let before = inner.clock.now();
        let Some(server) = inner.store.server_time().await? else { return Ok(ClockCheck::SameMachine) };
        judge(server, before, inner.clock.now()).map(ClockCheck::Within)
    }
}

/// The server looked at its clock at some time between the question and the answer; in doubt the clocks agree.
fn judge(server: Timestamp, before: Timestamp, after: Timestamp) -> Result<Duration, Error> {
    let (ahead, by) =
        if before.is_after(server) { (true, before.since(server)) } else { (false, server.since(after)) };
    if by > AT_MOST { Err(Error::new(ErrorKind::Clock, Apart { ahead, by })) } else { Ok(by) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn sixty_seconds_are_allowed_and_one_more_is_not() {
        assert_eq!(judge(at(1000), at(1060), at(1061)).unwrap(), Duration::from_secs(60));
        assert_eq!(judge(at(1062), at(1000), at(1002)).unwrap(), Duration::from_secs(60));
        for (server, before, after) in [(1000, 1061, 1061), (1063, 1000, 1002)] {
            let error = judge(at(server), at(before), at(after)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Clock);
        }
    }

    #[test]
    fn a_slow_answer_is_no_difference() {
        assert_eq!(judge(at(1050), at(1000), at(1100)).unwrap(), Duration::ZERO);
    }
}

//! Tries with a typed code: counted in the row of its slot, for this code and for the day.

use core::time::Duration;

use vestibule_core::Timestamp;

use crate::problem::Problem;

/// How often a code may be typed, right or wrong, before it is worth nothing.
pub const TRIES_PER_CODE: u64 = 5;

/// How often codes of one slot may be typed in a day from the first, whatever their number: with six digits a guess at one slot is right
/// once in 50 000 such days.
pub const TRIES_PER_DAY: u64 = 20;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The tries that were taken with the codes of a slot. Links have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores build it; a further field would change the contract")]
pub struct Tries {
    /// With the newest code.
    pub of_code: u64,
    /// With any code, since [`day_began_at`](Self::day_began_at).
    pub of_day: u64,
    /// When the first of these was taken.
    pub day_began_at: Timestamp,
}

impl Tries {
    /// None yet.
    pub const NONE: Self = Self { of_code: 0, of_day: 0, day_began_at: Timestamp::EPOCH };

    /// Those of the code that takes the place of this one: the day goes on.
    pub(crate) const fn of_next_code(self) -> Self {
        Self { of_code: 0, ..self }
    }

    /// Whether no more can be taken with this code.
    pub(crate) const fn are_spent(self) -> bool {
        self.of_code >= TRIES_PER_CODE
    }

    /// One more.
    pub(crate) fn take(self, now: Timestamp) -> Result<Self, Problem> {
        if self.are_spent() {
            return Err(Problem::CodeSpent);
        }
        // A clock that went back begins no new day.
        let is_new_day = now.since(self.day_began_at) >= DAY;
        let (of_day, day_began_at) = if is_new_day { (0, now) } else { (self.of_day, self.day_began_at) };
        if of_day >= TRIES_PER_DAY {
            return Err(Problem::CodeWait { not_before: day_began_at.plus(DAY) });
        }
        let of_code = self.of_code.saturating_add(1);
        Ok(Self { of_code, of_day: of_day.saturating_add(1), day_began_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;

    #[test]
    fn a_code_takes_five_tries_and_a_day_twenty_whatever_the_number_of_codes() {
        let mut tries = Tries::NONE;
        for code in 0..4 {
            for _ in 0..TRIES_PER_CODE {
                tries = tries.take(NOW.plus(DAY / 4 * code)).unwrap();
            }
            assert_eq!(tries.take(NOW.plus(DAY / 4 * code)), Err(Problem::CodeSpent));
            tries = tries.of_next_code();
        }
        let last = NOW.plus(DAY - Duration::from_micros(1));
        assert_eq!(tries.take(last), Err(Problem::CodeWait { not_before: NOW.plus(DAY) }));
        let taken = tries.take(NOW.plus(DAY)).unwrap();
        assert_eq!(taken, Tries { of_code: 1, of_day: 1, day_began_at: NOW.plus(DAY) });
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_tries_back() {
        let tries = Tries { of_code: 0, of_day: TRIES_PER_DAY, day_began_at: NOW };
        let before = Timestamp::from_unix_micros(NOW.unix_micros() - 1);
        assert!(matches!(tries.take(before), Err(Problem::CodeWait { .. })));
    }
}

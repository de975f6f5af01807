//! Which passwords may be set.

use core::fmt;

use crate::{
    BreachAnswer, BreachedPasswords, ContextWord, PasswordUse, PolicyContext, PreparationError,
    PreparedPassword, WhenBreachUnknown, blocklist,
};

/// What a new password must be: long enough, not too long, and none that is guessed first.
///
/// There are no composition rules and no rotation, and neither can be configured (NIST SP 800-63B-4 section
/// 3.1.1.2). The defaults: at least 15 code points where the password stands alone, at least 8 with a second
/// factor, at most 4096.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    min_alone: usize,
    min_with_second_factor: usize,
    max: usize,
    when_breach_unknown: WhenBreachUnknown,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            min_alone: Self::LEAST_MIN_ALONE,
            min_with_second_factor: Self::LEAST_MIN_WITH_SECOND_FACTOR,
            max: PreparedPassword::MAX_BYTES,
            when_breach_unknown: WhenBreachUnknown::default(),
        }
    }
}

impl PasswordPolicy {
    /// No configured maximum is under this many code points, and no configured minimum above.
    pub const LEAST_MAX: usize = 64;
    /// No configured minimum for passwords that stand alone is under this.
    pub const LEAST_MIN_ALONE: usize = 15;
    /// No configured minimum for passwords beside a second factor is under this.
    pub const LEAST_MIN_WITH_SECOND_FACTOR: usize = 8;

    /// Sets the least number of code points for this use.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Minimum`] under 15 (alone) or 8 (with a second factor), or above 64.
    pub const fn with_min(mut self, usage: PasswordUse, code_points: usize) -> Result<Self, PolicyError> {
        let (slot, least) = match usage {
            PasswordUse::Alone => (&mut self.min_alone, Self::LEAST_MIN_ALONE),
            PasswordUse::WithSecondFactor => {
                (&mut self.min_with_second_factor, Self::LEAST_MIN_WITH_SECOND_FACTOR)
            }
        };
        if code_points < least || code_points > Self::LEAST_MAX {
            return Err(PolicyError::Minimum);
        }
        *slot = code_points;
        Ok(self)
    }

    /// Sets the greatest number of code points. The number of bytes is capped at 4096 in any case.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Maximum`] unless 64 to 4096.
    pub const fn with_max(mut self, code_points: usize) -> Result<Self, PolicyError> {
        if code_points < Self::LEAST_MAX || code_points > PreparedPassword::MAX_BYTES {
            return Err(PolicyError::Maximum);
        }
        self.max = code_points;
        Ok(self)
    }

    /// Sets what happens when the breach data could not be asked.
    #[must_use]
    pub const fn with_breach_unknown(mut self, action: WhenBreachUnknown) -> Self {
        self.when_breach_unknown = action;
        self
    }

    /// The least number of code points for this use.
    #[must_use]
    pub const fn min(&self, usage: PasswordUse) -> usize {
        match usage {
            PasswordUse::Alone => self.min_alone,
            PasswordUse::WithSecondFactor => self.min_with_second_factor,
        }
    }

    /// The greatest number of code points.
    #[must_use]
    pub const fn max(&self) -> usize {
        self.max
    }

    /// Accepts a new password or says why not. This is the only way to an [`AcceptedPassword`] (ATK-B7).
    ///
    /// The checks run from the cheapest to the dearest: lengths, the list built in, the words of the context, the
    /// breach data.
    ///
    /// # Errors
    ///
    /// [`PasswordRejection`], which holds what a form needs to say.
    pub fn accept(
        &self,
        password: PreparedPassword,
        context: &PolicyContext<'_>,
        breached: &dyn BreachedPasswords,
    ) -> Result<AcceptedPassword, PasswordRejection> {
        let (have, min) = (password.code_points(), self.min(context.usage));
        if have < min {
            return Err(PasswordRejection::TooShort { min, have });
        }
        if have > self.max {
            return Err(PasswordRejection::TooLong { max: self.max, have });
        }
        if blocklist::is_common(&password) {
            return Err(PasswordRejection::Common);
        }
        if let Some(which) = context.find_in(&password) {
            return Err(PasswordRejection::IsContextWord { which });
        }
        match (breached.look_up(&password), self.when_breach_unknown) {
            (BreachAnswer::Breached, _) => Err(PasswordRejection::Breached),
            (BreachAnswer::Unknown, WhenBreachUnknown::Refuse) => Err(PasswordRejection::BreachUnknown),
            (BreachAnswer::Clean, _) | (BreachAnswer::Unknown, WhenBreachUnknown::Accept) => {
                Ok(AcceptedPassword { password, usage: context.usage })
            }
        }
    }
}

/// A password that a policy accepted. Nothing else can be hashed for storage.
///
/// ```compile_fail
/// # use vestibule_core::Secret;
/// # use vestibule_credentials::{AcceptedPassword, PasswordUse, PreparedPassword};
/// let password = PreparedPassword::prepare(Secret::new("short".into())).unwrap();
/// let forged = AcceptedPassword { password, usage: PasswordUse::Alone };
/// ```
pub struct AcceptedPassword {
    password: PreparedPassword,
    usage: PasswordUse,
}

impl AcceptedPassword {
    /// The use it was accepted for: a password accepted beside a second factor is not long enough to stand alone.
    #[must_use]
    pub const fn usage(&self) -> PasswordUse {
        self.usage
    }

    /// The password.
    #[must_use]
    pub const fn password(&self) -> &PreparedPassword {
        &self.password
    }

    pub(crate) fn into_password(self) -> PreparedPassword {
        self.password
    }
}

impl fmt::Debug for AcceptedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AcceptedPassword(..)")
    }
}

/// Why a password was not accepted, as data for whoever writes the text. The password itself is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordRejection {
    /// The breach data could not be asked and the policy does not accept then.
    #[error("whether the password is part of a breach could not be found out")]
    BreachUnknown,
    /// Part of a known breach.
    #[error("the password is part of a known breach")]
    Breached,
    /// Among those that are tried first.
    #[error("the password is among the most common ones")]
    Common,
    /// Nothing but words that stand near it.
    #[error("the password consists of a word that stands near it")]
    IsContextWord {
        /// What kind of word.
        which: ContextWord,
    },
    /// More code points than the policy's maximum.
    #[error("the password is too long")]
    TooLong {
        /// The most there may be.
        max: usize,
        /// How many there are.
        have: usize,
    },
    /// More bytes than any password may have.
    #[error("the password has too many bytes")]
    TooManyBytes {
        /// The most there may be.
        max: usize,
    },
    /// Fewer code points than the policy's minimum.
    #[error("the password is too short")]
    TooShort {
        /// The least there must be.
        min: usize,
        /// How many there are.
        have: usize,
    },
}

impl From<PreparationError> for PasswordRejection {
    fn from(error: PreparationError) -> Self {
        match error {
            PreparationError::TooManyBytes => Self::TooManyBytes { max: PreparedPassword::MAX_BYTES },
        }
    }
}

/// Why a policy cannot be configured so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The maximum must be 64 to 4096 code points.
    #[error("the greatest length of a password is out of range")]
    Maximum,
    /// The minimum must be at least 15 (alone) or 8 (with a second factor), and at most 64 code points.
    #[error("the least length of a password is out of range")]
    Minimum,
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;
    use std::sync::Mutex;

    use vestibule_core::Secret;

    use super::*;
    use crate::NoBreachData;

    struct Fixed(BreachAnswer, Mutex<Cell<u32>>);

    impl BreachedPasswords for Fixed {
        fn look_up(&self, _: &PreparedPassword) -> BreachAnswer {
            let asked = self.1.lock().unwrap();
            asked.set(asked.get() + 1);
            self.0
        }
    }

    fn prepared(text: &str) -> PreparedPassword {
        PreparedPassword::prepare(Secret::new(text.into())).unwrap()
    }

    fn verdict(policy: PasswordPolicy, context: &PolicyContext<'_>, text: &str) -> Option<PasswordRejection> {
        policy.accept(prepared(text), context, &NoBreachData).err()
    }

    #[test]
    fn lengths_are_counted_in_code_points_and_depend_on_the_use() {
        use PasswordRejection::{TooLong, TooShort};
        let policy = PasswordPolicy::default().with_max(64).unwrap();
        let (alone, beside) = (PolicyContext::alone(), PolicyContext::with_second_factor());
        let text = "öäü gnu harp mildew obelisk öäü gnu harp mildew obelisk öäü gnu harp mildew";
        let first = |n: usize| text.chars().take(n).collect::<String>();
        assert_eq!(verdict(policy, &alone, &first(14)), Some(TooShort { min: 15, have: 14 }));
        assert_eq!(verdict(policy, &alone, &first(15)), None);
        assert_eq!(verdict(policy, &beside, &first(7)), Some(TooShort { min: 8, have: 7 }));
        assert_eq!(verdict(policy, &beside, &first(8)), None);
        assert_eq!(verdict(policy, &alone, &first(64)), None);
        assert_eq!(verdict(policy, &alone, &first(65)), Some(TooLong { max: 64, have: 65 }));
    }

    #[test]
    fn limits_outside_the_range_are_refused() {
        use PasswordUse::{Alone, WithSecondFactor};
        let policy = PasswordPolicy::default();
        for (usage, least) in [(Alone, 15), (WithSecondFactor, 8)] {
            assert_eq!(policy.min(usage), least);
            assert_eq!(policy.with_min(usage, least - 1), Err(PolicyError::Minimum));
            assert_eq!(policy.with_min(usage, 65), Err(PolicyError::Minimum));
            assert_eq!(policy.with_min(usage, 20).unwrap().min(usage), 20);
        }
        assert_eq!(policy.max(), 4096);
        assert_eq!(policy.with_max(63), Err(PolicyError::Maximum));
        assert_eq!(policy.with_max(4097), Err(PolicyError::Maximum));
        assert_eq!(policy.with_max(64).unwrap().max(), 64);
    }

    #[test]
    fn no_kind_of_character_is_demanded() {
        let context = PolicyContext::alone();
        for text in [
            "gnuharpmildewobelisk",
            "83 174 9926 5501 3",
            "          . . . .",
            "日本語のパスワードはこれです、長い",
        ] {
            assert_eq!(verdict(PasswordPolicy::default(), &context, text), None, "{text}");
        }
    }

    #[test]
    fn common_passwords_and_context_words_are_refused_for_their_reason() {
        let context = PolicyContext::alone().account("Acme Rockets");
        let policy = PasswordPolicy::default();
        assert_eq!(verdict(policy, &context, "password1234567"), Some(PasswordRejection::Common));
        assert_eq!(
            verdict(policy, &context, "AcmeRockets2024!"),
            Some(PasswordRejection::IsContextWord { which: ContextWord::Account })
        );
    }

    #[test]
    fn breach_data_decides_last_and_its_silence_is_a_choice() {
        let context = PolicyContext::alone();
        let open = PasswordPolicy::default();
        let closed = open.with_breach_unknown(WhenBreachUnknown::Refuse);
        let ask = |policy: PasswordPolicy, answer, text| {
            let data = Fixed(answer, Mutex::default());
            let result = policy.accept(prepared(text), &context, &data).err();
            (result, data.1.into_inner().unwrap().get())
        };
        let good = "gnu harp mildew obelisk";
        assert_eq!(ask(open, BreachAnswer::Clean, good), (None, 1));
        assert_eq!(ask(open, BreachAnswer::Breached, good), (Some(PasswordRejection::Breached), 1));
        assert_eq!(ask(open, BreachAnswer::Unknown, good), (None, 1));
        assert_eq!(ask(closed, BreachAnswer::Unknown, good), (Some(PasswordRejection::BreachUnknown), 1));
        assert_eq!(ask(closed, BreachAnswer::Unknown, "short").1, 0);
        assert_eq!(ask(closed, BreachAnswer::Unknown, "passwordpassword").1, 0);
    }

    #[test]
    fn the_accepted_password_remembers_its_use_and_shows_nothing() {
        let context = PolicyContext::with_second_factor();
        let accepted =
            PasswordPolicy::default().accept(prepared("mildewed"), &context, &NoBreachData).unwrap();
        assert_eq!(accepted.usage(), PasswordUse::WithSecondFactor);
        assert_eq!(format!("{accepted:?}"), "AcceptedPassword(..)");
    }
}

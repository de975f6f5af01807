//! The registry of refusals: what every code means, who may know what, and what helps.

use core::fmt;

/// Who is looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Audience {
    /// Whoever is at the page.
    Visitor,
    /// Whoever reads the mailbox or phone that was named.
    MailboxOwner,
    /// An administrator of the account in question.
    Administrator,
    /// The deployment's operator.
    Operator,
}

/// Who can press a remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Actor {
    /// Anybody at the page.
    Anyone,
    /// The person, signed in.
    Owner,
    /// An administrator of the account, or a member with the permission.
    Administrator,
    /// The deployment's operator.
    Operator,
}

impl Actor {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Owner => "owner",
            Self::Administrator => "administrator",
            Self::Operator => "operator",
        }
    }
}

/// When the refusal is answered, which decides what the visitor is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Nothing is proven, and the cause does not depend on whether anybody has the login: everybody is told.
    AtTheDoor,
    /// Nothing is proven: the visitor's answer is the same for known and unknown (PR-6).
    BeforeProof,
    /// The person is proven: the visitor is told the truth.
    AfterProof,
}

/// Sets out the remedies of the domain (R1 to R38) with their ids and texts.
macro_rules! remedies {
    ($($variant:ident $actor:ident $text:literal,)+) => {
        /// What helps. The ids are the domain's: `R1` to `R38`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Remedy {
            $(#[doc = $text] $variant,)+
        }

        impl Remedy {
            /// Every remedy, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The id, `R1` to `R38`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }

            /// What to do, as a sentence.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Who can press it.
            #[must_use]
            pub const fn actor(self) -> Actor {
                match self { $(Self::$variant => Actor::$actor,)+ }
            }
        }
    };
}

remedies! {
    R1 Anyone "Ask for a recovery link by e-mail.",
    R2 Anyone "Ask for a recovery code by phone.",
    R3 Administrator "Send the member a recovery link to their own login.",
    R4 Anyone "Set a new password with the newest recovery link.",
    R5 Owner "Change the password.",
    R6 Owner "Sign out and sign in as somebody else.",
    R7 Owner "List the accounts you belong to and switch to one.",
    R8 Administrator "Invite the person.",
    R9 Administrator "Register the person as a member.",
    R10 Administrator "Hand out a registration link.",
    R11 Administrator "Send the invitation again.",
    R12 Administrator "Correct the invited address and send again.",
    R13 Administrator "Cancel the invitation.",
    R14 Administrator "Approve or decline the waiting member.",
    R15 Administrator "Dismiss a member.",
    R16 Administrator "Reinstate the dismissed member.",
    R17 Administrator "Change the member's contact address.",
    R18 Owner "Change the login.",
    R19 Owner "Connect an e-mail address and set a password.",
    R20 Owner "Connect, disconnect or move a social account.",
    R21 Administrator "Look up which identifiers a member uses.",
    R22 Anyone "Enter a recovery code.",
    R23 Administrator "Exempt the member from the second factor until a date.",
    R24 Owner "Set up the second factor on a new device.",
    R25 Owner "Make new recovery codes.",
    R26 Anyone "Ask the account's administrators for access.",
    R27 Administrator "Look up what became of a message, and lift a suppressed address.",
    R28 Owner "Leave the account.",
    R29 Owner "Delete the profile.",
    R30 Owner "Sign out everywhere.",
    R31 Administrator "Extend the time until the second factor is required.",
    R32 Administrator "Hand over primary administration.",
    R33 Owner "Start the reset of a lost second factor.",
    R34 Anyone "Check keyboard layout, Caps Lock and typing, and try again.",
    R35 Anyone "Use another e-mail address, phone number or social account.",
    R36 Anyone "Look into the spam folder.",
    R37 Anyone "Have the sender's address allowed at your mail provider.",
    R38 Anyone "Ask the operator, and read out the case reference.",
}

/// A named fact of a refusal, and who may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FactEntry {
    /// Its name, lower-case with `_`.
    pub name: &'static str,
    /// Who may see it.
    pub audiences: &'static [Audience],
}

impl FactEntry {
    /// Registers a fact.
    #[must_use]
    pub const fn new(name: &'static str, audiences: &'static [Audience]) -> Self {
        Self { name, audiences }
    }
}

/// One code of the registry.
///
/// # Example
///
/// ```
/// use vestibule_core::{Audience, Entry, FactEntry, Remedy, Stage};
///
/// static TOO_SHORT: Entry = Entry::new("host.coupon.too_short", "-", "The coupon is shorter than it must be.")
///     .stage(Stage::AfterProof)
///     .visitor("This coupon is too short.")
///     .facts(&[FactEntry::new("minimum", &[Audience::Visitor])])
///     .remedies(&[Remedy::R34]);
/// assert_eq!(TOO_SHORT.check(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Entry {
    /// The stable dotted code: lower-case letters, `_` and dots.
    pub code: &'static str,
    /// The id in the domain specification (`P1a`, `N4`, `M9`), or `-`.
    pub domain: &'static str,
    /// The cause in a sentence, for those who may know it.
    pub cause: &'static str,
    /// Before or after proof.
    pub stage: Stage,
    /// What the visitor is told once they have proven who they are (or when disclosure is switched on).
    pub visitor: &'static str,
    /// The facts it can carry.
    pub facts: &'static [FactEntry],
    /// What helps, the likeliest first.
    pub remedies: &'static [Remedy],
}

/// The one text for everything that is refused before proof (PR-6, ATK-A1).
pub const TRY_AGAIN: &str = "This login or this password is not right.";

impl Entry {
    /// Registers a code that is answered after proof, telling the visitor the cause.
    #[must_use]
    pub const fn new(code: &'static str, domain: &'static str, cause: &'static str) -> Self {
        Self { code, domain, cause, stage: Stage::AfterProof, visitor: cause, facts: &[], remedies: &[] }
    }

    /// Before or after proof.
    #[must_use]
    pub const fn stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// What the visitor is told, where that is not the cause as it stands.
    #[must_use]
    pub const fn visitor(mut self, text: &'static str) -> Self {
        self.visitor = text;
        self
    }

    /// The facts it can carry.
    #[must_use]
    pub const fn facts(mut self, facts: &'static [FactEntry]) -> Self {
        self.facts = facts;
        self
    }

    /// What helps, the likeliest first.
    #[must_use]
    pub const fn remedies(mut self, remedies: &'static [Remedy]) -> Self {
        self.remedies = remedies;
        self
    }

    /// Whether the entry keeps the registry's form.
    ///
    /// # Errors
    ///
    /// [`EntryError`], naming what is wrong.
    pub fn check(&self) -> Result<(), EntryError> {
        let lower = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.');
        if !self.code.contains('.')
            || !self.code.bytes().all(lower)
            || self.code.split('.').any(str::is_empty)
        {
            return Err(EntryError::Code);
        }
        if !self.cause.ends_with('.') || !self.visitor.ends_with('.') {
            return Err(EntryError::Sentence);
        }
        if self.remedies.is_empty() {
            return Err(EntryError::NoRemedy);
        }
        Ok(())
    }
}

/// How an entry breaks the registry's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The code is not dotted lower-case letters and `_`.
    #[error("a code is dotted lower-case letters and underscores")]
    Code,
    /// A refusal without a remedy (PR-13).
    #[error("every refusal has a remedy")]
    NoRemedy,
    /// A text is not a sentence.
    #[error("cause and visitor's text are sentences")]
    Sentence,
}

/// Something that refuses: a domain crate's closed enum of problems.
pub trait Registered: fmt::Debug {
    /// The entry of this problem. A problem without one does not build.
    fn entry(&self) -> &'static Entry;

    /// The facts of this problem, by the names that the entry registers.
    fn facts(&self) -> Vec<(&'static str, String)>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remedies_are_numbered_without_a_gap() {
        for (index, remedy) in Remedy::ALL.iter().enumerate() {
            assert_eq!(remedy.id(), format!("R{}", index + 1));
            assert!(remedy.text().ends_with('.'));
        }
        assert_eq!(Remedy::ALL.len(), 38);
    }

    #[test]
    fn malformed_entries_are_refused() {
        let good = Entry::new("a.b", "-", "Because.").remedies(&[Remedy::R38]);
        assert_eq!(good.check(), Ok(()));
        for code in ["ab", "A.b", "a..b", ".a", "a.b1"] {
            assert_eq!(Entry { code, ..good }.check(), Err(EntryError::Code), "{code}");
        }
        assert_eq!(Entry { cause: "because", ..good }.check(), Err(EntryError::Sentence));
        assert_eq!(Entry { remedies: &[], ..good }.check(), Err(EntryError::NoRemedy));
    }
}

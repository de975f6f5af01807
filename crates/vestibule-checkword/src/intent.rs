//! With what a checkword is redeemed, and the proof of it.

use vestibule_core::{Purpose, SubjectId, Timestamp};

use crate::checkword::Checkword;

/// What the person brought beside the link. The link alone redeems nothing: mail scanners open links and submit forms
/// (ATK-C12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new intent must fail to compile wherever one is judged")]
pub enum Intent {
    /// What an identity provider said of the person a moment ago, which the host took as verified. It is theirs, and a mail
    /// scanner has none.
    FederatedIdentity,
    /// A new password that the rules accept. Judge it first: what they reject never comes here, and the link stays live
    /// (PR-11).
    NewPassword,
    /// The session of this person; the link must be theirs.
    OwnSession(SubjectId),
    /// A code that the person typed, and that was found right.
    TypedCode,
}

/// A checkword was redeemed.
///
/// The proof speaks of the mailbox the link was sent to, once, and only when the write it came with has landed. It is no
/// evidence for a sign-in: recovery never signs in by itself (ASVS 6.3.6), so it has no method of RFC 8176.
///
/// ```compile_fail,E0451
/// use vestibule_checkword::{Intent, RedeemedCheckword, purpose};
/// use vestibule_core::{SubjectId, Timestamp};
///
/// let forged = RedeemedCheckword {
///     holder: SubjectId::from(1),
///     purpose: purpose::RECOVERY,
///     generation: 1,
///     bound: Vec::new(),
///     intent: Intent::NewPassword,
///     at: Timestamp::EPOCH,
/// };
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct RedeemedCheckword {
    holder: SubjectId,
    purpose: Purpose,
    generation: u64,
    bound: Vec<u8>,
    intent: Intent,
    at: Timestamp,
}

impl RedeemedCheckword {
    pub(crate) fn of(checkword: &Checkword, purpose: Purpose, intent: Intent, at: Timestamp) -> Self {
        Self {
            holder: checkword.holder,
            purpose,
            generation: checkword.generation,
            bound: checkword.bound.clone(),
            intent,
            at,
        }
    }

    /// Whose it was. The row says so, never the request (ATK-C7).
    #[must_use]
    pub const fn holder(&self) -> SubjectId {
        self.holder
    }

    /// What it was for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Which of the holder's for this purpose it was.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// What it was bound to when it was made: the address it was sent to, an account (ATK-G1).
    #[must_use]
    pub fn bound(&self) -> &[u8] {
        &self.bound
    }

    /// What the person brought beside it.
    #[must_use]
    pub const fn intent(&self) -> Intent {
        self.intent
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

//! That a second factor was proven.

use vestibule_core::{SubjectId, Timestamp};

use crate::authenticator::AuthenticatorId;

/// What proved the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProvenBy {
    /// A code of this authenticator.
    Authenticator(AuthenticatorId),
    /// The recovery code of this slot.
    RecoveryCode(u8),
}

/// A second factor was shown, and was right. Only a verification makes it:
///
/// ```compile_fail
/// use vestibule_core::{SubjectId, Timestamp};
/// use vestibule_mfa::{FactorProof, ProvenBy};
///
/// let (subject, by) = (SubjectId::from(1), ProvenBy::RecoveryCode(0));
/// let forged = FactorProof { subject, by, version: 1, at: Timestamp::EPOCH };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorProof {
    pub(crate) subject: SubjectId,
    pub(crate) by: ProvenBy,
    pub(crate) version: u64,
    pub(crate) at: Timestamp,
}

impl FactorProof {
    /// Who proved it.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }

    /// By what.
    #[must_use]
    pub const fn by(&self) -> ProvenBy {
        self.by
    }

    /// The version of the row that was verified.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The authentication method (RFC 8176). A recovery code is a password for one time, too.
    #[must_use]
    pub const fn amr(&self) -> &'static str {
        "otp"
    }
}

//! What an identity provider said, as one typed value.

use core::fmt;

use vestibule_core::{LoginEmail, SocialSubject, Timestamp};

/// What came of a visit to an identity provider. Talking to it, and checking signature, audience, nonce and state, is the
/// host's part; what arrives here is the outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that overlooks one would strand people at the provider")]
pub enum ProviderAnswer {
    /// The provider names somebody.
    Identity(ProviderIdentity),
    /// The provider, or the person there, said no (P5c).
    Denied {
        /// Its issuer.
        issuer: String,
    },
    /// The provider did not answer, or with what is no answer (P5c).
    Unreachable {
        /// Its issuer.
        issuer: String,
    },
}

/// Whom a provider names, in an answer that the host has verified.
///
/// It is the issuer and its subject, and nothing else: an e-mail address that comes with it is a hint, which finds no profile
/// and joins none (ATK-F5, ATK-F7).
///
/// # Example
///
/// ```
/// use vestibule::{EmailVerified, ProviderIdentity};
/// use vestibule_core::{SocialSubject, Timestamp};
///
/// # fn example(now: Timestamp) -> Result<(), vestibule_core::AddressError> {
/// let subject = SocialSubject::new("https://accounts.example.com", "248289761001")?;
/// let identity = ProviderIdentity::verified_by_host(subject, now)
///     .email("ada@example.com", EmailVerified::from_json(Some("true")));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct ProviderIdentity {
    subject: SocialSubject,
    at: Timestamp,
    hint: Option<(LoginEmail, EmailVerified)>,
}

impl ProviderIdentity {
    /// The host vouches that this provider named this subject at this instant (`iat`, or the present). An answer is good for
    /// ten minutes.
    pub const fn verified_by_host(subject: SocialSubject, at: Timestamp) -> Self {
        Self { subject, at, hint: None }
    }

    /// With the address that the provider knows. One that is no address is as none.
    pub fn email(mut self, address: &str, verified: EmailVerified) -> Self {
        self.hint = LoginEmail::parse(address).ok().map(|address| (address, verified));
        self
    }

    /// The issuer and its subject.
    #[must_use]
    pub const fn subject(&self) -> &SocialSubject {
        &self.subject
    }

    /// When the provider said so.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// The address that the provider knows.
    #[must_use]
    pub fn hint(&self) -> Option<&LoginEmail> {
        self.hint.as_ref().map(|(address, _)| address)
    }

    /// The address, if the provider says that it has verified it. Whether that is believed is the deployment's matter.
    pub(crate) fn said_verified(&self) -> Option<&LoginEmail> {
        let verified = |(_, verified): &&(LoginEmail, EmailVerified)| *verified == EmailVerified::True;
        self.hint.as_ref().filter(verified).map(|(address, _)| address)
    }
}

/// Whom it names stays out of logs (PR-16).
impl fmt::Debug for ProviderIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderIdentity")
            .field("subject", &self.subject)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// The claim `email_verified`, read strictly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the claim says so, or it does not")]
pub enum EmailVerified {
    /// The JSON boolean `true`.
    True,
    /// Anything else.
    NotSaid,
}

impl EmailVerified {
    /// Reads the claim's value as it stands in the JSON text; `None`: the claim is missing. Only the boolean `true` counts:
    /// some providers send the string `"true"`, a number, or a word of their own, and what they mean by it is anybody's guess.
    ///
    /// # Example
    ///
    /// ```
    /// use vestibule::EmailVerified;
    ///
    /// assert_eq!(EmailVerified::from_json(Some("true")), EmailVerified::True);
    /// assert_eq!(EmailVerified::from_json(Some("\"true\"")), EmailVerified::NotSaid);
    /// ```
    #[must_use]
    pub fn from_json(value: Option<&str>) -> Self {
        // RFC 8259, section 2: white space around a value is these four.
        match value.map(|value| value.trim_matches([' ', '\t', '\n', '\r'])) {
            Some("true") => Self::True,
            _ => Self::NotSaid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_boolean_true_is_true() {
        assert_eq!(EmailVerified::from_json(Some(" true\n")), EmailVerified::True);
        for other in [
            "false",
            "\"true\"",
            "True",
            "TRUE",
            "1",
            "null",
            "[true]",
            "",
            "true,",
            "true true",
            "\u{a0}true",
        ] {
            assert_eq!(EmailVerified::from_json(Some(other)), EmailVerified::NotSaid, "{other:?}");
        }
        assert_eq!(EmailVerified::from_json(None), EmailVerified::NotSaid);
    }

    #[test]
    fn debug_names_nobody() {
        let subject = SocialSubject::new("https://accounts.example.com", "248289761001").unwrap();
        let identity = ProviderIdentity::verified_by_host(subject, Timestamp::EPOCH)
            .email("ada@example.com", EmailVerified::True);
        let shown = format!("{:?}", ProviderAnswer::Identity(identity));
        assert!(!shown.contains("248289761001") && !shown.contains("ada"), "{shown}");
    }
}

//! People as other providers know them.

use core::fmt;

use super::text::unseen;
use super::{AddressError, AddressKey, AddressKind};

/// A person as an identity provider names them: the issuer and its subject (OpenID Connect Core, section 2).
///
/// Both are compared byte by byte; nothing is trimmed, folded or normalised. The issuer is an `https` URL of at most
/// 255 printable ASCII bytes, its host in lower case, without user, query or fragment; a provider that names itself
/// otherwise is mapped by the host. The subject is 1 to 255 bytes without controls or invisible characters, case
/// and all. An e-mail address that a provider claims is no part of it (ATK-A1).
///
/// # Example
///
/// ```
/// use vestibule_core::{AddressError, SocialSubject};
///
/// let link = SocialSubject::new("https://accounts.example.com", "248289761001")?;
/// assert_eq!(link.canonical(), "https://accounts.example.com 248289761001");
/// assert_eq!(format!("{link:?}"), "SocialSubject(accounts.example.com:***)");
/// assert_eq!(SocialSubject::new("http://accounts.example.com", "1"), Err(AddressError::Issuer));
/// # Ok::<(), AddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SocialSubject {
    /// Issuer, one space, subject. An issuer holds no space, so this reads back in one way only.
    canonical: Box<str>,
}

impl SocialSubject {
    /// Takes the issuer and the subject of a verified answer.
    ///
    /// # Errors
    ///
    /// [`AddressError::Issuer`], [`AddressError::Subject`], or what is wrong with a character of the subject.
    pub fn new(issuer: &str, subject: &str) -> Result<Self, AddressError> {
        check_issuer(issuer)?;
        if subject.is_empty() || subject.len() > 255 {
            return Err(AddressError::Subject);
        }
        subject.chars().try_for_each(unseen)?;
        Ok(Self { canonical: format!("{issuer} {subject}").into() })
    }

    /// Reads the canonical form back from a store and checks it again.
    ///
    /// # Errors
    ///
    /// [`AddressError::Stored`] when it is not issuer, space and subject, otherwise as [`new`](Self::new).
    pub fn from_stored(canonical: &str) -> Result<Self, AddressError> {
        let (issuer, subject) = canonical.split_once(' ').ok_or(AddressError::Stored)?;
        Self::new(issuer, subject)
    }

    /// The provider.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.parts().0
    }

    /// The provider's name for the person.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.parts().1
    }

    /// Issuer, one space, subject.
    #[must_use]
    pub const fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The key under which stores hold it.
    #[must_use]
    pub fn key(&self) -> AddressKey {
        AddressKey::derive(AddressKind::Social, &self.canonical)
    }

    /// The provider's host, and nothing of the subject.
    #[must_use]
    pub fn masked(&self) -> String {
        let host = self.issuer().strip_prefix("https://").unwrap_or_default();
        format!("{}:***", host.split(['/', ':']).next().unwrap_or_default())
    }

    fn parts(&self) -> (&str, &str) {
        self.canonical.split_once(' ').unwrap_or_default()
    }
}

fn check_issuer(issuer: &str) -> Result<(), AddressError> {
    let rest = issuer.strip_prefix("https://").ok_or(AddressError::Issuer)?;
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let host_is_plain = host.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    });
    let port_is_plain = port.is_none_or(|port| {
        let plain = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
        plain && port.parse::<u16>().is_ok()
    });
    let path_is_plain =
        path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte));
    if issuer.len() <= 255 && host_is_plain && port_is_plain && path_is_plain {
        Ok(())
    } else {
        Err(AddressError::Issuer)
    }
}

/// Masked: which person it is stays out of logs (PR-16).
impl fmt::Debug for SocialSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocialSubject({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn issuers_of_known_shapes_are_taken() {
        for issuer in [
            "https://accounts.google.com",
            "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            "https://id.example:8443/realms/a",
            "https://keycloak/realms/staff/",
        ] {
            let link = SocialSubject::new(issuer, "x").unwrap();
            assert_eq!((link.issuer(), link.subject()), (issuer, "x"));
        }
    }

    #[test]
    fn ambiguous_issuers_are_refused() {
        let long = format!("https://a.example/{}", "p".repeat(240));
        for issuer in [
            "",
            "accounts.google.com",
            "http://a.example",
            "HTTPS://a.example",
            "https://A.example",
            "https://",
            "https:///p",
            "https://a..example",
            "https://-a.example",
            "https://me@a.example",
            "https://a.example:",
            "https://a.example:0443",
            "https://a.example:+1",
            "https://a.example:99999",
            "https://a.example?x",
            "https://a.example/#f",
            "https://a.example/a b",
            "https://a.example\n",
            "https://а.example", // a Cyrillic letter
            "https://[::1]",
            "https://a.example\\@b.example",
            &long,
        ] {
            assert_eq!(SocialSubject::new(issuer, "x"), Err(AddressError::Issuer), "{issuer:?}");
        }
    }

    #[test]
    fn subjects_are_exact_bytes() {
        let of = |subject: &str| SocialSubject::new("https://a.example", subject);
        assert_ne!(of("Ab").unwrap().key(), of("ab").unwrap().key());
        assert_ne!(of("e\u{301}").unwrap().key(), of("é").unwrap().key());
        assert_ne!(of(" a").unwrap().key(), of("a").unwrap().key());
        assert_eq!(of(""), Err(AddressError::Subject));
        assert_eq!(of(&"x".repeat(256)), Err(AddressError::Subject));
        assert_eq!(of("a\0"), Err(AddressError::Control));
        assert_eq!(of("a\u{202E}"), Err(AddressError::Bidi));
    }

    proptest! {
        #[test]
        fn issuer_and_subject_never_run_together(subject in any::<String>(), other in any::<String>()) {
            let issuer = "https://a.example";
            let (Ok(one), Ok(two)) = (SocialSubject::new(issuer, &subject), SocialSubject::new(issuer, &other)) else {
                return Ok(());
            };
            prop_assert_eq!(one.key() == two.key(), subject == other);
            prop_assert_eq!(SocialSubject::from_stored(one.canonical()).unwrap(), one.clone());
            prop_assert_eq!(one.subject(), subject.as_str());
        }

        #[test]
        fn no_text_panics(issuer in any::<String>(), tail in "https://[a-z.:/@?#\\[\\]]{0,30}") {
            let _ = SocialSubject::new(&issuer, "x");
            let _ = SocialSubject::new(&tail, &issuer);
            let _ = SocialSubject::from_stored(&issuer);
        }
    }
}

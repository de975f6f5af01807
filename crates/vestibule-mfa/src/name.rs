//! What a person calls an authenticator.

/// The name of an authenticator: 1 to 64 characters, none of them a control character, no blank at either end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatorName(String);

/// Why a text is no name of an authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 characters and no control character")]
#[non_exhaustive]
pub struct NameError;

impl AuthenticatorName {
    /// Reads a name; blanks at its ends are dropped.
    ///
    /// # Errors
    ///
    /// [`NameError`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let fits = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(NameError) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_printable() {
        assert_eq!(AuthenticatorName::parse(" Ada's phone ").unwrap().as_str(), "Ada's phone");
        assert!(AuthenticatorName::parse(&"ä".repeat(64)).is_ok());
        for bad in ["", "  ", "a\u{0}b", "a\nb", &"a".repeat(65)] {
            assert_eq!(AuthenticatorName::parse(bad), Err(NameError), "{bad:?}");
        }
    }
}

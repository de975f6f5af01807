//! What a person calls an authenticator.

use vestibule_core::CorruptRow;

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

    /// The one spelling in which it rests: without blanks around it.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] for any other text.
    pub fn from_stored(text: &str) -> Result<Self, CorruptRow> {
        match Self::parse(text) {
            Ok(name) if name.0 == text => Ok(name),
            _ => Err(CorruptRow("name")),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_short_and_printable() {
        assert_eq!(AuthenticatorName::parse(" Ada's phone ").unwrap().as_str(), "Ada's phone");
        assert!(AuthenticatorName::parse(&"ä".repeat(64)).is_ok());
        assert_eq!(AuthenticatorName::from_stored(" a"), Err(CorruptRow("name")));
        for bad in ["", "  ", "a\u{0}b", "a\nb", &"a".repeat(65)] {
            assert_eq!(AuthenticatorName::parse(bad), Err(NameError), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_the_text_without_the_blanks_around_it_and_rests_so(text in "[ a-zé]{0,70}|\\PC{0,70}") {
            if let Ok(name) = AuthenticatorName::parse(&text) {
                prop_assert_eq!(name.as_str(), text.trim());
                prop_assert_eq!(AuthenticatorName::from_stored(name.as_str()), Ok(name.clone()));
                let rests_as_typed = AuthenticatorName::from_stored(&text).is_ok();
                prop_assert_eq!(rests_as_typed, name.as_str() == text);
            }
        }
    }
}

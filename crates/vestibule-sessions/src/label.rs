//! What a host calls a device.

use core::fmt;

/// Why a text is no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// It holds a control character, a line break or one that turns the direction of writing.
    #[error("a label holds no control characters")]
    Control,
    /// It is too long.
    #[error("a label has at most {} bytes", DeviceLabel::MAX_BYTES)]
    TooLong,
}

/// The host's name for a device ("Firefox on Linux"), shown in the person's list of sessions. It may be empty.
///
/// Characters that could forge that list are refused: controls, line breaks, marks of direction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceLabel(String);

impl DeviceLabel {
    /// The most bytes of a label.
    pub const MAX_BYTES: usize = 120;

    /// Reads a label.
    ///
    /// # Errors
    ///
    /// [`LabelError`].
    pub fn parse(text: impl Into<String>) -> Result<Self, LabelError> {
        let text = text.into();
        if text.len() > Self::MAX_BYTES {
            return Err(LabelError::TooLong);
        }
        if text.chars().any(forges) {
            return Err(LabelError::Control);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for DeviceLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Unicode line and paragraph separators and the explicit marks of direction (UAX 9, section 2) are no controls by
/// their category, and yet change what a line shows.
fn forges(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_label_is_short_and_shows_only_itself() {
        assert_eq!(DeviceLabel::parse("Firefox, Linux · дом").unwrap().as_str(), "Firefox, Linux · дом");
        assert!(DeviceLabel::parse("x".repeat(120)).is_ok());
        assert_eq!(DeviceLabel::parse("x".repeat(121)), Err(LabelError::TooLong));
        for forged in ["a\nb", "a\0", "\u{7f}", "\u{85}", "a\u{202e}b", "\u{2028}", "\u{2066}", "\u{200f}"] {
            assert_eq!(DeviceLabel::parse(forged), Err(LabelError::Control), "{forged:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_refused_or_is_the_label(
            text in "[a-zA-Z ,.·дé]{0,130}|\\PC{0,60}|[\\x00-\\x7f\u{2028}-\u{202f}]{0,8}",
        ) {
            match DeviceLabel::parse(text.as_str()) {
                Ok(label) => {
                    prop_assert!(text.len() <= DeviceLabel::MAX_BYTES && !text.contains(char::is_control));
                    prop_assert_eq!(label.as_str(), &text);
                    prop_assert_eq!(DeviceLabel::parse(label.to_string()), Ok(label.clone()));
                    prop_assert_eq!(label.into_string(), text);
                }
                Err(LabelError::TooLong) => prop_assert!(text.len() > DeviceLabel::MAX_BYTES),
                Err(LabelError::Control) => prop_assert!(text.contains(forges)),
            }
        }
    }
}

//! A password as it is compared and hashed: prepared once, wiped when dropped.

use core::fmt;

use unicode_normalization::UnicodeNormalization;
use vestibule_core::Secret;

/// A typed password after preparation: every space separator (Unicode `Zs`) is U+0020, the whole is NFC
/// (NIST SP 800-63B-4 section 3.1.1.2).
///
/// Nothing is trimmed, folded or cut: two passwords that differ after preparation never open each other (ATK-B5).
/// The value is wiped when dropped and there is no `Clone`. The size is checked before anything else looks at the
/// text (ATK-B1).
///
/// # Example
///
/// ```
/// use vestibule_core::Secret;
/// use vestibule_credentials::PreparedPassword;
///
/// // A no-break space and a decomposed "é" come out as a space and one code point.
/// let typed = Secret::new(String::from("cafe\u{301}\u{a0}au lait"));
/// let prepared = PreparedPassword::prepare(typed)?;
/// assert_eq!(prepared.code_points(), 12);
/// # Ok::<(), vestibule_credentials::PreparationError>(())
/// ```
pub struct PreparedPassword {
    prepared: Secret<String>,
    /// Kept only where preparation changed something: imported hashes were computed over it.
    typed: Option<Secret<String>>,
    code_points: usize,
}

impl PreparedPassword {
    /// The most bytes a password has, as typed and as prepared.
    pub const MAX_BYTES: usize = 4096;

    /// The version of the preparation, kept with every hash so that a later change of the rules is noticed.
    pub const VERSION: u8 = 1;

    /// Prepares what was typed.
    ///
    /// # Errors
    ///
    /// [`PreparationError::TooManyBytes`] beyond [`MAX_BYTES`](Self::MAX_BYTES). Nothing is ever cut.
    pub fn prepare(typed: Secret<String>) -> Result<Self, PreparationError> {
        // EXPOSE: the one place that prepares it.
        let text = typed.expose();
        if text.len() > Self::MAX_BYTES {
            return Err(PreparationError::TooManyBytes);
        }
        if text.is_ascii() {
            let code_points = text.len();
            return Ok(Self { prepared: typed, typed: None, code_points });
        }
        // NFC makes a text at most three times as long (UAX 15): the buffer never moves, so no copy stays behind. What
        // the iterator itself holds is the marks of one character.
        let mut out = String::with_capacity(text.len().saturating_mul(3));
        let mut code_points = 0;
        for c in text.chars().map(|c| if is_space_separator(c) { ' ' } else { c }).nfc() {
            out.push(c);
            code_points += 1;
        }
        let buffer = Secret::new(out);
        // EXPOSE: its length is checked, and whether anything changed.
        let prepared = buffer.expose();
        if prepared.len() > Self::MAX_BYTES {
            return Err(PreparationError::TooManyBytes);
        }
        let changed = prepared != text;
        Ok(Self { prepared: buffer, typed: changed.then_some(typed), code_points })
    }

    /// How many code points it has, which is what a policy counts.
    #[must_use]
    pub const fn code_points(&self) -> usize {
        self.code_points
    }

    /// The prepared text, for a breached-password look-up or a hash of your own.
    #[must_use]
    pub const fn prepared(&self) -> &Secret<String> {
        &self.prepared
    }

    /// The text exactly as typed, for hashes that another system computed over it.
    #[must_use]
    pub fn typed(&self) -> &Secret<String> {
        self.typed.as_ref().unwrap_or(&self.prepared)
    }
}

impl fmt::Debug for PreparedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PreparedPassword(..)")
    }
}

/// Why a password cannot be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreparationError {
    /// More than [`PreparedPassword::MAX_BYTES`].
    #[error("the password has too many bytes")]
    TooManyBytes,
}

/// The seventeen characters of Unicode's general category `Zs`, unchanged since Unicode 6.3.
const fn is_space_separator(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prepared(text: &str) -> String {
        // EXPOSE: the test looks at what preparation made.
        PreparedPassword::prepare(Secret::new(text.into())).unwrap().prepared().expose().clone()
    }

    #[test]
    fn one_byte_more_than_the_cap_is_refused_and_the_cap_itself_is_not() {
        assert!(PreparedPassword::prepare(Secret::new("x".repeat(4096))).is_ok());
        for long in ["x".repeat(4097), "x".repeat(10 << 20), "é".repeat(2049)] {
            let refused = PreparedPassword::prepare(Secret::new(long));
            assert_eq!(refused.unwrap_err(), PreparationError::TooManyBytes);
        }
    }

    #[test]
    fn what_grows_beyond_the_cap_is_refused() {
        // U+FB2C becomes three code points of two bytes: 3 bytes in, 6 out.
        assert!(PreparedPassword::prepare(Secret::new("\u{fb2c}".repeat(682))).is_ok());
        assert!(PreparedPassword::prepare(Secret::new("\u{fb2c}".repeat(1365))).is_err());
    }

    #[test]
    fn every_space_separator_is_a_space_and_other_white_space_is_kept() {
        for space in
            ['\u{a0}', '\u{1680}', '\u{2000}', '\u{2003}', '\u{200a}', '\u{202f}', '\u{205f}', '\u{3000}']
        {
            assert_eq!(prepared(&format!("a{space}b")), "a b", "{space:?}");
        }
        for kept in ["a\tb", "a\u{200b}b", "a\u{2028}b", " a ", "A\0b"] {
            assert_eq!(prepared(kept), kept);
        }
    }

    #[test]
    fn what_was_typed_is_kept_where_it_differs() {
        let typed = "e\u{301}\u{a0}";
        let both = PreparedPassword::prepare(Secret::new(typed.into())).unwrap();
        // EXPOSE: the test looks at both forms.
        assert_eq!((both.prepared().expose().as_str(), both.typed().expose().as_str()), ("\u{e9} ", typed));
        assert_eq!(both.code_points(), 2);
        let same = PreparedPassword::prepare(Secret::new("abc".into())).unwrap();
        // EXPOSE: the test looks at the typed form.
        assert_eq!(same.typed().expose(), "abc");
    }

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?}", PreparedPassword::prepare(Secret::new("canary".into())).unwrap());
        assert_eq!(shown, "PreparedPassword(..)");
    }

    proptest! {
        #[test]
        fn preparation_is_idempotent(text in "\\PC{0,40}|[\u{a0}\u{301}\u{1100}-\u{1112}\u{1161}-\u{1175}a-e ]{0,40}") {
            let once = prepared(&text);
            prop_assert_eq!(&prepared(&once), &once);
            let counted = PreparedPassword::prepare(Secret::new(text)).unwrap().code_points();
            prop_assert_eq!(counted, once.chars().count());
        }

        #[test]
        fn the_buffer_never_has_to_grow(text in any::<String>()) {
            prop_assert!(prepared(&text).len() <= text.len() * 3);
        }
    }
}

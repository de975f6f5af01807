//! What every address is screened for, before and after normalisation.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::AddressError;

/// Takes spaces and tabs off both ends.
///
/// Nothing else is trimmed: a line break at the end is the beginning of a second header (ATK-G6, CVE-2015-5144),
/// and other white space is invisible to the person who typed it, so both are refused instead.
pub(super) fn trimmed(typed: &str) -> &str {
    typed.trim_matches([' ', '\t'])
}

/// The longest text that is looked at. It bounds the work: longer input is refused by its length alone.
pub(super) const MAX_BYTES: usize = 254;

/// Refuses what no address holds, wherever it stands.
///
/// Called on the text as typed *and* on its canonical form, so that normalisation can neither hide a dangerous
/// character nor make one (GHSA-7rqj-j65f-68wh).
pub(super) fn screen(text: &str) -> Result<(), AddressError> {
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    if text.len() > MAX_BYTES {
        return Err(AddressError::TooLong);
    }
    text.chars().try_for_each(|character| {
        unseen(character)?;
        match character {
            ',' | ';' => Err(AddressError::List),
            '<' | '>' | '(' | ')' | '"' | '\\' => Err(AddressError::Decorated),
            _ if character.is_whitespace() => Err(AddressError::WhiteSpace),
            _ => stands_for_another(character),
        }
    })
}

/// Refuses what cannot be seen: controls, direction marks and characters without a shape.
pub(super) fn unseen(character: char) -> Result<(), AddressError> {
    match character {
        _ if character.is_control() => Err(AddressError::Control),
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Err(AddressError::Bidi)
        }
        // Default_Ignorable_Code_Point (UAX #44), the separators of lines and the interlinear annotations.
        '\u{AD}'
        | '\u{34F}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200D}'
        | '\u{2028}'..='\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206A}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => Err(AddressError::Invisible),
        _ => Ok(()),
    }
}

/// Whether this is one of the characters that fonts draw as `@`.
pub(super) const fn looks_like_at(character: char) -> bool {
    matches!(character, '\u{FF20}' | '\u{FE6B}')
}

/// Refuses characters that some normalisation turns into others: the compatibility forms (full-width letters,
/// ligatures, superscripts, the long s), and the few whose canonical form is ASCII (the Kelvin sign, the Greek
/// question mark that becomes `;`). Otherwise `K` (Kelvin) and `k` would be one address (CVE-2019-19844).
fn stands_for_another(character: char) -> Result<(), AddressError> {
    if character.is_ascii() {
        return Ok(());
    }
    if looks_like_at(character) {
        return Err(AddressError::LookAlikeAt);
    }
    let one = || core::iter::once(character);
    if one().nfc().any(|own| own.is_ascii()) || !one().nfkc().eq(one().nfc()) {
        return Err(AddressError::LookAlike);
    }
    Ok(())
}

/// NFC, then lower case for ASCII letters alone, then NFC again: `H` and a line below have no common character but
/// `h` and a line below do. A second pass changes nothing.
pub(super) fn canonical(text: &str) -> String {
    text.nfc().map(|character| character.to_ascii_lowercase()).nfc().collect()
}

/// Whether this may follow a letter in a local part or in text that people read.
pub(super) fn is_mark(character: char) -> bool {
    is_combining_mark(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_spaces_and_tabs_are_trimmed() {
        assert_eq!(trimmed(" \t a b \t"), "a b");
        for kept in ["a\n", "\ra", "a\u{A0}", "\u{FEFF}a", "a\u{C}"] {
            assert_eq!(trimmed(kept), kept);
        }
    }

    #[test]
    fn every_unseen_character_is_refused_with_its_kind() {
        for character in ['\0', '\n', '\r', '\u{7F}', '\u{85}', '\u{9F}'] {
            assert_eq!(screen(&format!("a{character}b")), Err(AddressError::Control), "{character:?}");
        }
        for character in ['\u{202E}', '\u{2066}', '\u{200F}', '\u{61C}'] {
            assert_eq!(screen(&format!("a{character}b")), Err(AddressError::Bidi), "{character:?}");
        }
        for character in ['\u{200B}', '\u{200D}', '\u{FEFF}', '\u{AD}', '\u{FE0F}', '\u{E0041}', '\u{3164}'] {
            assert_eq!(screen(&format!("a{character}b")), Err(AddressError::Invisible), "{character:?}");
        }
    }

    #[test]
    fn characters_that_normalise_to_ascii_are_refused() {
        for character in char::MIN..=char::MAX {
            let alone = character.to_string();
            let decayed = alone.nfkc().any(|other| other.is_ascii()) && !character.is_ascii();
            if decayed {
                assert!(screen(&alone).is_err(), "{character:?} becomes ASCII");
            }
        }
    }

    proptest! {
        #[test]
        fn canonical_is_idempotent(text in "\\PC{0,40}") {
            let once = canonical(&text);
            prop_assert_eq!(canonical(&once), once);
        }

        #[test]
        fn what_passes_the_screen_stays_clean_when_normalised(text in any::<String>()) {
            if text.len() <= 80 && screen(&text).is_ok() {
                prop_assert_eq!(screen(&canonical(&text)), Ok(()));
                let (ascii, after) = (
                    text.chars().filter(|c| c.is_ascii_punctuation()).count(),
                    canonical(&text).chars().filter(|c| c.is_ascii_punctuation()).count(),
                );
                prop_assert!(after <= ascii, "normalisation made punctuation");
            }
        }
    }
}

//! Crockford's base 32 as people read and type it.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many bytes are written: 120 bits are exactly 24 characters.
pub(crate) const BYTES: usize = 15;

/// Writes the bytes in upper case, five bits a character, in groups of four.
pub(crate) fn groups(bytes: &[u8; BYTES]) -> String {
    let mut text = String::with_capacity(29);
    let (mut bits, mut held, mut written) = (0_u32, 0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            if written > 0 && written % 4 == 0 {
                text.push('-');
            }
            let index = usize::try_from((bits >> held) & 31).unwrap_or(0);
            text.push(ALPHABET.get(index).copied().map_or('0', char::from));
            written += 1;
        }
        bits &= (1 << held) - 1;
    }
    text
}

/// Reads what a person typed: in any case, with or without blanks and dashes, `O` for zero, `I` and `L` for one.
pub(crate) fn read(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let mut slots = bytes.iter_mut();
    let (mut bits, mut held, mut seen) = (0_u32, 0_u32, 0_u32);
    for typed in text.chars().filter(|typed| !skipped(*typed)) {
        let canonical = match typed.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let value = ALPHABET.iter().position(|known| char::from(*known) == canonical)?;
        bits = (bits << 5) | u32::try_from(value).ok()?;
        held += 5;
        seen += 1;
        if held >= 8 {
            held -= 8;
            *slots.next()? = u8::try_from((bits >> held) & 255).ok()?;
        }
        bits &= (1 << held) - 1;
    }
    (seen == 24).then_some(bytes)
}

/// Blanks of every kind, and what word processors make of a hyphen.
fn skipped(typed: char) -> bool {
    typed.is_whitespace() || matches!(typed, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_texts() {
        assert_eq!(groups(&[0; BYTES]), "0000-0000-0000-0000-0000-0000");
        assert_eq!(groups(&[0xff; BYTES]), "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(groups(b"hello hello hel"), "D1JP-RV3F-41M6-AV3C-DWG6-GSBC");
    }

    #[test]
    fn only_a_whole_code_is_read() {
        for bad in [
            "",
            "D1JP",
            "D1JP-RV3F-41M6-AV3C-DWG6-GSB",
            "D1JP-RV3F-41M6-AV3C-DWG6-GSBCC",
            "U1JP-RV3F-41M6-AV3C-DWG6-GSBC",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_however_it_is_typed(bytes: [u8; BYTES], lower: bool, joined: bool, look_alike: bool) {
            let mut typed = groups(&bytes);
            if lower {
                typed = typed.to_lowercase();
            }
            if joined {
                typed = typed.replace('-', "");
            } else {
                typed = typed.replace('-', " \u{2013} ");
            }
            if look_alike {
                typed = typed.replace('0', "o").replacen('1', "I", 1).replace('1', "l");
            }
            prop_assert_eq!(read(&typed), Some(bytes));
        }

        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = read(&text);
        }
    }
}

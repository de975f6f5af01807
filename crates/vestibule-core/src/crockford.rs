//! Crockford's base 32: for secrets strict and lower-case, for what people read out forgiving and upper-case.

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Writes bytes as base 32, five bits a character, most significant first; the last character is filled up with
/// zero bits.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(8).div_ceil(5));
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(character(bits >> held));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        text.push(character(bits << (5 - held)));
    }
    text
}

fn character(bits: u32) -> char {
    let index = usize::try_from(bits & 31).unwrap_or(0);
    ALPHABET.get(index).copied().map_or('0', char::from)
}

/// The value of each character, and for all others 32.
#[expect(clippy::indexing_slicing, reason = "judged when compiling")]
const VALUES: [u8; 256] = {
    let mut values = [32; 256];
    let mut value = 0;
    while value < 32_u8 {
        values[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    values
};

/// Reads exactly what [`encode`] writes: lower-case only, no look-alikes, no set bits beyond the last byte.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let value = VALUES.get(usize::from(byte)).copied().filter(|value| *value < 32)?;
        bits = (bits << 5) | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 255).ok()?);
        }
        bits &= (1 << held) - 1;
    }
    (held < 5 && bits == 0).then_some(bytes)
}

/// Brings what a person typed into the strict form: case, blanks, hyphens, and `O`, `I`, `L` for the digits they look
/// like.
pub(crate) fn forgive(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, ' ' | '-' | '\t'))
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_texts() {
        assert_eq!(encode(b""), "");
        assert_eq!(encode(&[0xff]), "zw");
        assert_eq!(encode(b"hello"), "d1jprv3f");
        assert_eq!(decode("d1jprv3f").unwrap(), b"hello");
        assert_eq!(decode("zz"), None, "bits beyond the last byte");
        for bad in ["D1JPRV3F", "d1jprv3o", "d1jprv3i", "d1jprv3u", "d1jp rv3f", "z"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn no_two_texts_are_one_value(text in "[0-9a-z]{0,12}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}

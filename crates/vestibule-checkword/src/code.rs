//! Six digits that a person types: made of a link's text, so that nothing of them rests.

use vestibule_core::{KeyRing, Purpose, Secret, SecretText, equal_in_constant_time};

/// How many digits a code has.
const DIGITS: usize = 6;

/// The code that belongs to the text of a link: it is sent by another way than the text itself, and worth nothing without
/// it. A keyed digest makes it, and it rests nowhere: whoever reads the database finds no code. `None`: the text is no link for
/// this purpose, or its key is gone.
#[must_use]
pub fn code_of(ring: &KeyRing, link: &str, purpose: Purpose) -> Option<Secret<String>> {
    let text = SecretText::parse(link, purpose).ok()?;
    let digest = ring.digest(text.key(), "checkword.code", &[link.as_bytes()]).ok()?;
    let [a, b, c, d, e, f, g, h, ..] = *digest.as_bytes();
    let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 1_000_000;
    Some(Secret::new(format!("{number:06}")))
}

/// Whether what was typed is that code: six ASCII digits, blanks and dashes between them or none.
#[must_use]
pub fn is_code_of(ring: &KeyRing, link: &str, purpose: Purpose, typed: &str) -> bool {
    let is_gap = |typed: &char| typed.is_whitespace() || *typed == '-';
    let digits =
        Secret::new(typed.chars().filter(|typed| !is_gap(typed)).take(DIGITS + 1).collect::<String>());
    code_of(ring, link, purpose).is_some_and(|code| {
        // EXPOSE: the comparison.
        let (code, digits) = (code.expose(), digits.expose());
        equal_in_constant_time(code.as_bytes(), digits.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use vestibule_core::SystemEntropy;

    use super::*;
    use crate::purpose::{CODE_RECOVERY, RECOVERY};
    use crate::testing::ring;

    fn text() -> String {
        let ring = ring();
        let made =
            SecretText::make(&SystemEntropy, CODE_RECOVERY, ring.current(vestibule_core::KeyPurpose::Digest));
        // EXPOSE: what the page holds.
        made.unwrap().render().expose().clone()
    }

    #[test]
    fn a_code_is_six_digits_the_same_each_time_and_another_for_another_text() {
        let texts: Vec<String> = (0..64).map(|_| text()).collect();
        let codes = texts.iter().map(|text| {
            let (one, other) = (code_of(&ring(), text, CODE_RECOVERY), code_of(&ring(), text, CODE_RECOVERY));
            // EXPOSE: the test compares them.
            let (one, other) = (one.unwrap().expose().clone(), other.unwrap().expose().clone());
            assert_eq!(one, other);
            assert!(one.len() == 6 && one.bytes().all(|byte| byte.is_ascii_digit()), "{one}");
            one
        });
        let different: std::collections::BTreeSet<String> = codes.collect();
        assert!(different.len() > 60, "{different:?}");
    }

    #[test]
    fn what_is_typed_is_forgiven_its_blanks_and_dashes_and_nothing_else() {
        let (ring, text) = (ring(), text());
        // EXPOSE: the test types it.
        let code = code_of(&ring, &text, CODE_RECOVERY).unwrap().expose().clone();
        let is = |typed: &str| is_code_of(&ring, &text, CODE_RECOVERY, typed);
        let (left, right) = code.split_at(3);
        for typed in [code.clone(), format!(" {left} {right}\n"), format!("{left}-{right}")] {
            assert!(is(&typed), "{typed:?}");
        }
        let other = if code == "000000" { "000001" } else { "000000" };
        for typed in
            [String::new(), left.to_owned(), format!("{code}0"), format!("x{code}"), other.to_owned()]
        {
            assert!(!is(&typed), "{typed:?}");
        }
        let arabic: String =
            code.chars().map(|digit| char::from_u32(0x0660 + digit as u32 - 0x30).unwrap()).collect();
        assert!(!is(&arabic));
        assert!(!is_code_of(&ring, &text, RECOVERY, &code), "of another purpose there is none");
    }
}

//! Named texts that came from outside, made harmless.

use vestibule_core::CorruptRow;
use vestibule_core::kv::{RecordReader, RecordWriter};

/// The most fields of a row.
pub(crate) const MAX_FIELDS: usize = 16;
/// The most bytes of an encoded text.
pub(crate) const MAX_TEXT: usize = 512;
/// The most bytes of a name.
const MAX_NAME: usize = 32;
/// Stands at the end of a text that was cut.
const CUT: &str = "\\...";

/// Encodes a text for logs and pages of administrators: controls, line ends, direction marks and invisible
/// characters become `\u{..}`, a backslash becomes `\\`, and what is beyond 512 bytes is cut and marked with `\...`
/// (ATK-K5). The result never reads as more than one line, nor in another order than it is stored.
#[must_use]
pub fn encode_text(raw: &str) -> String {
    let mut encoded = String::new();
    for character in raw.chars() {
        let piece = match character {
            '\\' => "\\\\".to_owned(),
            hidden if is_hidden(hidden) => hidden.escape_unicode().to_string(),
            plain => plain.to_string(),
        };
        if encoded.len() + piece.len() > MAX_TEXT - CUT.len() {
            encoded.push_str(CUT);
            break;
        }
        encoded.push_str(&piece);
    }
    encoded
}

/// Characters that do not show, or that change how others show.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

fn is_encoded(text: &str) -> bool {
    text.len() <= MAX_TEXT && !text.chars().any(is_hidden)
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// A field's name that is not one, a name that stands twice, or more than 16 fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most 16 fields, each with a name of its own in lower-case letters and underscores")]
#[non_exhaustive]
pub struct FieldError;

/// Checks the names and encodes the texts.
pub(crate) fn encode_fields(fields: &[(&str, &str)]) -> Result<Vec<(String, String)>, FieldError> {
    let repeated =
        |(at, (name, _)): (usize, &(&str, &str))| fields.iter().take(at).any(|(other, _)| other == name);
    if fields.len() > MAX_FIELDS
        || !fields.iter().all(|(name, _)| is_name(name))
        || fields.iter().enumerate().any(repeated)
    {
        return Err(FieldError);
    }
    Ok(fields.iter().map(|(name, text)| ((*name).to_owned(), encode_text(text))).collect())
}

pub(crate) fn write_fields(row: RecordWriter, fields: &[(String, String)]) -> RecordWriter {
    let row = row.u64(fields.len() as u64);
    fields.iter().fold(row, |row, (name, text)| row.text(name).text(text))
}

pub(crate) fn read_fields(row: &mut RecordReader<'_>) -> Result<Vec<(String, String)>, CorruptRow> {
    let count = usize::try_from(row.u64("fields")?).map_err(|_| CorruptRow("fields"))?;
    if count > MAX_FIELDS {
        return Err(CorruptRow("fields"));
    }
    (0..count)
        .map(|_| {
            let (name, text) = (row.text("field name")?, read_text(row, "field text")?);
            if is_name(name) { Ok((name.to_owned(), text)) } else { Err(CorruptRow("field name")) }
        })
        .collect()
}

/// A text that was encoded before it was stored.
pub(crate) fn read_text(row: &mut RecordReader<'_>, field: &'static str) -> Result<String, CorruptRow> {
    let text = row.text(field)?;
    if is_encoded(text) { Ok(text.to_owned()) } else { Err(CorruptRow(field)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn line_ends_colours_and_direction_marks_do_not_reach_a_log() {
        assert_eq!(encode_text("a\r\nb\u{1b}[31m\u{202e}c\\"), "a\\u{d}\\u{a}b\\u{1b}[31m\\u{202e}c\\\\");
        assert_eq!(encode_text("Ünal, née Ω"), "Ünal, née Ω");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let cut = encode_text(&"é".repeat(1000));
        assert!(cut.len() <= MAX_TEXT && cut.ends_with("é\\..."), "{cut}");
    }

    #[test]
    fn names_are_strict_and_stand_once() {
        for bad in
            [&[("", "x")][..], &[("A", "x")], &[("a\n", "x")], &[("a", "x"), ("a", "y")], &[("a", "x"); 17]]
        {
            assert_eq!(encode_fields(bad), Err(FieldError));
        }
    }

    proptest! {
        #[test]
        fn an_encoded_text_is_one_visible_line(raw in any::<String>()) {
            let encoded = encode_text(&raw);
            prop_assert!(is_encoded(&encoded));
            prop_assert!(encoded.lines().count() <= 1);
        }

        #[test]
        fn different_short_texts_stay_different(a in "[\\\\u{}0-9a\n\r]{0,12}", b in "[\\\\u{}0-9a\n\r]{0,12}") {
            prop_assert_eq!(a == b, encode_text(&a) == encode_text(&b));
        }
    }
}

//! The few differences between databases.

use std::borrow::Cow;

/// The same statement for PostgreSQL: `?1` becomes `$1`, except in quoted text, quoted names and comments.
///
/// # Example
///
/// ```
/// let sql = "update t set a = ?2 where b = ?1 and c <> '?1'";
/// assert_eq!(vestibule_sql::dialect::postgres(sql), "update t set a = $2 where b = $1 and c <> '?1'");
/// ```
#[must_use]
pub fn postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut within = Within::Code;
    let mut before = None;
    let mut chars = sql.chars().peekable();
    while let Some(char) = chars.next() {
        let next = chars.peek().copied();
        let placeholder = matches!((within, char, next), (Within::Code, '?', Some('1'..='9')));
        within = within.after(before, char, next);
        out.push(if placeholder { '$' } else { char });
        before = Some(char);
    }
    out
}

/// A text as PostgreSQL keeps it: its `text` holds every character but NUL, which a host may bring all the same.
///
/// NUL is kept as U+0001 and `0`, and U+0001 itself as U+0001 and `1`. Text without either is kept as it is, and equal text
/// stays equal. Every driver for PostgreSQL binds texts in this form, or it would not find what another has kept.
#[must_use]
pub fn postgres_text(text: &str) -> Cow<'_, str> {
    if text.contains(['\0', ESCAPE]) {
        Cow::Owned(text.replace(ESCAPE, "\u{1}1").replace('\0', "\u{1}0"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that [`postgres_text`] keeps in this form; `None` for a form that it never makes, which is a corrupt row.
#[must_use]
pub fn from_postgres_text(text: &str) -> Option<String> {
    let mut chars = text.chars();
    let mut given = String::with_capacity(text.len());
    while let Some(char) = chars.next() {
        given.push(match char {
            ESCAPE => match chars.next()? {
                '0' => '\0',
                '1' => ESCAPE,
                _ => return None,
            },
            char => char,
        });
    }
    Some(given)
}

const ESCAPE: char = '\u{1}';

#[derive(Clone, Copy)]
enum Within {
    Block,
    Code,
    Line,
    Quotes(char),
}

impl Within {
    /// Where the character after `char` stands. A doubled quote leaves and enters again, which comes to the same.
    fn after(self, before: Option<char>, char: char, next: Option<char>) -> Self {
        match (self, char) {
            (Self::Code, '\'' | '"') => Self::Quotes(char),
            (Self::Code, '-') if next == Some('-') => Self::Line,
            (Self::Code, '/') if next == Some('*') => Self::Block,
            (Self::Quotes(quote), _) if char == quote => Self::Code,
            (Self::Line, '\n') => Self::Code,
            (Self::Block, '/') if before == Some('*') => Self::Code,
            (unchanged, _) => unchanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_postgres_own() {
        assert_eq!(postgres("values (?1, ?12,?3)"), "values ($1, $12,$3)");
    }

    #[test]
    fn quotes_and_comments_stay_as_they_are() {
        for text in ["'it''s ?1'", "\"a?1\"", "-- ?1 it's\n", "/* ?1 'x */", "a ?? b", "? 1"] {
            assert_eq!(postgres(text), text);
        }
        assert_eq!(
            postgres("'?1' || ?1 -- ?2\n|| ?3 /* ' */ || ?4"),
            "'?1' || $1 -- ?2\n|| $3 /* ' */ || $4"
        );
    }

    #[test]
    fn every_text_comes_back() {
        for text in ["", "Ada", "a\0b", "\u{1}", "\u{1}0", "\0\u{1}\0", "\u{1}1\u{1}", "дом 🦀"] {
            assert!(!postgres_text(text).contains('\0'));
            assert_eq!(from_postgres_text(&postgres_text(text)).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_was_never_kept_is_not_read() {
        assert_eq!(from_postgres_text("\u{1}"), None);
        assert_eq!(from_postgres_text("\u{1}x"), None);
    }
}

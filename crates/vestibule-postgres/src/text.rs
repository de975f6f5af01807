//! Text that PostgreSQL can keep.
//!
//! Its `text` holds every character but NUL. A host may bring one all the same, so NUL is kept as U+0001 and `0`, and
//! U+0001 itself as U+0001 and `1`. Text without either is kept as it is, and equal text stays equal.

use std::borrow::Cow;

const ESCAPE: char = '\u{1}';

/// The text as it is kept.
pub(crate) fn kept(text: &str) -> Cow<'_, str> {
    if text.contains(['\0', ESCAPE]) {
        Cow::Owned(text.replace(ESCAPE, "\u{1}1").replace('\0', "\u{1}0"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text as it was given; `None` for what [`kept`] never makes.
pub(crate) fn given(text: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back() {
        for text in ["", "Ada", "a\0b", "\u{1}", "\u{1}0", "\0\u{1}\0", "\u{1}1\u{1}", "дом 🦀"] {
            assert!(!kept(text).contains('\0'));
            assert_eq!(given(&kept(text)).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_was_never_kept_is_not_read() {
        assert_eq!(given("\u{1}"), None);
        assert_eq!(given("\u{1}x"), None);
    }
}

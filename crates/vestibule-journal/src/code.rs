//! Stable dotted names.

use core::fmt;
use std::borrow::Cow;

use vestibule_core::Entry;

/// Text that is no dotted code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is dotted lower-case letters and underscores, at most 64 bytes")]
#[non_exhaustive]
pub struct CodeError;

/// A stable dotted name: at least two parts of lower-case letters and `_`, at most 64 bytes.
///
/// Kinds of events, codes of refusals and purposes of messages have this one form, so that none can carry what a
/// person typed into a log (ATK-K5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(Cow<'static, str>);

impl Code {
    /// The longest code, in bytes.
    pub const MAX: usize = 64;

    /// Reads a code.
    ///
    /// # Errors
    ///
    /// [`CodeError`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let plain =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if text.len() <= Self::MAX && text.contains('.') && text.split('.').all(plain) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(CodeError)
        }
    }

    /// The code of a registered refusal.
    ///
    /// # Errors
    ///
    /// [`CodeError`] when the entry breaks the registry's form, which [`Entry::check`] would have said.
    pub fn of_entry(entry: &'static Entry) -> Result<Self, CodeError> {
        Self::parse(entry.code).map(|_| Self(Cow::Borrowed(entry.code)))
    }

    pub(crate) const fn known(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_form_is_strict() {
        assert!(Code::parse("sign_in.refused").is_ok());
        for bad in [
            "",
            "plain",
            "A.b",
            "a..b",
            ".a",
            "a.b1",
            "a.b\n",
            "a.\u{202e}b",
            &format!("a.{}", "b".repeat(63)),
        ] {
            assert_eq!(Code::parse(bad), Err(CodeError), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_reads_is_printed_as_it_was(text in "[a-z_.]{0,70}|\\PC{0,20}") {
            if let Ok(code) = Code::parse(&text) {
                prop_assert_eq!(code.as_str(), text);
            }
        }
    }
}

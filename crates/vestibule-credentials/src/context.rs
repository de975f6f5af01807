//! Words that stand near a password and therefore are no password: own addresses, product, account (ASVS 6.1.2).

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::PreparedPassword;

/// Shorter words match by accident.
const SHORTEST_WORD: usize = 3;

/// What a context word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextWord {
    /// The name of the account, the organisation's.
    Account,
    /// A login or address of the person.
    Address,
    /// The name of the product or service.
    Product,
}

/// What the password protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordUse {
    /// The password alone opens something.
    Alone,
    /// A second factor is always asked for as well.
    WithSecondFactor,
}

/// Whose password it is to be and where: what a [`PasswordPolicy`](crate::PasswordPolicy) needs to know.
///
/// # Example
///
/// ```
/// use vestibule_credentials::PolicyContext;
///
/// let context = PolicyContext::alone().address("anna.smith@example.com").product("Vestibule").account("Acme");
/// ```
#[derive(Clone)]
pub struct PolicyContext<'a> {
    pub(crate) usage: PasswordUse,
    words: Vec<(ContextWord, &'a str)>,
}

impl<'a> PolicyContext<'a> {
    /// The password alone opens something.
    #[must_use]
    pub const fn alone() -> Self {
        Self::new(PasswordUse::Alone)
    }

    /// A second factor is always asked for as well.
    #[must_use]
    pub const fn with_second_factor() -> Self {
        Self::new(PasswordUse::WithSecondFactor)
    }

    /// Either.
    #[must_use]
    pub const fn new(usage: PasswordUse) -> Self {
        Self { usage, words: Vec::new() }
    }

    /// Adds an e-mail address, phone number or login of the person. The parts of an e-mail address count too.
    #[must_use]
    pub fn address(self, address: &'a str) -> Self {
        self.word(ContextWord::Address, address)
    }

    /// Adds the name of the product.
    #[must_use]
    pub fn product(self, name: &'a str) -> Self {
        self.word(ContextWord::Product, name)
    }

    /// Adds the name of an account.
    #[must_use]
    pub fn account(self, name: &'a str) -> Self {
        self.word(ContextWord::Account, name)
    }

    fn word(mut self, kind: ContextWord, word: &'a str) -> Self {
        self.words.push((kind, word));
        self
    }

    /// The kind of word the whole password consists of, if it does.
    ///
    /// Compared is the whole password, never a part of it: "acme" is refused in an account of that name, and so are
    /// "Acme2024!", "4cm3" and "acmeacmeacmeacme"; "acme rents out harps" is not.
    pub(crate) fn find_in(&self, password: &PreparedPassword) -> Option<ContextWord> {
        let mut words = Vec::new();
        for (kind, word) in &self.words {
            for part in parts(word) {
                let folded: Vec<char> = part.nfc().filter_map(fold).collect();
                if folded.len() >= SHORTEST_WORD {
                    words.push((*kind, folded));
                }
            }
        }
        if words.is_empty() {
            return None;
        }
        // EXPOSE: compared with the words; the copies are wiped.
        let text = password.prepared().expose().as_str();
        undecorated(text).find_map(|core| {
            let mut folded = Zeroizing::new(Vec::with_capacity(core.len()));
            folded.extend(core.chars().filter_map(fold));
            made_of(&folded, &words)
        })
    }
}

impl core::fmt::Debug for PolicyContext<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PolicyContext").field("usage", &self.usage).finish_non_exhaustive()
    }
}

/// The word itself and, of an address or a name of several words, its parts; not the top-level domain.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let (name, domain) = word.rsplit_once('@').unwrap_or((word, ""));
    let labels = domain.rsplit_once('.').map_or(domain, |(labels, _)| labels);
    let pieces = name.split(|c: char| !c.is_alphanumeric()).chain(labels.split('.'));
    [word, name, domain, labels].into_iter().chain(pieces)
}

/// The text without what people put around a word: marks, or marks and digits, in front, behind or on both sides.
fn undecorated(text: &str) -> impl Iterator<Item = &str> {
    const STRIPS: [fn(char) -> bool; 3] = [|_| false, |c| !c.is_alphanumeric(), |c| !c.is_alphabetic()];
    STRIPS.into_iter().flat_map(move |front| {
        let text = text.trim_start_matches(front);
        STRIPS.into_iter().map(move |back| text.trim_end_matches(back))
    })
}

/// One form for a character and those written in its place. Separators have none.
const fn fold(c: char) -> Option<char> {
    match c.to_ascii_lowercase() {
        '0' => Some('o'),
        '1' | '!' | '|' | 'l' => Some('i'),
        '3' => Some('e'),
        '4' | '@' => Some('a'),
        '5' | '$' => Some('s'),
        '7' | '+' => Some('t'),
        '8' => Some('b'),
        '9' => Some('g'),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => None,
        c => Some(c),
    }
}

/// Whether the text is one or more of the words in a row; if so, the kind of the last one.
fn made_of(text: &[char], words: &[(ContextWord, Vec<char>)]) -> Option<ContextWord> {
    // reached[n]: the kind of the word that ends after n characters, when all before is words too.
    let mut reached: Vec<Option<ContextWord>> = vec![None; text.len().saturating_add(1)];
    for start in 0..text.len() {
        let begins_here = start == 0 || matches!(reached.get(start), Some(Some(_)));
        let Some(rest) = text.get(start..).filter(|_| begins_here) else { continue };
        for (kind, word) in words {
            if rest.starts_with(word)
                && let Some(end) = reached.get_mut(start.saturating_add(word.len()))
            {
                *end = Some(*kind);
            }
        }
    }
    reached.last().copied().flatten()
}

#[cfg(test)]
mod tests {
    use vestibule_core::Secret;

    use super::*;

    fn find(password: &str) -> Option<ContextWord> {
        let context = PolicyContext::alone()
            .address("Anna.Smith@mail.example.com")
            .address("+49 151 2345678")
            .product("Vestibule 365")
            .account("Acme Rockets")
            .account("A1");
        context.find_in(&PreparedPassword::prepare(Secret::new(password.into())).unwrap())
    }

    #[test]
    fn whole_words_are_found_in_any_dress() {
        use ContextWord::{Account, Address, Product};
        for (password, which) in [
            ("anna.smith@mail.example.com", Address),
            ("ANNA.SMITH@MAIL.EXAMPLE.COM", Address),
            ("annasmith", Address),
            ("Anna Smith 1984!", Address),
            ("example", Address),
            ("mail.example.com", Address),
            ("+491512345678", Address),
            ("vestibule365", Product),
            ("vestibule", Product),
            ("**V3st1bul3**", Product),
            ("2024vestibule2024", Product),
            ("4cm3 R0ck3t$", Account),
            ("acme rockets 2024!", Account),
            ("rocketsrocketsrockets", Account),
            ("vestibuleannasmithacme1", Account),
        ] {
            assert_eq!(find(password), Some(which), "{password}");
        }
    }

    #[test]
    fn a_word_within_a_longer_password_is_no_reason() {
        for password in
            ["", "12345", "a1a1a1a1", "acme rents out harps", "xacme", "annabel-smithers", "com", "!!!"]
        {
            assert_eq!(find(password), None, "{password}");
        }
    }

    #[test]
    fn words_beyond_ascii_are_compared_as_nfc() {
        let context = PolicyContext::alone().account("Cafe\u{301} Öl");
        let typed = PreparedPassword::prepare(Secret::new("caf\u{e9}Öl99".into())).unwrap();
        assert_eq!(context.find_in(&typed), Some(ContextWord::Account));
    }

    #[test]
    fn debug_shows_no_address() {
        assert!(!format!("{:?}", PolicyContext::alone().address("anna@example.com")).contains("anna"));
    }
}

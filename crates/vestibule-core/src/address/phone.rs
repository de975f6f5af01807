//! Numbers of telephones.

use core::fmt;
use core::hash::{Hash, Hasher};

use super::text::{MAX_BYTES, trimmed, unseen};
use super::{AddressError, AddressKey, AddressKind};

/// The number of a telephone in the international form of ITU-T E.164.
///
/// `+`, then 8 to 15 digits of which the first is not 0. There is no default country: a number without `+` means
/// another person in another country, so it is refused. Single spaces, dashes and dots between digits and one
/// pair of parentheses are read over; a parenthesis that begins with 0 (`+49 (0)30 ..`) is refused, because some
/// dial that digit and some do not. Only ASCII digits count.
///
/// # Example
///
/// ```
/// use vestibule_core::{AddressError, PhoneNumber};
///
/// let number = PhoneNumber::parse("+1 (555) 010-9999")?;
/// assert_eq!(number.canonical(), "+15550109999");
/// assert_eq!(format!("{number:?}"), "PhoneNumber(+1***99)");
/// assert_eq!(PhoneNumber::parse("555 010 9999"), Err(AddressError::NoCountryCode));
/// # Ok::<(), AddressError>(())
/// ```
#[derive(Clone)]
pub struct PhoneNumber {
    typed: Box<str>,
    canonical: Box<str>,
}

impl PhoneNumber {
    /// Reads a number as a person typed it.
    ///
    /// # Errors
    ///
    /// [`AddressError`] says what stands in the way.
    pub fn parse(typed: &str) -> Result<Self, AddressError> {
        let typed = trimmed(typed);
        let canonical = canonical(typed)?;
        Ok(Self { typed: typed.into(), canonical: canonical.into() })
    }

    /// Reads a number back from a store and checks it again.
    ///
    /// # Errors
    ///
    /// [`AddressError::Stored`] when the two forms do not belong together, otherwise as [`parse`](Self::parse).
    pub fn from_stored(canonical: &str, as_typed: &str) -> Result<Self, AddressError> {
        let number = Self::parse(as_typed)?;
        let same = *number.canonical == *canonical && *number.typed == *as_typed;
        if same { Ok(number) } else { Err(AddressError::Stored) }
    }

    /// The number as typed, without the blanks around it.
    #[must_use]
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// `+` and the digits.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The key under which stores hold it.
    #[must_use]
    pub fn key(&self) -> AddressKey {
        AddressKey::derive(AddressKind::Phone, &self.canonical)
    }

    /// A short text in which the owner recognises the number and others do not: `+4***67`.
    #[must_use]
    pub fn masked(&self) -> String {
        let last = self.canonical.len().saturating_sub(2);
        let (head, tail) = (self.canonical.get(..2), self.canonical.get(last..));
        format!("{}***{}", head.unwrap_or_default(), tail.unwrap_or_default())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Close,
    Digit,
    Open,
    Separator,
}

fn canonical(typed: &str) -> Result<String, AddressError> {
    if typed.is_empty() {
        return Err(AddressError::Empty);
    }
    if typed.len() > MAX_BYTES {
        return Err(AddressError::TooLong);
    }
    typed.chars().try_for_each(unseen)?;
    let rest = typed.strip_prefix('+').ok_or(AddressError::NoCountryCode)?;
    let mut digits = String::from("+");
    let (mut before, mut groups) = (Before::Open, 0);
    for character in rest.chars() {
        let first = digits.len() == 1;
        before = match (character, before) {
            ('0', _) if first => return Err(AddressError::NoCountryCode),
            ('0', Before::Open) => return Err(AddressError::TrunkPrefix),
            ('0'..='9', _) => {
                digits.push(character);
                Before::Digit
            }
            (' ' | '-' | '.', Before::Digit | Before::Close) => Before::Separator,
            ('(', Before::Digit | Before::Separator) if groups == 0 => {
                groups = 1;
                Before::Open
            }
            (')', Before::Digit) if groups == 1 => {
                groups = 2;
                Before::Close
            }
            (' ' | '-' | '.' | '(' | ')' | '+', _) => return Err(AddressError::Separators),
            (_, _) if character.is_whitespace() => return Err(AddressError::WhiteSpace),
            (_, _) => return Err(AddressError::Character),
        };
    }
    match digits.len() {
        _ if groups == 1 || (before != Before::Digit && digits.len() > 1) => Err(AddressError::Separators),
        0..9 => Err(AddressError::TooShort),
        9..=16 => Ok(digits),
        _ => Err(AddressError::TooLong),
    }
}

impl PartialEq for PhoneNumber {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for PhoneNumber {}

impl Hash for PhoneNumber {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl core::str::FromStr for PhoneNumber {
    type Err = AddressError;

    fn from_str(typed: &str) -> Result<Self, AddressError> {
        Self::parse(typed)
    }
}

/// Masked: a number is personal data and has no place in a log (PR-16).
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(typed: &str) -> AddressError {
        PhoneNumber::parse(typed).expect_err(typed)
    }

    #[test]
    fn separators_are_read_over_and_do_not_change_the_key() {
        let plain = PhoneNumber::parse("+4930123456").unwrap();
        for typed in
            ["+49 30 123456", " +49-30.12 34-56\t", "+49 (30) 123456", "+49(30)123456", "+49 (30)-123456"]
        {
            let number = PhoneNumber::parse(typed).unwrap();
            assert_eq!((number.canonical(), number.key()), ("+4930123456", plain.key()), "{typed}");
            assert_eq!(number.as_typed(), typed.trim());
        }
    }

    #[test]
    fn each_ambiguity_is_refused_with_its_reason() {
        for (typed, error) in [
            ("", AddressError::Empty),
            (" ", AddressError::Empty),
            ("030 123456", AddressError::NoCountryCode),
            ("0049 30 123456", AddressError::NoCountryCode),
            ("4930123456", AddressError::NoCountryCode),
            ("+0493012345", AddressError::NoCountryCode),
            ("+49 (0)30 123456", AddressError::TrunkPrefix),
            ("+49 (0 30) 123456", AddressError::TrunkPrefix),
            ("+1234567", AddressError::TooShort),
            ("+", AddressError::TooShort),
            ("+1234567890123456", AddressError::TooLong),
            ("+49  30123456", AddressError::Separators),
            ("+ 4930123456", AddressError::Separators),
            ("+(49)30123456", AddressError::Separators),
            ("+4930123456-", AddressError::Separators),
            ("+49 (30 123456", AddressError::Separators),
            ("+49 30) 123456", AddressError::Separators),
            ("+49 () 30123456", AddressError::Separators),
            ("+49 (30) (12) 3456", AddressError::Separators),
            ("++4930123456", AddressError::Separators),
            ("+4930123456 ext 7", AddressError::Character),
            ("+4930123456,7", AddressError::Character),
            ("+49٣٠١٢٣٤٥٦", AddressError::Character),
            ("+4930123456\n", AddressError::Control),
            ("+49\t30123456", AddressError::Control),
            ("\u{202A}+4930123456\u{202C}", AddressError::Bidi),
            ("+49\u{200B}30123456", AddressError::Invisible),
            ("+49\u{A0}30123456", AddressError::WhiteSpace),
        ] {
            assert_eq!(refused(typed), error, "{typed:?}");
        }
    }

    #[test]
    fn nothing_stored_is_believed() {
        assert!(PhoneNumber::from_stored("+4930123456", "+49 30 123456").is_ok());
        assert_eq!(PhoneNumber::from_stored("+4930123457", "+49 30 123456"), Err(AddressError::Stored));
        assert_eq!(PhoneNumber::from_stored("+4930123456", "+4930123456 "), Err(AddressError::Stored));
    }

    proptest! {
        #[test]
        fn accepted_numbers_are_plus_and_digits(typed in "[+]?[0-9 ().+-]{0,24}|\\PC{0,30}") {
            if let Ok(number) = PhoneNumber::parse(&typed) {
                let digits = number.canonical().strip_prefix('+').unwrap();
                prop_assert!((8..=15).contains(&digits.len()) && !digits.starts_with('0'));
                prop_assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
                let kept: String = typed.chars().filter(char::is_ascii_digit).collect();
                prop_assert_eq!(kept, digits);
                let again = PhoneNumber::parse(number.canonical()).unwrap();
                prop_assert_eq!(again.canonical(), number.canonical());
                prop_assert_eq!(again.key(), number.key());
            }
        }
    }
}

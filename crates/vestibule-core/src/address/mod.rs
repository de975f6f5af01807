//! Addresses: what people type, what is compared, what stores hold.

mod email;
#[cfg(test)]
mod email_tests;
mod phone;
mod social;
mod text;

use core::fmt;

use sha2::{Digest as _, Sha256};

pub use self::email::{ContactEmail, LoginEmail};
pub use self::phone::PhoneNumber;
pub use self::social::SocialSubject;

/// Why a text is no address. It never carries the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// A label of the domain is not made of letters, digits and inner hyphens.
    #[error("a part of the domain is not made of letters, digits and inner hyphens")]
    BadLabel,
    /// A control of writing direction.
    #[error("the address holds a direction mark")]
    Bidi,
    /// A character that this kind of address does not hold in this place.
    #[error("the address holds a character that has no place there")]
    Character,
    /// A control character: a line break, NUL, a tab inside.
    #[error("the address holds a control character")]
    Control,
    /// Quotes, comments or a name around the address.
    #[error("the address stands in quotes, brackets or beside a name")]
    Decorated,
    /// A network address in place of a domain, bracketed or bare.
    #[error("the address has a network address in place of a domain")]
    DomainLiteral,
    /// The domain has no dot, or is missing.
    #[error("the domain has no dot")]
    DomainWithoutDot,
    /// A dot at the beginning, at the end, or beside another.
    #[error("a dot stands at an end or beside another dot")]
    Dots,
    /// Nothing was given, or nothing stands before the `@`.
    #[error("the address or its first part is empty")]
    Empty,
    /// A character that has no shape: zero-width, a soft hyphen, a variation selector.
    #[error("the address holds an invisible character")]
    Invisible,
    /// The issuer is not an exact `https` URL.
    #[error("the issuer is not an exact https URL")]
    Issuer,
    /// A label of the domain has more than 63 bytes.
    #[error("a part of the domain is too long")]
    LabelTooLong,
    /// A comma or semicolon: more than one address (ATK-A8).
    #[error("more than one address was given")]
    List,
    /// More than 64 bytes stand before the `@`.
    #[error("the part before the at sign is too long")]
    LocalTooLong,
    /// A character that is another one in disguise: full-width, a ligature, the Kelvin sign.
    #[error("the address holds a character that stands for another")]
    LookAlike,
    /// A character that looks like `@` and is none.
    #[error("the address holds a character that only looks like an at sign")]
    LookAlikeAt,
    /// There is no `@`.
    #[error("the address has no at sign")]
    NoAt,
    /// The telephone number does not begin with `+` and the code of a country.
    #[error("the number does not begin with a plus and the code of a country")]
    NoCountryCode,
    /// The domain is not ASCII. International domains are not read yet; their `xn--` form is.
    #[error("domains outside ASCII are not supported")]
    NonAsciiDomain,
    /// Separators in the telephone number that can be read in more than one way.
    #[error("the separators of the number are ambiguous")]
    Separators,
    /// There is more than one `@`.
    #[error("the address has several at signs")]
    SeveralAt,
    /// A stored address is not what its text gives today: the row is corrupt.
    #[error("the stored address does not fit its text")]
    Stored,
    /// The provider's subject is not 1 to 255 bytes.
    #[error("the subject is not 1 to 255 bytes")]
    Subject,
    /// More than 254 bytes, or more than 15 digits.
    #[error("the address is too long")]
    TooLong,
    /// Less than 8 digits.
    #[error("the number is too short")]
    TooShort,
    /// A parenthesis that begins with 0: it is dialled at home and not from abroad.
    #[error("the number holds a digit in parentheses that is not always dialled")]
    TrunkPrefix,
    /// White space inside.
    #[error("the address holds white space")]
    WhiteSpace,
}

/// What kind of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new kind must fail to compile wherever rows are read and written"
)]
pub enum AddressKind {
    /// A mailbox.
    Email,
    /// A telephone number.
    Phone,
    /// A subject of an identity provider.
    Social,
}

impl AddressKind {
    /// The stable name, as it stands in rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Social => "social",
        }
    }

    /// The stable byte, as it enters keys.
    #[must_use]
    pub const fn tag(self) -> u8 {
        match self {
            Self::Email => b'e',
            Self::Phone => b'p',
            Self::Social => b's',
        }
    }

    /// Reads the name that [`as_str`](Self::as_str) gives.
    #[must_use]
    pub fn from_stored(name: &str) -> Option<Self> {
        [Self::Email, Self::Phone, Self::Social].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An address as it enters keys: SHA-256 of the kind's tag and the canonical form.
///
/// Thirty-two bytes whatever an outsider types, so that no key outgrows a database. It is no secret and hides
/// nothing from who can guess the address; `Debug` still shows nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressKey([u8; 32]);

impl AddressKey {
    pub(crate) fn derive(kind: AddressKind, canonical: &str) -> Self {
        Self(Sha256::new().chain_update([kind.tag()]).chain_update(canonical).finalize().into())
    }

    /// Takes the bytes as they rest in a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes as they rest in a store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressKey(..)")
    }
}

/// What a person signs in with: an address of any kind.
///
/// # Example
///
/// ```
/// use vestibule_core::{AddressError, AddressKind, Identifier};
///
/// let typed = Identifier::parse_login("Ada@Example.com")?;
/// assert_eq!((typed.kind(), typed.canonical()), (AddressKind::Email, "ada@example.com"));
///
/// let stored = Identifier::from_stored(AddressKind::Phone, "+15550109999", "+1 555 010 9999")?;
/// assert_eq!(stored, Identifier::parse_login("+1-555-010-9999")?);
/// # Ok::<(), AddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "one variant per kind of address, and the kinds are closed")]
pub enum Identifier {
    /// A mailbox.
    Email(LoginEmail),
    /// A telephone number.
    Phone(PhoneNumber),
    /// A subject of an identity provider.
    Social(SocialSubject),
}

impl Identifier {
    /// Reads what a person typed into the field of a login: an e-mail address if it holds an at sign (or what only
    /// looks like one, which is refused), or a letter and no plus at its beginning; otherwise a telephone number.
    ///
    /// # Errors
    ///
    /// [`AddressError`] says what stands in the way.
    pub fn parse_login(typed: &str) -> Result<Self, AddressError> {
        let at = |character: char| character == '@' || text::looks_like_at(character);
        let begun_as_number = text::trimmed(typed).starts_with('+');
        if typed.contains(at) || (!begun_as_number && typed.contains(char::is_alphabetic)) {
            LoginEmail::parse(typed).map(Self::Email)
        } else {
            PhoneNumber::parse(typed).map(Self::Phone)
        }
    }

    /// Reads an identifier back from a store. Nothing is believed: the text as typed is read again and must give the
    /// stored canonical form.
    ///
    /// # Errors
    ///
    /// [`AddressError::Stored`] when the forms do not belong together; any other variant when the address would be
    /// refused today.
    pub fn from_stored(kind: AddressKind, canonical: &str, as_typed: &str) -> Result<Self, AddressError> {
        match kind {
            AddressKind::Email => LoginEmail::from_stored(canonical, as_typed).map(Self::Email),
            AddressKind::Phone => PhoneNumber::from_stored(canonical, as_typed).map(Self::Phone),
            AddressKind::Social if canonical == as_typed => {
                SocialSubject::from_stored(canonical).map(Self::Social)
            }
            AddressKind::Social => Err(AddressError::Stored),
        }
    }

    /// What kind of address it is.
    #[must_use]
    pub const fn kind(&self) -> AddressKind {
        match self {
            Self::Email(_) => AddressKind::Email,
            Self::Phone(_) => AddressKind::Phone,
            Self::Social(_) => AddressKind::Social,
        }
    }

    /// The key under which stores hold it.
    #[must_use]
    pub fn key(&self) -> AddressKey {
        match self {
            Self::Email(email) => email.key(),
            Self::Phone(number) => number.key(),
            Self::Social(link) => link.key(),
        }
    }

    /// The form in which addresses are compared.
    #[must_use]
    pub fn canonical(&self) -> &str {
        match self {
            Self::Email(email) => email.canonical(),
            Self::Phone(number) => number.canonical(),
            Self::Social(link) => link.canonical(),
        }
    }

    /// The address as typed; of a social subject the canonical form.
    #[must_use]
    pub fn as_typed(&self) -> &str {
        match self {
            Self::Email(email) => email.as_typed(),
            Self::Phone(number) => number.as_typed(),
            Self::Social(link) => link.canonical(),
        }
    }

    /// A short text in which the owner recognises the address and others do not.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Email(email) => email.masked(),
            Self::Phone(number) => number.masked(),
            Self::Social(link) => link.masked(),
        }
    }
}

impl From<LoginEmail> for Identifier {
    fn from(email: LoginEmail) -> Self {
        Self::Email(email)
    }
}

impl From<PhoneNumber> for Identifier {
    fn from(number: PhoneNumber) -> Self {
        Self::Phone(number)
    }
}

impl From<SocialSubject> for Identifier {
    fn from(link: SocialSubject) -> Self {
        Self::Social(link)
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(email) => email.fmt(f),
            Self::Phone(number) => number.fmt(f),
            Self::Social(link) => link.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_kind_and_are_pinned() {
        let hex =
            |key: AddressKey| key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            hex(LoginEmail::parse("Ada@example.com").unwrap().key()),
            "36553c7d0e1ef4599e0965960ecebd81352dd92e7fcfe14e5eb4b40f07fc9774"
        );
        assert_eq!(
            hex(PhoneNumber::parse("+49 30 123456").unwrap().key()),
            "0f04b22be57c1df83955ab0ccaf46168037ac40d2f5ee561b9ef512e0d854586"
        );
        assert_eq!(
            hex(SocialSubject::new("https://a.example", "1").unwrap().key()),
            "c7c168891fa049f0c8d02c4d650c05523a4ae8a483e43843e2ba564079ce023e"
        );
        let same_text = |kind| AddressKey::derive(kind, "x");
        assert_ne!(same_text(AddressKind::Email), same_text(AddressKind::Phone));
        assert_ne!(same_text(AddressKind::Email), same_text(AddressKind::Social));
    }

    #[test]
    fn a_login_and_a_contact_of_one_address_share_the_key() {
        let (login, contact) = (LoginEmail::parse("A@b.example"), ContactEmail::parse("a@B.example"));
        assert_eq!(login.unwrap().key(), contact.unwrap().key());
    }

    #[test]
    fn a_login_field_takes_mail_and_phone_and_says_what_is_wrong() {
        assert_eq!(Identifier::parse_login("a@b.example").unwrap().kind(), AddressKind::Email);
        assert_eq!(Identifier::parse_login(" +49 30 123456 ").unwrap().kind(), AddressKind::Phone);
        for (typed, error) in [
            ("", AddressError::Empty),
            ("ada", AddressError::NoAt),
            ("ada\u{FF20}b.example", AddressError::LookAlikeAt),
            ("1\u{FE6B}2.33", AddressError::LookAlikeAt),
            ("030 123456", AddressError::NoCountryCode),
            ("+49 30 123456 x9", AddressError::Character),
            (" +4930123456x", AddressError::Character),
            ("+ada", AddressError::Character),
            ("ada lovelace", AddressError::WhiteSpace),
        ] {
            assert_eq!(Identifier::parse_login(typed), Err(error), "{typed:?}");
        }
    }

    #[test]
    fn a_row_reads_back_and_a_corrupt_one_is_refused() {
        for own in [
            Identifier::parse_login("Ada@Example.com").unwrap(),
            Identifier::parse_login("+49 30 123456").unwrap(),
            SocialSubject::new("https://a.example", "A b").unwrap().into(),
        ] {
            let back = Identifier::from_stored(own.kind(), own.canonical(), own.as_typed()).unwrap();
            assert_eq!((back.as_typed(), back.key()), (own.as_typed(), own.key()));
            for (canonical, typed) in [
                (own.canonical(), "other@example.com"),
                ("other@example.com", own.as_typed()),
                ("", own.as_typed()),
                (own.canonical(), ""),
            ] {
                assert!(
                    Identifier::from_stored(own.kind(), canonical, typed).is_err(),
                    "{canonical} {typed}"
                );
            }
        }
        for kind in [AddressKind::Email, AddressKind::Phone, AddressKind::Social] {
            assert_eq!(AddressKind::from_stored(kind.as_str()), Some(kind));
        }
        assert_eq!(AddressKind::from_stored("Email"), None);
    }
}

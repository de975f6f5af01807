//! Addresses of mailboxes.

use core::fmt;
use core::hash::{Hash, Hasher};

use super::text::{canonical, is_mark, screen, trimmed};
use super::{AddressError, AddressKey, AddressKind};

macro_rules! email_address {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// # What is accepted
        ///
        /// One address and nothing around it. Spaces and tabs at the ends are dropped; everything ambiguous is
        /// refused with a variant of [`AddressError`] of its own. At most 254 bytes, 64 before the `@`, 63 per label
        /// of the domain (RFC 5321, section 4.5.3.1). The local part is made of letters and digits of any script,
        /// their marks, single dots inside, and `` #$&'*+-/=?^_`{}~ ``; not of `%`, `!` and `|` (routing and shells),
        /// and it does not begin with `-` (an option of some mail program). The domain has a dot and is ASCII: a
        /// label that begins with `xn--` is taken as the plain label it is, which is also what a later conversion of
        /// international domains makes, so that such people can sign in today and keep their key.
        ///
        /// # What is one address
        ///
        /// The canonical form is NFC with ASCII letters in lower case, for write, look-up and unique key alike. Dots
        /// and `+` tags count, and letters outside ASCII keep their case: folding them would let `ı` and `İ` meet
        /// `i` (CVE-2019-19844). Two values are equal when their canonical forms are; the address as typed stays
        /// beside it.
        #[derive(Clone)]
        pub struct $name(Email);

        impl $name {
            /// Reads an address as a person typed it.
            ///
            /// # Errors
            ///
            /// [`AddressError`] says what stands in the way.
            pub fn parse(typed: &str) -> Result<Self, AddressError> {
                Email::parse(typed).map(Self)
            }

            /// Reads an address back from a store and checks it again.
            ///
            /// # Errors
            ///
            /// [`AddressError::Stored`] when the two forms do not belong together, otherwise as [`parse`](Self::parse).
            pub fn from_stored(canonical: &str, as_typed: &str) -> Result<Self, AddressError> {
                let email = Email::parse(as_typed)?;
                let same = *email.canonical == *canonical && *email.typed == *as_typed;
                if same { Ok(Self(email)) } else { Err(AddressError::Stored) }
            }

            /// The address as typed, without the blanks around it.
            #[must_use]
            pub fn as_typed(&self) -> &str {
                &self.0.typed
            }

            /// The form in which addresses are compared.
            #[must_use]
            pub fn canonical(&self) -> &str {
                &self.0.canonical
            }

            /// The domain, in lower case.
            #[must_use]
            pub fn domain(&self) -> &str {
                self.0.parts().1
            }

            /// The key under which stores hold it. A login and a contact of the same address have the same key, so
            /// that one look-up can ask for either.
            #[must_use]
            pub fn key(&self) -> AddressKey {
                AddressKey::derive(AddressKind::Email, &self.0.canonical)
            }

            /// A short text in which the owner recognises the address and others do not: `a***@e***.com`.
            #[must_use]
            pub fn masked(&self) -> String {
                self.0.masked()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.canonical == other.0.canonical
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.canonical.hash(state);
            }
        }

        impl core::str::FromStr for $name {
            type Err = AddressError;

            fn from_str(typed: &str) -> Result<Self, AddressError> {
                Self::parse(typed)
            }
        }

        /// Masked: an address is personal data and has no place in a log (PR-16).
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.masked())
            }
        }
    };
}

email_address! {
    /// The address of a mailbox with which a person signs in.
    ///
    /// # Example
    ///
    /// ```
    /// use vestibule_core::{AddressError, LoginEmail};
    ///
    /// let login = LoginEmail::parse(" Ada.Lovelace+work@Example.COM ")?;
    /// assert_eq!(login.as_typed(), "Ada.Lovelace+work@Example.COM");
    /// assert_eq!(login.canonical(), "ada.lovelace+work@example.com");
    /// assert_eq!(login.key(), LoginEmail::parse("ADA.lovelace+work@example.com")?.key());
    /// assert_eq!(format!("{login:?}"), "LoginEmail(a***@e***.com)");
    ///
    /// assert_eq!(LoginEmail::parse("a@example.com,b@example.com"), Err(AddressError::List));
    /// # Ok::<(), AddressError>(())
    /// ```
    ///
    /// A contact address is not a login:
    ///
    /// ```compile_fail,E0308
    /// use vestibule_core::{ContactEmail, LoginEmail};
    ///
    /// fn sign_in(_: &LoginEmail) {}
    ///
    /// let contact = ContactEmail::parse("ada@example.com").unwrap();
    /// sign_in(&contact);
    /// ```
    LoginEmail
}

email_address! {
    /// The address of a mailbox under which an account knows a person. It proves nothing and signs nobody in.
    ///
    /// # Example
    ///
    /// ```
    /// use vestibule_core::{AddressError, ContactEmail};
    ///
    /// let contact = ContactEmail::parse("Grace@Example.org")?;
    /// assert_eq!(contact.canonical(), "grace@example.org");
    /// assert_eq!(contact.domain(), "example.org");
    /// # Ok::<(), AddressError>(())
    /// ```
    ContactEmail
}

#[derive(Clone)]
struct Email {
    typed: Box<str>,
    canonical: Box<str>,
}

impl Email {
    fn parse(typed: &str) -> Result<Self, AddressError> {
        let typed = trimmed(typed);
        check(typed)?;
        let canonical = canonical(typed);
        check(&canonical)?;
        Ok(Self { typed: typed.into(), canonical: canonical.into() })
    }

    fn parts(&self) -> (&str, &str) {
        // `check` saw the one `@`.
        self.canonical.split_once('@').unwrap_or_default()
    }

    fn masked(&self) -> String {
        let (local, domain) = self.parts();
        let (name, ending) = domain.rsplit_once('.').unwrap_or_default();
        format!("{}***@{}***.{ending}", first_of(local), first_of(name))
    }
}

/// The first letter of what is long enough that the letter does not give it away.
fn first_of(part: &str) -> &str {
    let end = part.char_indices().nth(1).map_or(0, |(at, _)| at);
    if part.chars().nth(2).is_some() { part.get(..end).unwrap_or_default() } else { "" }
}

/// Every rule of syntax, applied to the text as typed and to its canonical form.
fn check(text: &str) -> Result<(), AddressError> {
    screen(text)?;
    let (local, domain) = text.split_once('@').ok_or(AddressError::NoAt)?;
    if domain.contains('@') {
        return Err(AddressError::SeveralAt);
    }
    check_local(local)?;
    check_domain(domain)
}

fn check_local(local: &str) -> Result<(), AddressError> {
    if local.is_empty() {
        return Err(AddressError::Empty);
    }
    if local.len() > 64 {
        return Err(AddressError::LocalTooLong);
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err(AddressError::Dots);
    }
    if local.starts_with('-') {
        return Err(AddressError::Character);
    }
    let mut after_letter = false;
    for character in local.chars() {
        let letter = character.is_alphanumeric();
        let plain = letter
            || matches!(character, '.')
            || "#$&'*+-/=?^_`{}~".contains(character)
            || (after_letter && is_mark(character));
        if !plain {
            return Err(AddressError::Character);
        }
        after_letter = letter || is_mark(character);
    }
    Ok(())
}

fn check_domain(domain: &str) -> Result<(), AddressError> {
    if domain.is_empty() {
        return Err(AddressError::DomainWithoutDot);
    }
    if domain.contains(['[', ']']) {
        return Err(AddressError::DomainLiteral);
    }
    if !domain.is_ascii() {
        return Err(AddressError::NonAsciiDomain);
    }
    if domain.split('.').any(str::is_empty) {
        return Err(AddressError::Dots);
    }
    for label in domain.split('.') {
        let bytes = label.as_bytes();
        if bytes.len() > 63 {
            return Err(AddressError::LabelTooLong);
        }
        let hyphen_at_an_end = bytes.first() == Some(&b'-') || bytes.last() == Some(&b'-');
        if hyphen_at_an_end || !bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
            return Err(AddressError::BadLabel);
        }
    }
    let (_, ending) = domain.rsplit_once('.').ok_or(AddressError::DomainWithoutDot)?;
    // No top-level domain is a number (RFC 3696, section 2): this is a network address.
    if ending.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::DomainLiteral);
    }
    Ok(())
}

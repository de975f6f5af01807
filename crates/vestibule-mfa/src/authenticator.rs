//! A person's authenticators as they rest.

use core::fmt;

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{BatchId, CorruptRow, Entropy, EntropyError, Sealed, SubjectId, Timestamp, make_bytes};

use crate::name::AuthenticatorName;
use crate::totp::Parameters;

/// How many authenticators a person has at most.
pub const MAX_AUTHENTICATORS: u8 = 4;

/// Names one binding of an authenticator. A new secret is a new binding: no id is ever used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthenticatorId([u8; 16]);

impl AuthenticatorId {
    /// Draws a new one.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when the source fails.
    pub fn make(entropy: &(impl Entropy + ?Sized)) -> Result<Self, EntropyError> {
        make_bytes(entropy).map(Self)
    }

    /// Takes the bytes as they rest.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes as they rest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for AuthenticatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AuthenticatorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticatorId({self})")
    }
}

/// One authenticator of a person: pending until a code confirms it, and of no use before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Authenticator {
    /// Whose.
    pub subject: SubjectId,
    /// Its place among the person's authenticators, below [`MAX_AUTHENTICATORS`].
    pub slot: u8,
    /// Which binding it is.
    pub id: AuthenticatorId,
    /// What the person calls it.
    pub name: AuthenticatorName,
    /// How its codes are computed.
    pub parameters: Parameters,
    /// The secret, sealed for this subject and binding.
    pub sealed: Sealed,
    /// When the secret was made.
    pub created_at: Timestamp,
    /// When a code confirmed it; `None`: it is pending and verifies nothing.
    pub confirmed_at: Option<Timestamp>,
    /// The newest step of which a code was accepted. It never goes down (PR-7).
    pub last_step: Option<u64>,
    /// Counts every change of the row.
    pub version: u64,
    /// The batch that wrote the row.
    pub set_by: BatchId,
}

impl Authenticator {
    /// Whether a code has confirmed it.
    #[must_use]
    pub const fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
    }

    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let row = RecordWriter::new(1)
            .bytes(self.subject.as_bytes())
            .u8(self.slot)
            .bytes(self.id.as_bytes())
            .text(self.name.as_str());
        self.parameters
            .write(row)
            .bytes(&self.sealed.to_bytes())
            .time(self.created_at)
            .maybe(self.confirmed_at, RecordWriter::time)
            .maybe(self.last_step, RecordWriter::u64)
            .u64(self.version)
            .bytes(self.set_by.as_bytes())
            .finish()
    }

    /// The row from bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when they are not such a row.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let authenticator = Self {
            subject: row.subject("subject")?,
            slot: row.u8("slot")?,
            id: row.bytes("id")?.try_into().map(AuthenticatorId).map_err(|_| CorruptRow("id"))?,
            name: AuthenticatorName::from_stored(row.text("name")?)?,
            parameters: Parameters::read(&mut row)?,
            sealed: Sealed::from_bytes(row.bytes("sealed")?)?,
            created_at: row.time("created_at")?,
            confirmed_at: row.maybe("confirmed_at", |row| row.time("confirmed_at"))?,
            last_step: row.maybe("last_step", |row| row.u64("last_step"))?,
            version: row.u64("version")?,
            set_by: row.batch("set_by")?,
        };
        row.finish()?;
        authenticator.checked()
    }

    /// The row, if it can be one: in a slot that there is, and with a used step exactly when it is confirmed. SQL
    /// stores pass what they read through it.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`].
    pub fn checked(self) -> Result<Self, CorruptRow> {
        if self.slot >= MAX_AUTHENTICATORS {
            return Err(CorruptRow("slot"));
        }
        if self.confirmed_at.is_some() != self.last_step.is_some() {
            return Err(CorruptRow("last_step"));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::authenticator;

    proptest! {
        #[test]
        fn a_row_comes_back(slot in 0..MAX_AUTHENTICATORS, step in proptest::option::of(any::<u64>()), version: u64) {
            let confirmed_at = step.map(|_| Timestamp::EPOCH);
            let row = Authenticator { slot, confirmed_at, last_step: step, version, ..authenticator() };
            prop_assert_eq!(Authenticator::decode(&row.encode()), Ok(row));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Authenticator::decode(&bytes);
        }

        #[test]
        fn a_changed_row_never_panics(at in 0_usize..150, with: u8) {
            let mut bytes = authenticator().encode();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = with;
            }
            let _ = Authenticator::decode(&bytes);
        }
    }

    #[test]
    fn a_row_that_contradicts_itself_is_corrupt() {
        let row = Authenticator { slot: MAX_AUTHENTICATORS, ..authenticator() };
        assert_eq!(Authenticator::decode(&row.encode()), Err(CorruptRow("slot")));
        let row = Authenticator { confirmed_at: Some(Timestamp::EPOCH), last_step: None, ..authenticator() };
        assert_eq!(Authenticator::decode(&row.encode()), Err(CorruptRow("last_step")));
    }
}

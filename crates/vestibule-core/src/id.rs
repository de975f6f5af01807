//! Ids: the hosts' own, and ours.

use core::fmt;

use uuid::Uuid;

use crate::{Entropy, EntropyError, Timestamp, entropy::make_bytes};

/// Why bytes are not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// No byte at all.
    #[error("an id has at least one byte")]
    Empty,
    /// More than 64 bytes.
    #[error("an id has at most 64 bytes")]
    TooLong,
    /// Not the text form of such an id.
    #[error("not the text form of an id")]
    Malformed,
}

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Opaque: 1 to 64 bytes that the host chose (a UUID, an integer, a text), compared byte by byte. Its text
        /// form is lower-case hexadecimal, unless all its bytes are printable ASCII without `%` and `"`: then it is
        /// the bytes themselves behind a `=`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            bytes: [u8; 64],
            len: u8,
        }

        impl $name {
            /// Takes a host's id.
            ///
            /// # Errors
            ///
            /// [`IdError::Empty`] or [`IdError::TooLong`].
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdError> {
                if bytes.is_empty() {
                    return Err(IdError::Empty);
                }
                let mut own = [0; 64];
                own.get_mut(..bytes.len()).ok_or(IdError::TooLong)?.copy_from_slice(bytes);
                Ok(Self { bytes: own, len: u8::try_from(bytes.len()).map_err(|_| IdError::TooLong)? })
            }

            /// Makes a new id: a UUID of version 7 (RFC 9562, section 5.7) as its 16 bytes.
            ///
            /// # Errors
            ///
            /// [`EntropyError`] when the source fails.
            pub fn make(entropy: &(impl Entropy + ?Sized), now: Timestamp) -> Result<Self, EntropyError> {
                let uuid = make_uuid(entropy, now)?;
                let mut bytes = [0; 64];
                for (slot, byte) in bytes.iter_mut().zip(uuid.as_bytes()) {
                    *slot = *byte;
                }
                Ok(Self { bytes, len: 16 })
            }

            /// The id as the host gave it.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                self.bytes.get(..usize::from(self.len)).unwrap_or_default()
            }

            /// Reads the text form that `Display` writes.
            ///
            /// # Errors
            ///
            /// [`IdError`] when the text is no id.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let id = match text.strip_prefix('=') {
                    Some(plain) => Self::from_bytes(plain.as_bytes())?,
                    None => Self::from_bytes(&from_hex(text)?)?,
                };
                if id.to_string() == text { Ok(id) } else { Err(IdError::Malformed) }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = IdError;

            /// Takes a host's textual id, byte for byte. (The form that `Display` writes is read by `parse`.)
            fn try_from(text: &str) -> Result<Self, IdError> {
                Self::from_bytes(text.as_bytes())
            }
        }

        impl From<u64> for $name {
            /// Takes a host's integer id, as 8 bytes, most significant first.
            fn from(number: u64) -> Self {
                let mut bytes = [0; 64];
                for (slot, byte) in bytes.iter_mut().zip(number.to_be_bytes()) {
                    *slot = byte;
                }
                Self { bytes, len: 8 }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_opaque(self.as_bytes(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

opaque_id! {
    /// A person: the id of a network profile, in every domain and every row that belongs to the person.
    SubjectId
}

opaque_id! {
    /// An account: a company's space (a tenant).
    AccountId
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// A UUID of version 7: ordered by the millisecond it was made in, random below that. It is no secret and
        /// never serves as one (ASVS 6.5.3).
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id from an injected clock and source of randomness.
            ///
            /// # Errors
            ///
            /// [`EntropyError`] when the source fails.
            pub fn make(entropy: &(impl Entropy + ?Sized), now: Timestamp) -> Result<Self, EntropyError> {
                make_uuid(entropy, now).map(Self)
            }

            /// Takes the 16 bytes as they rest in a store.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes as they rest in a store.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Reads the hyphenated text form.
            ///
            /// # Errors
            ///
            /// [`IdError::Malformed`] when the text is no UUID.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let id = Uuid::try_parse(text).map_err(|_| IdError::Malformed)?;
                if id.hyphenated().to_string() == text { Ok(Self(id)) } else { Err(IdError::Malformed) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

uuid_id! {
    /// One batch of writes; sent again, it lands at most once.
    BatchId
}

uuid_id! {
    /// One audit event.
    EventId
}

uuid_id! {
    /// One outgoing message.
    MessageId
}

uuid_id! {
    /// The public name of a session or known device: shown in lists, used to end it, no key to anything.
    SessionHandle
}

impl From<BatchId> for EventId {
    /// The first audit event of a batch carries the batch's id, so that the batch is remembered at no cost.
    fn from(id: BatchId) -> Self {
        Self(id.0)
    }
}

fn make_uuid(entropy: &(impl Entropy + ?Sized), now: Timestamp) -> Result<Uuid, EntropyError> {
    let random = make_bytes::<10>(entropy)?;
    let millis = u64::try_from(now.unix_micros().div_euclid(1000)).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

fn write_opaque(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let plain = |byte: &u8| byte.is_ascii_graphic() && *byte != b'%' && *byte != b'"';
    match core::str::from_utf8(bytes) {
        Ok(text) if bytes.iter().all(plain) => write!(f, "={text}"),
        _ => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
    }
}

fn from_hex(text: &str) -> Result<Vec<u8>, IdError> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return Err(IdError::Malformed);
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(IdError::Malformed);
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).map_err(|_| IdError::Malformed),
            _ => Err(IdError::Malformed),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn host_ids_of_every_shape_come_back_from_their_text() {
        let shapes = [
            SubjectId::from(42),
            SubjectId::try_from("user-17").unwrap(),
            SubjectId::from_bytes(&[0; 64]).unwrap(),
            SubjectId::from_bytes("имя".as_bytes()).unwrap(),
        ];
        for id in shapes {
            assert_eq!(SubjectId::parse(&id.to_string()), Ok(id));
        }
    }

    #[test]
    fn empty_and_long_ids_are_refused() {
        assert_eq!(SubjectId::from_bytes(&[]), Err(IdError::Empty));
        assert_eq!(SubjectId::from_bytes(&[1; 65]), Err(IdError::TooLong));
    }

    #[test]
    fn a_made_id_is_a_version_7_uuid_of_the_injected_instant() {
        struct Ones;
        impl Entropy for Ones {
            fn try_fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
                out.fill(0xff);
                Ok(())
            }
        }
        let now = Timestamp::from_unix_seconds(1_645_557_742);
        let id = EventId::make(&Ones, now).unwrap();
        assert_eq!(id.to_string(), "017f22e2-79b0-7fff-bfff-ffffffffffff");
    }

    proptest! {
        #[test]
        fn no_two_texts_read_as_one_id(text in "[=0-9a-fA-F%x]{0,20}") {
            if let Ok(id) = AccountId::parse(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn every_id_comes_back_from_its_text(bytes in proptest::collection::vec(any::<u8>(), 1..=64)) {
            let id = AccountId::from_bytes(&bytes).unwrap();
            prop_assert_eq!(AccountId::parse(&id.to_string()), Ok(id));
        }
    }
}

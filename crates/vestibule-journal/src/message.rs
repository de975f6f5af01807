//! Messages that wait to be sent, sealed.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{
    AddressKind, CorruptRow, Entropy, KeyRing, MessageId, SealError, Sealed, Secret, Timestamp,
};

use crate::code::Code;
use crate::row;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "stores keep it; a further state is a further form of the row")]
pub enum MessageState {
    /// It waits to be sent.
    Queued,
    /// It was made and is not sent: spacing, cap or policy. The same rows are written, so that nothing tells.
    Suppressed,
    /// It was handed to the provider.
    Sent,
    /// It was tried for long enough.
    GaveUp,
}

/// An outgoing message. Its slot is its row: a newer message for the same slot takes its place, so nobody can fill
/// somebody's mailbox, and no older link is sent after a newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: stores build it")]
pub struct Message {
    /// Which message to whom; see [`derive_slot`].
    pub slot: [u8; 32],
    /// This message among those that had the slot.
    pub id: MessageId,
    /// What it is for: `notice.password_changed`.
    pub purpose: Code,
    /// By what kind of address.
    pub to: AddressKind,
    /// Recipient and payload, readable with the seal key alone, and in this row alone.
    pub sealed: Sealed,
    /// What became of it.
    pub state: MessageState,
    /// When it was made.
    pub made_at: Timestamp,
    /// Before when it is not sent.
    pub not_before: Timestamp,
    /// The recipient's language, as a tag of at most 35 bytes (RFC 5646, section 4.4.1).
    pub language: Option<String>,
}

/// A message before it is sealed.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "every field must be thought of where a message is made")]
pub struct Letter {
    /// Which message to whom.
    pub slot: [u8; 32],
    /// What it is for.
    pub purpose: Code,
    /// By what kind of address.
    pub to: AddressKind,
    /// Whether spacing, cap or policy keep it from being sent: it is then born [`MessageState::Suppressed`].
    pub suppressed: bool,
    /// Before when it is not sent.
    pub not_before: Timestamp,
    /// The recipient's language; what is no tag is left out.
    pub language: Option<String>,
    /// Whom it is for, and what it says.
    pub contents: Contents,
}

/// What is sealed of a message.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "the two things that are sealed")]
pub struct Contents {
    /// The address, as it was typed.
    pub recipient: Secret<String>,
    /// What the sender's template needs, in a form that the host and the purpose agree on.
    pub payload: Secret<Vec<u8>>,
}

/// The slot of a purpose and an owner: an address key or a person's id.
#[must_use]
pub fn derive_slot(ring: &KeyRing, purpose: &Code, owner: &[u8]) -> [u8; 32] {
    *ring.digest_current("journal.slot", &[purpose.as_str().as_bytes(), owner]).as_bytes()
}

/// Seals a letter for its row.
///
/// # Errors
///
/// [`SealError`] when randomness or the key is missing.
pub fn seal_message(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    letter: Letter,
    now: Timestamp,
) -> Result<Message, SealError> {
    let id = MessageId::make(entropy, now)?;
    let Letter { slot, purpose, to, suppressed, not_before, language, contents } = letter;
    let plain = write_contents(&contents);
    let sealed = Sealed::seal(ring, entropy, &identity(&slot, &id, &purpose, to), &plain)?;
    let state = if suppressed { MessageState::Suppressed } else { MessageState::Queued };
    let language = language.filter(|tag| is_language(tag));
    Ok(Message { slot, id, purpose, to, sealed, state, made_at: now, not_before, language })
}

/// Opens a message that rests in its own row.
///
/// # Errors
///
/// [`SealError::Key`] when its key is not in the ring, [`SealError::Opened`] when anything about it was changed.
pub fn open_message(ring: &KeyRing, message: &Message) -> Result<Contents, SealError> {
    let row = identity(&message.slot, &message.id, &message.purpose, message.to);
    let plain = message.sealed.open(ring, &row)?;
    // EXPOSE: taken apart into the two secrets it is made of.
    read_contents(plain.expose()).map_err(|_| SealError::Opened)
}

/// In the form of a row, but in one allocation: growing would leave unwiped copies behind.
fn write_contents(contents: &Contents) -> Secret<Vec<u8>> {
    // EXPOSE: both become the input of the encryption.
    let (recipient, payload) = (contents.recipient.expose(), contents.payload.expose());
    let mut plain = Vec::with_capacity(1 + 4 + recipient.len() + 4 + payload.len());
    plain.push(1);
    for part in [recipient.as_bytes(), payload] {
        plain.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        plain.extend_from_slice(part);
    }
    Secret::new(plain)
}

fn read_contents(plain: &[u8]) -> Result<Contents, CorruptRow> {
    let mut row = RecordReader::new(plain, 1)?;
    let contents = Contents {
        recipient: Secret::new(row.text("recipient")?.to_owned()),
        payload: Secret::new(row.bytes("payload")?.to_vec()),
    };
    row.finish()?;
    Ok(contents)
}

/// What a message is sealed to: moved to another slot, id, purpose or kind of address, it does not open.
fn identity<'a>(slot: &'a [u8; 32], id: &'a MessageId, purpose: &'a Code, to: AddressKind) -> [&'a [u8]; 5] {
    [b"journal.message", slot, id.as_bytes(), purpose.as_str().as_bytes(), to.as_str().as_bytes()]
}

fn is_language(tag: &str) -> bool {
    (1..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl Message {
    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let state = match self.state {
            MessageState::Queued => 1,
            MessageState::Suppressed => 2,
            MessageState::Sent => 3,
            MessageState::GaveUp => 4,
        };
        RecordWriter::new(1)
            .bytes(&self.slot)
            .bytes(self.id.as_bytes())
            .text(self.purpose.as_str())
            .text(self.to.as_str())
            .bytes(&self.sealed.to_bytes())
            .u8(state)
            .time(self.made_at)
            .time(self.not_before)
            .maybe(self.language.as_deref(), RecordWriter::text)
            .finish()
    }

    /// Reads the row.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let message = Self {
            slot: row::fixed(&mut row, "slot")?,
            id: MessageId::from_bytes(row::fixed(&mut row, "id")?),
            purpose: row::code(&mut row, "purpose")?,
            to: AddressKind::from_stored(row.text("to")?).ok_or(CorruptRow("to"))?,
            sealed: Sealed::from_bytes(row.bytes("sealed")?)?,
            state: match row.u8("state")? {
                1 => MessageState::Queued,
                2 => MessageState::Suppressed,
                3 => MessageState::Sent,
                4 => MessageState::GaveUp,
                _ => return Err(CorruptRow("state")),
            },
            made_at: row.time("made_at")?,
            not_before: row.time("not_before")?,
            language: row.maybe("language", |row| row.text("language").map(str::to_owned))?,
        };
        row.finish()?;
        if message.language.as_deref().is_some_and(|tag| !is_language(tag)) {
            return Err(CorruptRow("language"));
        }
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vestibule_core::SystemEntropy;

    use super::*;
    use crate::testing::{NOW, ring};

    fn letter(suppressed: bool) -> Letter {
        let purpose = Code::parse("notice.password_changed").unwrap();
        Letter {
            slot: derive_slot(&ring(), &purpose, b"ada"),
            purpose,
            to: AddressKind::Email,
            suppressed,
            not_before: NOW,
            language: Some("de-CH".into()),
            contents: Contents {
                recipient: Secret::new("ada@example.com".into()),
                payload: Secret::new(b"link".to_vec()),
            },
        }
    }

    fn sealed(suppressed: bool) -> Message {
        seal_message(&ring(), &SystemEntropy, letter(suppressed), NOW).unwrap()
    }

    #[test]
    fn a_message_opens_to_what_was_sealed_after_it_rested() {
        let rested = Message::decode(&sealed(false).encode()).unwrap();
        let contents = open_message(&ring(), &rested).unwrap();
        // EXPOSE: the test compares both with what it sealed.
        assert_eq!(
            // EXPOSE: the test compares what was opened.
            (contents.recipient.expose().as_str(), contents.payload.expose().as_slice()),
            ("ada@example.com", &b"link"[..])
        );
    }

    #[test]
    fn nothing_of_a_message_rests_readable() {
        let bytes = sealed(false).encode();
        for plain in [&b"example"[..], b"link"] {
            assert!(!bytes.windows(plain.len()).any(|window| window == plain));
        }
    }

    #[test]
    fn a_message_does_not_open_in_another_row() {
        let message = sealed(false);
        let moved = [
            Message { slot: [9; 32], ..message.clone() },
            Message { id: MessageId::from_bytes([9; 16]), ..message.clone() },
            Message { purpose: Code::parse("recovery.link").unwrap(), ..message.clone() },
            Message { to: AddressKind::Phone, ..message },
        ];
        for message in moved {
            assert_eq!(open_message(&ring(), &message).unwrap_err(), SealError::Opened);
        }
    }

    #[test]
    fn a_suppressed_message_has_the_size_of_a_queued_one() {
        let (queued, suppressed) = (sealed(false), sealed(true));
        assert_eq!((queued.state, suppressed.state), (MessageState::Queued, MessageState::Suppressed));
        assert_eq!(queued.encode().len(), suppressed.encode().len());
    }

    #[test]
    fn a_slot_is_of_one_purpose_and_one_owner() {
        let (ring, notice) = (ring(), Code::parse("notice.login").unwrap());
        let slot = derive_slot(&ring, &notice, b"ada");
        assert_ne!(slot, derive_slot(&ring, &notice, b"bob"));
        assert_ne!(slot, derive_slot(&ring, &Code::parse("notice.logi").unwrap(), b"nada"));
    }

    #[test]
    fn what_is_no_language_tag_is_left_out_and_never_read() {
        let letter = Letter { language: Some("de\r\nBcc: x".into()), ..letter(false) };
        let message = seal_message(&ring(), &SystemEntropy, letter, NOW).unwrap();
        assert_eq!(message.language, None);
        let forged = Message { language: Some("de\n".into()), ..message };
        assert_eq!(Message::decode(&forged.encode()), Err(CorruptRow("language")));
    }

    /// What rests of a seal, of any key and any contents.
    fn any_sealed() -> impl Strategy<Value = Sealed> {
        let contents = (any::<[u8; 24]>(), proptest::collection::vec(any::<u8>(), 16..80));
        ("[a-z0-9]{1,8}", contents).prop_map(|(key, (nonce, ciphertext))| {
            let head = [1, u8::try_from(key.len()).unwrap()];
            Sealed::from_bytes(&[&head[..], key.as_bytes(), &nonce, &ciphertext].concat()).unwrap()
        })
    }

    fn any_message() -> impl Strategy<Value = Message> {
        let states =
            vec![MessageState::Queued, MessageState::Suppressed, MessageState::Sent, MessageState::GaveUp];
        let kinds = vec![AddressKind::Email, AddressKind::Phone, AddressKind::Social];
        let ids = any::<([u8; 32], [u8; 16], i64, i64)>();
        let words = ("[a-z_]{1,9}\\.[a-z_]{1,9}", proptest::option::of("[a-zA-Z0-9-]{1,35}"));
        let which = (proptest::sample::select(kinds), proptest::sample::select(states));
        (ids, words, which, any_sealed()).prop_map(|(ids, (purpose, language), (to, state), sealed)| {
            Message {
                slot: ids.0,
                id: MessageId::from_bytes(ids.1),
                purpose: Code::parse(&purpose).unwrap(),
                to,
                sealed,
                state,
                made_at: Timestamp::from_unix_micros(ids.2),
                not_before: Timestamp::from_unix_micros(ids.3),
                language,
            }
        })
    }

    proptest! {
        #[test]
        fn every_message_comes_back_from_its_bytes_and_from_neither_fewer_nor_more(
            row in any_message(), cut in any::<prop::sample::Index>(),
        ) {
            let bytes = row.encode();
            prop_assert!(Message::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert!(Message::decode(&[&bytes[..], &[0]].concat()).is_err());
            prop_assert_eq!(Message::decode(&bytes), Ok(row));
        }

        #[test]
        fn a_changed_byte_reads_as_itself_or_is_corrupt(row in any_message(), byte: u8) {
            let whole = row.encode();
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                if let Ok(read) = Message::decode(&bytes) {
                    prop_assert_eq!(read.encode(), bytes, "one row has one form");
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..240)) {
            let _ = Message::decode(&bytes);
            if let Some(form) = bytes.first_mut() {
                *form = 1;
            }
            let _ = Message::decode(&bytes);
        }
    }
}

//! Everything that leaves for a mailbox is queued here: sealed, in a slot whose name tells nothing.

use vestibule_core::{AddressKind, Error, ErrorKind, Identifier, Secret, Timestamp};
use vestibule_journal::{Code, Contents, JournalWrite, Letter, derive_slot, seal_message};

use crate::notice::NoticeKind;
use crate::vestibule::Inner;
use crate::writes::AnyWrite;

/// A message, or the blank that takes its place.
pub(crate) struct Outgoing<'a> {
    /// Which kind of slot it takes, and whose: a newer message in the same one takes its place.
    pub(crate) slot: (&'static str, &'a [u8]),
    pub(crate) to: &'a Identifier,
    pub(crate) kind: NoticeKind,
    pub(crate) payload: Secret<Vec<u8>>,
    /// Whether it is not sent.
    pub(crate) suppressed: bool,
    pub(crate) language: Option<String>,
    pub(crate) at: Timestamp,
}

impl Inner {
    pub(crate) fn queue(&self, outgoing: Outgoing<'_>) -> Result<AnyWrite, Error> {
        let at = outgoing.at;
        self.queue_until(outgoing, at)
    }

    /// The same of a message that is not sent before an instant.
    pub(crate) fn queue_until(
        &self,
        outgoing: Outgoing<'_>,
        not_before: Timestamp,
    ) -> Result<AnyWrite, Error> {
        let code = |code| Code::parse(code).map_err(|error| Error::new(ErrorKind::Misuse, error));
        let Outgoing { slot: (slot, owner), to, kind, payload, suppressed, language, at } = outgoing;
        // Those who send to phones ask for one form of a number.
        let recipient = if to.kind() == AddressKind::Phone { to.canonical() } else { to.as_typed() };
        let letter = Letter {
            slot: derive_slot(&self.ring, &code(slot)?, owner),
            purpose: code(kind.code())?,
            to: to.kind(),
            suppressed,
            not_before,
            language,
            contents: Contents { recipient: Secret::new(recipient.to_owned()), payload },
        };
        let message = seal_message(&self.ring, &*self.entropy, letter, at)?;
        Ok(JournalWrite::QueueMessage { message }.into())
    }
}

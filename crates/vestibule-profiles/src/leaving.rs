//! An identifier that its profile has given up, and that is not free yet.

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{AddressKind, CorruptRow, Identifier, SessionHandle, SubjectId, Timestamp};

/// An identifier in its window: it opens nothing any more, and nobody else can take it before the window is over. That it
/// is over is computed from time; no job frees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct Leaving {
    /// Whose it was.
    pub subject: SubjectId,
    /// The address or social subject.
    pub identifier: Identifier,
    /// When it had been verified.
    pub verified_at: Timestamp,
    /// When it was given up: the instant of the change.
    pub since: Timestamp,
    /// The first instant at which it is free.
    pub until: Timestamp,
    /// The session in which it was given up.
    pub session: SessionHandle,
}

impl Leaving {
    /// Whether it is still kept from others.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_after(now)
    }

    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .bytes(self.subject.as_bytes())
            .text(self.identifier.kind().as_str())
            .text(self.identifier.canonical())
            .text(self.identifier.as_typed())
            .time(self.verified_at)
            .time(self.since)
            .time(self.until)
            .bytes(self.session.as_bytes())
            .finish()
    }

    /// The row from bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when they are not such a row, or hold an address that would be refused today.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let subject = row.subject("subject")?;
        let kind = AddressKind::from_stored(row.text("kind")?).ok_or(CorruptRow("kind"))?;
        let (canonical, typed) = (row.text("canonical")?, row.text("typed")?);
        let leaving = Self {
            subject,
            identifier: Identifier::from_stored(kind, canonical, typed)
                .map_err(|_| CorruptRow("identifier"))?,
            verified_at: row.time("verified_at")?,
            since: row.time("since")?,
            until: row.time("until")?,
            session: {
                let handle = row.bytes("session")?.try_into().map_err(|_| CorruptRow("session"))?;
                SessionHandle::from_bytes(handle)
            },
        };
        row.finish()?;
        Ok(leaving)
    }
}

/// Whose a unique key is, and until when it is only kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) subject: SubjectId,
    /// `None`: it is held.
    pub(crate) leaving_until: Option<Timestamp>,
}

impl Owner {
    pub(crate) const fn held(subject: SubjectId) -> Self {
        Self { subject, leaving_until: None }
    }

    /// Whether this person may take the key at this instant: nobody holds it, and who left it is the same person or has left
    /// it for good.
    pub(crate) fn gives_way(&self, to: SubjectId, at: Option<Timestamp>) -> bool {
        let over = |until: Timestamp| at.is_some_and(|at| !until.is_after(at));
        self.leaving_until.is_some_and(|until| self.subject == to || over(until))
    }

    pub(crate) fn encode(self) -> Vec<u8> {
        match self.leaving_until {
            None => RecordWriter::new(1).bytes(self.subject.as_bytes()).finish(),
            Some(until) => RecordWriter::new(2).bytes(self.subject.as_bytes()).time(until).finish(),
        }
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let leaves = bytes.first() == Some(&2);
        let mut row = RecordReader::new(bytes, if leaves { 2 } else { 1 })?;
        let subject = row.subject("subject")?;
        let leaving_until = if leaves { Some(row.time("leaving_until")?) } else { None };
        row.finish()?;
        Ok(Self { subject, leaving_until })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaving(at: i64) -> Leaving {
        Leaving {
            subject: SubjectId::from(7),
            identifier: Identifier::parse_login("Ada@Example.com").unwrap(),
            verified_at: Timestamp::EPOCH,
            since: Timestamp::from_unix_micros(at),
            until: Timestamp::from_unix_micros(at).plus(core::time::Duration::from_secs(9)),
            session: SessionHandle::from_bytes([3; 16]),
        }
    }

    #[test]
    fn the_first_instant_after_the_window_is_free() {
        let row = leaving(0);
        assert!(row.holds(Timestamp::from_unix_micros(8_999_999)));
        assert!(!row.holds(Timestamp::from_unix_seconds(9)));
        let owner = Owner { subject: row.subject, leaving_until: Some(row.until) };
        let other = SubjectId::from(8);
        assert!(!owner.gives_way(other, Some(Timestamp::from_unix_micros(8_999_999))));
        assert!(owner.gives_way(other, Some(Timestamp::from_unix_seconds(9))));
        assert!(owner.gives_way(row.subject, Some(row.since)), "who left it may take it back");
        assert!(
            !Owner::held(row.subject).gives_way(row.subject, Some(Timestamp::MAX)),
            "what is held is held"
        );
    }

    proptest! {
        #[test]
        fn rows_come_back_from_their_bytes_and_no_cut_of_them_reads(
            at in -1_000_000_000_000i64..1_000_000_000_000, until: Option<i64>, cut: prop::sample::Index,
        ) {
            let row = leaving(at);
            let bytes = row.encode();
            prop_assert!(Leaving::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert_eq!(Leaving::decode(&bytes), Ok(row));
            let owner = Owner {
                subject: SubjectId::from(7),
                leaving_until: until.map(Timestamp::from_unix_micros),
            };
            let bytes = owner.encode();
            prop_assert!(Owner::decode(&bytes[..cut.index(bytes.len())]).is_err());
            prop_assert_eq!(Owner::decode(&bytes), Ok(owner));
        }
    }
}

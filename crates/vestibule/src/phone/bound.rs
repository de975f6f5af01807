//! What a code is bound to. The row says what it proves, never the request (ATK-G1).

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{AddressKind, CorruptRow, Identifier, SubjectId};

use crate::login::Named;

/// The number, and how things stood when the code was asked for: what changed meanwhile makes it worthless (PR-5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeBound {
    pub(super) phone: Identifier,
    /// Whose the number was, and the epoch of their profile.
    pub(super) owner: Option<(SubjectId, u64)>,
    /// The epoch of whoever asked in a session of theirs.
    pub(super) asker: Option<u64>,
    /// The login that leaves for the number.
    pub(super) replaces: Option<Named>,
}

impl CodeBound {
    pub(super) fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .text(self.phone.as_typed())
            .maybe(self.owner, |row, (subject, epoch)| row.bytes(subject.as_bytes()).u64(epoch))
            .maybe(self.asker, RecordWriter::u64)
            .maybe(self.replaces, |row, old| old.write(row))
            .finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let phone = Identifier::parse_login(row.text("phone")?).ok();
        let bound = Self {
            phone: phone.filter(|it| it.kind() == AddressKind::Phone).ok_or(CorruptRow("phone"))?,
            owner: row.maybe("owner", |row| Ok((row.subject("owner")?, row.u64("owner_epoch")?)))?,
            asker: row.maybe("asker", |row| row.u64("asker"))?,
            replaces: row.maybe("replaces", Named::read)?,
        };
        row.finish()?;
        Ok(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_code_is_bound_to_comes_back_and_fits() {
        let phone = Identifier::parse_login("+41 (44) 555-01-00").unwrap();
        let named = Named::of(&Identifier::parse_login("ada@example.com").unwrap());
        let owner = Some((SubjectId::from_bytes(&[7; 64]).unwrap(), u64::MAX));
        for (owner, asker, replaces) in [(None, None, None), (owner, Some(3), Some(named))] {
            let bound = CodeBound { phone: phone.clone(), owner, asker, replaces };
            assert!(bound.encode().len() <= vestibule_checkword::MAX_BOUND);
            assert_eq!(CodeBound::decode(&bound.encode()), Ok(bound));
        }
        let mail = CodeBound {
            phone: Identifier::parse_login("ada@example.com").unwrap(),
            owner: None,
            asker: None,
            replaces: None,
        };
        assert!(CodeBound::decode(&mail.encode()).is_err());
    }
}

//! Recovery codes: what is shown once, and what rests of it.

use core::fmt;

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{
    BatchId, CorruptRow, Entropy, EntropyError, KeyId, KeyPurpose, KeyRing, KeyRingError, Secret,
    SecretDigest, SubjectId, Timestamp, make_bytes,
};

use crate::crockford;

/// How many recovery codes a person has.
pub const CODES: u8 = 10;

// ASVS 6.5.2: below 112 bits a code would have to rest as a password does.
const _: () = assert!(crockford::BYTES * 8 >= 112, "a keyed digest is enough for a code of this length only");

const LABEL: &str = "vestibule.mfa.recovery_code";

/// A recovery code in clear: 120 random bits, shown once and never again.
pub struct RecoveryCode(Secret<[u8; crockford::BYTES]>);

impl RecoveryCode {
    /// Draws a new code.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when the source fails.
    pub fn make(entropy: &(impl Entropy + ?Sized)) -> Result<Self, EntropyError> {
        make_bytes(entropy).map(Secret::new).map(Self)
    }

    /// Reads what a person typed, in any case, with or without blanks and dashes, `O` for zero, `I` and `L` for one.
    /// `None`: it is no recovery code.
    #[must_use]
    pub fn parse(typed: &Secret<String>) -> Option<Self> {
        // EXPOSE: read into bytes, which are wiped with the code.
        crockford::read(typed.expose()).map(Secret::new).map(Self)
    }

    /// The code as it is shown: groups of four.
    #[must_use]
    pub fn render(&self) -> Secret<String> {
        // EXPOSE: the text is a secret itself.
        Secret::new(crockford::groups(self.0.expose()))
    }

    /// What rests of it: a digest under this key, bound to the person.
    pub(crate) fn digest(
        &self,
        ring: &KeyRing,
        key: KeyId,
        subject: SubjectId,
    ) -> Result<SecretDigest, KeyRingError> {
        // EXPOSE: only the keyed digest leaves.
        ring.digest(key, LABEL, &[subject.as_bytes(), self.0.expose()])
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

/// One of a person's recovery codes as it rests. A spent code has already been replaced: its place holds the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores build this row")]
pub struct CodeRow {
    /// Whose.
    pub subject: SubjectId,
    /// Its place among the person's codes, below [`CODES`].
    pub slot: u8,
    /// Under which key the digest was made.
    pub key: KeyId,
    /// The digest of the code that is live here.
    pub digest: SecretDigest,
    /// The digest, and its key, of the code that was spent here last; only by it can somebody be told that their code
    /// was used.
    pub spent: Option<(KeyId, SecretDigest)>,
    /// Counts every change of the row.
    pub version: u64,
    /// When the live code was made.
    pub made_at: Timestamp,
    /// The batch that wrote the row.
    pub set_by: BatchId,
}

impl CodeRow {
    /// The row as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .bytes(self.subject.as_bytes())
            .u8(self.slot)
            .text(self.key.as_str())
            .bytes(self.digest.as_bytes())
            .maybe(self.spent, |row, (key, digest)| row.text(key.as_str()).bytes(digest.as_bytes()))
            .u64(self.version)
            .time(self.made_at)
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
        let code = Self {
            subject: row.subject("subject")?,
            slot: row.u8("slot")?,
            key: key(&mut row)?,
            digest: row.digest("digest")?,
            spent: row.maybe("spent", |row| Ok((key(row)?, row.digest("spent")?)))?,
            version: row.u64("version")?,
            made_at: row.time("made_at")?,
            set_by: row.batch("set_by")?,
        };
        row.finish()?;
        code.checked()
    }

    /// The row, if it can be one: in a slot that there is.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`].
    pub const fn checked(self) -> Result<Self, CorruptRow> {
        if self.slot < CODES { Ok(self) } else { Err(CorruptRow("slot")) }
    }
}

fn key(row: &mut RecordReader<'_>) -> Result<KeyId, CorruptRow> {
    KeyId::parse(row.text("key")?).map_err(|_| CorruptRow("key"))
}

/// A person's codes, to be shown once and kept by them.
#[derive(Debug)]
#[must_use = "codes are shown once: nobody can read them again"]
pub struct RecoverySheet(Vec<RecoveryCode>);

impl RecoverySheet {
    /// The codes in order.
    #[must_use]
    pub fn codes(&self) -> &[RecoveryCode] {
        &self.0
    }

    /// The sheet as plain text to print: a heading that the caller words, and one numbered code a line.
    #[must_use]
    pub fn print(&self, heading: &str) -> Secret<String> {
        let mut sheet = String::with_capacity(heading.len() + self.0.len() * 36 + 2);
        sheet.push_str(heading);
        sheet.push_str("\n\n");
        for (place, code) in self.0.iter().enumerate() {
            let number = place + 1;
            sheet.push_str(if number < 10 { " " } else { "" });
            sheet.push_str(&number.to_string());
            sheet.push_str(". ");
            // EXPOSE: the sheet is a secret itself, long enough from the start that no copy of it stays behind.
            sheet.push_str(code.render().expose());
            sheet.push('\n');
        }
        Secret::new(sheet)
    }
}

/// A whole set: the sheet, and the row of each code. `existing` are the rows it takes the places of.
pub(crate) fn make_set(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    subject: SubjectId,
    existing: &[CodeRow],
    (batch, now): (BatchId, Timestamp),
) -> Result<(RecoverySheet, Vec<CodeRow>), vestibule_core::Error> {
    let key = ring.current(KeyPurpose::Digest);
    let mut codes = Vec::with_capacity(CODES.into());
    let mut rows = Vec::with_capacity(CODES.into());
    for slot in 0..CODES {
        let code = RecoveryCode::make(entropy)?;
        let old = existing.iter().find(|row| row.slot == slot);
        rows.push(CodeRow {
            subject,
            slot,
            key,
            digest: code.digest(ring, key, subject)?,
            spent: None,
            version: old.map_or(1, |row| row.version.saturating_add(1)),
            made_at: now,
            set_by: batch,
        });
        codes.push(code);
    }
    Ok((RecoverySheet(codes), rows))
}

/// Where a typed code stands among a person's codes.
#[derive(Debug)]
pub(crate) enum Place<'a> {
    Live(&'a CodeRow),
    Spent,
    Nowhere,
}

/// Compares a typed code with every row, however early one matches (ATK-B9).
pub(crate) fn place<'a>(
    ring: &KeyRing,
    subject: SubjectId,
    code: &RecoveryCode,
    rows: &'a [CodeRow],
) -> Result<Place<'a>, KeyRingError> {
    let mut digests: Vec<(KeyId, SecretDigest)> = Vec::with_capacity(2);
    for key in ring.live(KeyPurpose::Digest) {
        digests.push((key, code.digest(ring, key, subject)?));
    }
    let known =
        |of: KeyId, resting: SecretDigest| digests.iter().any(|(key, own)| *key == of && *own == resting);
    let (mut live, mut spent) = (None, false);
    for row in rows {
        if known(row.key, row.digest) {
            live = Some(row);
        }
        spent |= row.spent.is_some_and(|(key, digest)| known(key, digest));
    }
    Ok(match live {
        Some(row) => Place::Live(row),
        None if spent => Place::Spent,
        None => Place::Nowhere,
    })
}

/// The code that takes the place of a spent one, and its row.
pub(crate) fn replace(
    ring: &KeyRing,
    entropy: &(impl Entropy + ?Sized),
    spent: &CodeRow,
    (batch, now): (BatchId, Timestamp),
) -> Result<(RecoveryCode, CodeRow), vestibule_core::Error> {
    let code = RecoveryCode::make(entropy)?;
    let key = ring.current(KeyPurpose::Digest);
    let row = CodeRow {
        key,
        digest: code.digest(ring, key, spent.subject)?,
        spent: Some((spent.key, spent.digest)),
        version: spent.version.saturating_add(1),
        made_at: now,
        set_by: batch,
        ..spent.clone()
    };
    Ok((code, row))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_row_comes_back(slot in 0..CODES, spent: bool, version: u64) {
            let key = KeyId::parse("k1").unwrap();
            let row = CodeRow {
                subject: SubjectId::from(1),
                slot,
                key,
                digest: SecretDigest::from_bytes([1; 32]),
                spent: spent.then_some((key, SecretDigest::from_bytes([2; 32]))),
                version,
                made_at: Timestamp::EPOCH,
                set_by: BatchId::from_bytes([3; 16]),
            };
            prop_assert_eq!(CodeRow::decode(&row.encode()), Ok(row));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
            let _ = CodeRow::decode(&bytes);
        }
    }
}

//! How a row becomes bytes and is read back, strictly.

use crate::{AccountId, BatchId, CorruptRow, SecretDigest, SubjectId, Timestamp};

/// Writes a row's fields in order, behind a form number.
///
/// Integers are big-endian; texts and bytes carry their length. There are no names: the form number says what the
/// fields are, and a changed form takes a new number.
#[derive(Debug)]
pub struct RecordWriter(Vec<u8>);

impl RecordWriter {
    /// Begins a row of this form.
    #[must_use]
    pub fn new(form: u8) -> Self {
        Self(vec![form])
    }

    /// The finished bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// One byte.
    #[must_use]
    pub fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    /// A truth value.
    #[must_use]
    pub fn bool(self, value: bool) -> Self {
        self.u8(u8::from(value))
    }

    /// An unsigned number.
    #[must_use]
    pub fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// A signed number.
    #[must_use]
    pub fn i64(mut self, value: i64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// An instant.
    #[must_use]
    pub fn time(self, value: Timestamp) -> Self {
        self.i64(value.unix_micros())
    }

    /// Bytes of any length.
    #[must_use]
    pub fn bytes(mut self, value: &[u8]) -> Self {
        self.0.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.extend_from_slice(value);
        self
    }

    /// A text.
    #[must_use]
    pub fn text(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }

    /// A field that may be missing.
    #[must_use]
    pub fn maybe<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            None => self.u8(0),
            Some(value) => write(self.u8(1), value),
        }
    }
}

/// Reads a row's fields in the order they were written. Any deviation is [`CorruptRow`]: a wrong form, a short or a
/// long row, a truth value that is neither, text that is no UTF-8. It never panics and allocates no more than the
/// row itself.
#[derive(Debug)]
pub struct RecordReader<'a> {
    rest: &'a [u8],
}

impl<'a> RecordReader<'a> {
    /// Begins to read a row of this form.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when it is of another.
    pub fn new(bytes: &'a [u8], form: u8) -> Result<Self, CorruptRow> {
        match bytes.split_first() {
            Some((found, rest)) if *found == form => Ok(Self { rest }),
            _ => Err(CorruptRow("form")),
        }
    }

    /// Ends the row.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when bytes are left.
    pub const fn finish(self) -> Result<(), CorruptRow> {
        if self.rest.is_empty() { Ok(()) } else { Err(CorruptRow("end")) }
    }

    fn take(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], CorruptRow> {
        let (value, rest) = self.rest.split_at_checked(length).ok_or(CorruptRow(field))?;
        self.rest = rest;
        Ok(value)
    }

    /// A field of exactly `N` bytes without a length.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], CorruptRow> {
        self.take(N, field)?.try_into().map_err(|_| CorruptRow(field))
    }

    /// One byte.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, CorruptRow> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    /// A truth value.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn bool(&mut self, field: &'static str) -> Result<bool, CorruptRow> {
        match self.u8(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CorruptRow(field)),
        }
    }

    /// An unsigned number.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn u64(&mut self, field: &'static str) -> Result<u64, CorruptRow> {
        self.array(field).map(u64::from_be_bytes)
    }

    /// A signed number.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn i64(&mut self, field: &'static str) -> Result<i64, CorruptRow> {
        self.array(field).map(i64::from_be_bytes)
    }

    /// An instant.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn time(&mut self, field: &'static str) -> Result<Timestamp, CorruptRow> {
        self.i64(field).map(Timestamp::from_unix_micros)
    }

    /// Bytes.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], CorruptRow> {
        let length = u32::from_be_bytes(self.array(field)?);
        self.take(usize::try_from(length).map_err(|_| CorruptRow(field))?, field)
    }

    /// A text.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn text(&mut self, field: &'static str) -> Result<&'a str, CorruptRow> {
        core::str::from_utf8(self.bytes(field)?).map_err(|_| CorruptRow(field))
    }

    /// A digest.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn digest(&mut self, field: &'static str) -> Result<SecretDigest, CorruptRow> {
        let bytes = self.bytes(field)?;
        bytes.try_into().map(SecretDigest::from_bytes).map_err(|_| CorruptRow(field))
    }

    /// A person's id.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn subject(&mut self, field: &'static str) -> Result<SubjectId, CorruptRow> {
        SubjectId::from_bytes(self.bytes(field)?).map_err(|_| CorruptRow(field))
    }

    /// An account's id.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn account(&mut self, field: &'static str) -> Result<AccountId, CorruptRow> {
        AccountId::from_bytes(self.bytes(field)?).map_err(|_| CorruptRow(field))
    }

    /// A batch's id.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn batch(&mut self, field: &'static str) -> Result<BatchId, CorruptRow> {
        let bytes = self.bytes(field)?;
        bytes.try_into().map(BatchId::from_bytes).map_err(|_| CorruptRow(field))
    }

    /// A field that may be missing.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`], naming the field.
    pub fn maybe<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, CorruptRow>,
    ) -> Result<Option<T>, CorruptRow> {
        if self.bool(field)? { read(self).map(Some) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_comes_back_field_by_field() {
        let bytes = RecordWriter::new(3).u64(7).text("é").maybe(Some(true), RecordWriter::bool).finish();
        let mut reader = RecordReader::new(&bytes, 3).unwrap();
        assert_eq!(reader.u64("n"), Ok(7));
        assert_eq!(reader.text("t"), Ok("é"));
        assert_eq!(reader.maybe("m", |row| row.bool("b")), Ok(Some(true)));
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn every_deviation_is_named() {
        let bytes = RecordWriter::new(1).bool(true).finish();
        assert_eq!(RecordReader::new(&bytes, 2).unwrap_err(), CorruptRow("form"));
        assert_eq!(RecordReader::new(&bytes, 1).unwrap().finish(), Err(CorruptRow("end")));
        assert_eq!(RecordReader::new(&[1, 2], 1).unwrap().bool("flag"), Err(CorruptRow("flag")));
        assert_eq!(RecordReader::new(&[1, 255, 255, 255, 255], 1).unwrap().bytes("b"), Err(CorruptRow("b")));
    }

    proptest! {
        #[test]
        fn reading_arbitrary_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(mut reader) = RecordReader::new(&bytes, 1) {
                let _ = reader.maybe("a", |row| row.text("b").map(str::len));
                let _ = reader.subject("c");
                let _ = reader.digest("d");
                let _ = reader.u64("e");
            }
        }
    }
}

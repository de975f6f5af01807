//! Questions as values: a statement, and how a row of its answer is read.

use core::fmt;
use std::vec;

use vestibule_core::{
    AccountId, BatchId, CorruptRow, EventId, MessageId, SecretDigest, SessionHandle, SubjectId, Timestamp,
};

use crate::{Statement, Value};

/// A question to a database, and how each row of its answer is read.
pub struct Query<T> {
    statement: Statement,
    read: fn(&mut RowValues) -> Result<T, CorruptRow>,
}

impl<T> Query<T> {
    /// A question. `read` takes the columns in their order, all of them.
    #[must_use]
    pub fn new(
        sql: &'static str,
        params: impl Into<Vec<Value>>,
        read: fn(&mut RowValues) -> Result<T, CorruptRow>,
    ) -> Self {
        Self { statement: Statement::new(sql, params), read }
    }

    /// The statement to run.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Reads one row of the answer.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when a column is not of the form this version writes, or when there are more or fewer columns
    /// than are read.
    pub fn read(&self, mut row: RowValues) -> Result<T, CorruptRow> {
        let read = (self.read)(&mut row)?;
        row.finish()?;
        Ok(read)
    }

    /// Reads an answer that has one row or none.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] as [`read`](Self::read), or when there are several: a key was unique and is no longer (FLT-X38).
    pub fn one(&self, rows: impl IntoIterator<Item = RowValues>) -> Result<Option<T>, CorruptRow> {
        let mut rows = rows.into_iter();
        let first = rows.next().map(|row| self.read(row)).transpose()?;
        if rows.next().is_some() {
            return Err(CorruptRow("a key"));
        }
        Ok(first)
    }

    /// Reads an answer of any number of rows.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn all(&self, rows: impl IntoIterator<Item = RowValues>) -> Result<Vec<T>, CorruptRow> {
        rows.into_iter().map(|row| self.read(row)).collect()
    }
}

impl<T> Clone for Query<T> {
    fn clone(&self) -> Self {
        Self { statement: self.statement.clone(), read: self.read }
    }
}

impl<T> fmt::Debug for Query<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("statement", &self.statement).finish_non_exhaustive()
    }
}

/// The columns of one row, taken from the first to the last.
///
/// Every accessor names the column for the case that it cannot be read, and takes exactly one kind of value: nothing is
/// converted, and a null where none belongs is a corrupt row (FLT-X37).
#[derive(Debug)]
pub struct RowValues(vec::IntoIter<Value>);

impl RowValues {
    /// The columns in the statement's order.
    #[must_use]
    pub fn new(columns: Vec<Value>) -> Self {
        Self(columns.into_iter())
    }

    fn take(&mut self, column: &'static str) -> Result<Value, CorruptRow> {
        self.0.next().ok_or(CorruptRow(column))
    }

    fn finish(mut self) -> Result<(), CorruptRow> {
        self.0.next().map_or(Ok(()), |_| Err(CorruptRow("a column too many")))
    }

    /// A whole number, or null.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when it is anything else.
    pub fn maybe_int(&mut self, column: &'static str) -> Result<Option<i64>, CorruptRow> {
        match self.take(column)? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(number)),
            Value::Text(_) | Value::Blob(_) => Err(CorruptRow(column)),
        }
    }

    /// Text, or null.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when it is anything else.
    pub fn maybe_text(&mut self, column: &'static str) -> Result<Option<String>, CorruptRow> {
        match self.take(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            Value::Int(_) | Value::Blob(_) => Err(CorruptRow(column)),
        }
    }

    /// Bytes, or null.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when it is anything else.
    pub fn maybe_blob(&mut self, column: &'static str) -> Result<Option<Vec<u8>>, CorruptRow> {
        match self.take(column)? {
            Value::Null => Ok(None),
            Value::Blob(bytes) => Ok(Some(bytes)),
            Value::Int(_) | Value::Text(_) => Err(CorruptRow(column)),
        }
    }

    /// Null: the column of a row that was joined and is not there.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when it is anything else.
    pub fn null(&mut self, column: &'static str) -> Result<(), CorruptRow> {
        match self.take(column)? {
            Value::Null => Ok(()),
            Value::Int(_) | Value::Text(_) | Value::Blob(_) => Err(CorruptRow(column)),
        }
    }

    /// A flag, kept as 0 or 1.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when it is anything else.
    pub fn flag(&mut self, column: &'static str) -> Result<bool, CorruptRow> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CorruptRow(column)),
        }
    }
}

/// Writes the accessor of a kind made from a raw one, and its twin for columns that may be null.
macro_rules! accessors {
    ($($doc:literal $name:ident $maybe:ident $out:ty = $raw:ident $make:expr;)+) => {
        impl RowValues {
            $(
                #[doc = concat!($doc, ", or null.")]
                ///
                /// # Errors
                ///
                /// [`CorruptRow`] when it is anything else.
                pub fn $maybe(&mut self, column: &'static str) -> Result<Option<$out>, CorruptRow> {
                    let make: fn(_) -> Option<$out> = $make;
                    self.$raw(column)?.map(|raw| make(raw).ok_or(CorruptRow(column))).transpose()
                }

                #[doc = concat!($doc, ".")]
                ///
                /// # Errors
                ///
                /// [`CorruptRow`] when it is anything else.
                pub fn $name(&mut self, column: &'static str) -> Result<$out, CorruptRow> {
                    self.$maybe(column)?.ok_or(CorruptRow(column))
                }
            )+
        }
    };
}

macro_rules! required {
    ($($doc:literal $name:ident $maybe:ident $out:ty;)+) => {
        impl RowValues {
            $(
                #[doc = $doc]
                ///
                /// # Errors
                ///
                /// [`CorruptRow`] when it is anything else.
                pub fn $name(&mut self, column: &'static str) -> Result<$out, CorruptRow> {
                    self.$maybe(column)?.ok_or(CorruptRow(column))
                }
            )+
        }
    };
}

required! {
    "A whole number." int maybe_int i64;
    "Text." text maybe_text String;
    "Bytes." blob maybe_blob Vec<u8>;
}

fn fixed<const N: usize>(bytes: Vec<u8>) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

accessors! {
    "A whole number that is not negative" u64 maybe_u64 u64 = maybe_int |raw: i64| raw.try_into().ok();
    "A whole number of 32 bits that is not negative" u32 maybe_u32 u32 = maybe_int |raw: i64| raw.try_into().ok();
    "An instant, kept in microseconds" time maybe_time Timestamp
        = maybe_int |raw: i64| Some(Timestamp::from_unix_micros(raw));
    "A person" subject maybe_subject SubjectId = maybe_blob |raw: Vec<u8>| SubjectId::from_bytes(&raw).ok();
    "An account" account maybe_account AccountId = maybe_blob |raw: Vec<u8>| AccountId::from_bytes(&raw).ok();
    "A digest" digest maybe_digest SecretDigest = maybe_blob |raw: Vec<u8>| fixed(raw).map(SecretDigest::from_bytes);
    "A batch's id" batch maybe_batch BatchId = maybe_blob |raw: Vec<u8>| fixed(raw).map(BatchId::from_bytes);
    "An event's id" event maybe_event EventId = maybe_blob |raw: Vec<u8>| fixed(raw).map(EventId::from_bytes);
    "A message's id" message maybe_message MessageId
        = maybe_blob |raw: Vec<u8>| fixed(raw).map(MessageId::from_bytes);
    "A session's public handle" session maybe_session SessionHandle
        = maybe_blob |raw: Vec<u8>| fixed(raw).map(SessionHandle::from_bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair() -> Query<(u64, Option<String>)> {
        Query::new("select a, b from t", [], |row| Ok((row.u64("a")?, row.maybe_text("b")?)))
    }

    fn row(values: impl Into<Vec<Value>>) -> RowValues {
        RowValues::new(values.into())
    }

    #[test]
    fn a_row_is_read_column_by_column() {
        assert_eq!(pair().read(row([Value::Int(7), "x".into()])), Ok((7, Some("x".to_owned()))));
        assert_eq!(pair().read(row([Value::Int(7), Value::Null])), Ok((7, None)));
    }

    #[test]
    fn what_is_not_of_the_expected_kind_is_corrupt() {
        assert_eq!(pair().read(row([Value::Int(-1), Value::Null])), Err(CorruptRow("a")), "negative");
        assert_eq!(pair().read(row([Value::Null, Value::Null])), Err(CorruptRow("a")), "null");
        assert_eq!(
            pair().read(row([Value::Int(1), Value::Int(1)])),
            Err(CorruptRow("b")),
            "a number for text"
        );
        assert_eq!(pair().read(row([Value::Int(1)])), Err(CorruptRow("b")), "too few columns");
        assert!(pair().read(row([Value::Int(1), Value::Null, Value::Null])).is_err(), "too many columns");
    }

    #[test]
    fn ids_have_their_lengths() {
        assert!(row([Value::Blob(vec![1; 16])]).batch("id").is_ok());
        assert_eq!(row([Value::Blob(vec![1; 15])]).batch("id"), Err(CorruptRow("id")));
        assert_eq!(row([Value::Blob(vec![1; 33])]).digest("d"), Err(CorruptRow("d")));
        assert_eq!(row([Value::Blob(vec![])]).subject("s"), Err(CorruptRow("s")));
        assert_eq!(row([Value::Blob(vec![1; 65])]).account("a"), Err(CorruptRow("a")));
        assert_eq!(row([Value::Int(2)]).flag("f"), Err(CorruptRow("f")));
    }

    #[test]
    fn two_rows_under_one_key_are_corrupt() {
        let rows = || row([Value::Int(7), Value::Null]);
        assert!(pair().one([rows(), rows()]).is_err());
        assert_eq!(pair().one([]), Ok(None));
        assert_eq!(pair().all([rows(), rows()]).map(|all| all.len()), Ok(2));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            any::<String>().prop_map(Value::Text),
            any::<Vec<u8>>().prop_map(Value::Blob),
        ]
    }

    proptest! {
        #[test]
        fn no_row_makes_reading_panic(values in proptest::collection::vec(any_value(), 0..4)) {
            let _ = pair().read(row(values.clone()));
            let _ = row(values.clone()).time("t");
            let _ = row(values.clone()).subject("s");
            let _ = row(values).digest("d");
        }
    }
}

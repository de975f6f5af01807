//! Parameters and statements, free of any driver.

use core::fmt;

use vestibule_core::{
    AccountId, BatchId, EventId, MessageId, Realm, SecretDigest, SessionHandle, SubjectId, Timestamp,
};

/// A parameter of a statement, or a column of an answer: the four kinds that every SQL database has.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "drivers match on it; a fifth kind would change every one of them"
)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number, an instant in microseconds, or a flag as 0 or 1.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes: ids, digests, sealed records.
    Blob(Vec<u8>),
}

/// Only the kind and the length: values are addresses, digests and hashes (PR-16).
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Int(_) => f.write_str("Int(..)"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Blob(bytes) => write!(f, "Blob({} bytes)", bytes.len()),
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

/// Numbers beyond `i64` saturate: every counter of ours stays far below, and a saturated one never matches again.
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(i64::from(flag))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Blob(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(bytes)
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Int(at.unix_micros())
    }
}

impl From<&Realm> for Value {
    fn from(realm: &Realm) -> Self {
        Self::Text(realm.as_str().to_owned())
    }
}

macro_rules! from_bytes_of {
    ($($id:ty),+) => {
        $(impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::Blob(id.as_bytes().to_vec())
            }
        })+
    };
}

from_bytes_of!(SubjectId, AccountId, BatchId, EventId, MessageId, SessionHandle, SecretDigest);

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A statement and its parameters.
///
/// The text is written for SQLite, with `?1`, `?2` for parameters, and is a constant: nothing that a person typed
/// ever becomes part of it. [`dialect`](crate::dialect) gives other forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    sql: &'static str,
    params: Vec<Value>,
}

impl Statement {
    /// A statement with its parameters, the first being `?1`.
    #[must_use]
    pub fn new(sql: &'static str, params: impl Into<Vec<Value>>) -> Self {
        Self { sql, params: params.into() }
    }

    /// The text, with `?1`, `?2` for parameters.
    #[must_use]
    pub const fn sql(&self) -> &'static str {
        self.sql
    }

    /// The parameters, the first being `?1`.
    #[must_use]
    pub fn params(&self) -> &[Value] {
        &self.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_statement_shows_no_value() {
        let statement = Statement::new(
            "select 1 where 'a' = ?1",
            ["ada@example.com".into(), Value::from(b"digest".as_slice()), 4711_i64.into(), Value::Null],
        );
        let shown = format!("{statement:?}");
        assert!(!shown.contains("ada") && !shown.contains("4711") && !shown.contains("100"), "{shown}");
        assert!(shown.contains("Text(15 bytes)") && shown.contains("Blob(6 bytes)"), "{shown}");
    }

    #[test]
    fn an_absent_value_is_null() {
        assert_eq!(Value::from(None::<i64>), Value::Null);
        assert_eq!(Value::from(Some(Timestamp::from_unix_micros(7))), Value::Int(7));
    }
}

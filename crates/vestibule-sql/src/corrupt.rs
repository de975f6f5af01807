//! Naming a corrupt column.

use vestibule_core::CorruptRow;
use vestibule_core::kv::RecordReader;

/// A row that cannot be read at this column.
///
/// [`CorruptRow`] is made by core alone, so that every one of them comes from a reader of rows: this one reads the
/// column from a row that has none.
pub(crate) fn corrupt(column: &'static str) -> CorruptRow {
    loop {
        if let Err(corrupt) = RecordReader::new(&[0], 0).and_then(|mut row| row.u8(column)) {
            return corrupt;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_column() {
        assert_eq!(corrupt("login").to_string(), "a stored row cannot be read at login");
    }
}

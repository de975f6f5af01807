//! The journal: events, what they say about people, refusals before proof, outgoing messages.
//!
//! | table | a row is | its key, after the realm |
//! |---|---|---|
//! | `vestibule_event` | an event; it never changes | its id; a unique key on its case reference |
//! | `vestibule_event_personal` | the personal fields of an event | the event |
//! | `vestibule_case` | refusals before proof, folded | reference and key |
//! | `vestibule_message` | an outgoing message | its slot |
//!
//! A case counts to `i64::MAX` and stays there. How many cases there are is counted and not kept.

mod forget;
mod reads;
mod writes;

use vestibule_core::CorruptRow;
use vestibule_core::kv::{RecordReader, RecordWriter};

pub use forget::{forget_cases, forget_cases_beyond, forget_messages};
pub use reads::{
    case_population, cases, event, event_by_case, events_of_account, events_of_subject, messages, personal,
};

use crate::RowValues;

/// Names and texts in one column: a record of their number and then each with its length, so that no text can pose as
/// another field.
fn write_fields(fields: &[(String, String)]) -> Vec<u8> {
    let record = RecordWriter::new(1).u64(fields.len() as u64);
    fields.iter().fold(record, |record, (name, text)| record.text(name).text(text)).finish()
}

/// Whether the names and texts are such as are stored is the domain's to say.
fn read_fields(row: &mut RowValues, column: &'static str) -> Result<Vec<(String, String)>, CorruptRow> {
    let bytes = row.blob(column)?;
    let mut record = RecordReader::new(&bytes, 1)?;
    let fields = (0..record.u64(column)?)
        .map(|_| Ok((record.text(column)?.to_owned(), record.text(column)?.to_owned())))
        .collect::<Result<_, _>>()?;
    record.finish()?;
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Value;

    fn read(bytes: Vec<u8>) -> Result<Vec<(String, String)>, CorruptRow> {
        read_fields(&mut RowValues::new(vec![Value::Blob(bytes)]), "fields")
    }

    #[test]
    fn a_count_that_the_bytes_do_not_bear_out_is_corrupt() {
        let endless = RecordWriter::new(1).u64(u64::MAX).text("name").text("text").finish();
        assert_eq!(read(endless), Err(CorruptRow("fields")));
        let longer = [write_fields(&[]), vec![0]].concat();
        assert_eq!(read(longer), Err(CorruptRow("end")));
    }

    proptest! {
        #[test]
        fn fields_come_back(fields in proptest::collection::vec((any::<String>(), any::<String>()), 0..5)) {
            prop_assert_eq!(read(write_fields(&fields)), Ok(fields));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(bytes);
        }
    }
}

//! Rows as a store gives them back: whatever the bytes, reading refuses or returns what was written, and never panics.
//!
//! The input is a list of field kinds, a zero, and the row. A row that reads to its end must be written again as the
//! same bytes: were there two encodings of one row, a comparison of rows could be fooled.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_core::CorruptRow;
use vestibule_core::kv::{RecordReader, RecordWriter};

const FORM: u8 = 1;

fuzz_target!(|input: &[u8]| {
    let Some(end) = input.iter().position(|byte| *byte == 0) else { return };
    let (kinds, row) = (&input[..end], &input[end + 1..]);
    if let Ok(again) = read_and_write(kinds, row) {
        assert_eq!(again, row, "a row was read that would be written otherwise");
    }
});

fn read_and_write(kinds: &[u8], row: &[u8]) -> Result<Vec<u8>, CorruptRow> {
    let mut reader = RecordReader::new(row, FORM)?;
    let mut writer = RecordWriter::new(FORM);
    for kind in kinds {
        writer = match kind % 11 {
            0 => writer.u8(reader.u8("u8")?),
            1 => writer.bool(reader.bool("bool")?),
            2 => writer.u64(reader.u64("u64")?),
            3 => writer.i64(reader.i64("i64")?),
            4 => writer.time(reader.time("time")?),
            5 => writer.bytes(reader.bytes("bytes")?),
            6 => writer.text(reader.text("text")?),
            7 => writer.bytes(reader.digest("digest")?.as_bytes()),
            8 => writer.bytes(reader.subject("subject")?.as_bytes()),
            9 => writer.bytes(reader.batch("batch")?.as_bytes()),
            _ => writer.maybe(reader.maybe("maybe", |field| field.text("inner"))?, RecordWriter::text),
        };
    }
    reader.finish()?;
    Ok(writer.finish())
}

//! What the rows of this crate have in common.

use vestibule_core::CorruptRow;
use vestibule_core::kv::RecordReader;

use crate::code::Code;

pub(crate) fn fixed<const N: usize>(
    row: &mut RecordReader<'_>,
    field: &'static str,
) -> Result<[u8; N], CorruptRow> {
    row.bytes(field)?.try_into().map_err(|_| CorruptRow(field))
}

pub(crate) fn code(row: &mut RecordReader<'_>, field: &'static str) -> Result<Code, CorruptRow> {
    Code::parse(row.text(field)?).map_err(|_| CorruptRow(field))
}

//! What the flows stand on here: the in-memory store. Store crates run the same flows on theirs, with a `ground` of their
//! own.

use vestibule_core::MemoryStore;

pub(crate) type Ground = MemoryStore;

/// Nothing is to be cleaned up.
#[derive(Debug)]
pub(crate) struct Keep;

pub(crate) fn ground() -> (Ground, Keep) {
    (MemoryStore::in_memory(), Keep)
}

/// What rests, row by row, in an order of its own.
pub(crate) fn rows(store: &Ground, keep: &Keep) -> Vec<Vec<u8>> {
    at_rest(store, keep)
}

/// Every byte that rests, row by row.
pub(crate) fn at_rest(store: &Ground, _: &Keep) -> Vec<Vec<u8>> {
    let rows = store.kv().dump().into_iter();
    rows.flat_map(|(key, value)| [key.partition().as_bytes().to_vec(), key.sort().to_vec(), value]).collect()
}

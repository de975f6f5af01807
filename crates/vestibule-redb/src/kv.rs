//! The store's database: redb's, and the thread that writes to it.

use std::sync::Arc;

use redb::Database;
use vestibule_core::StoreError;
use vestibule_kv::file::OpenedFile;
use vestibule_kv::{Threaded, prepare};

use crate::database::Redb;

/// A redb database as Vestibule needs it. Clones share it, and its thread.
#[derive(Debug, Clone)]
pub struct RedbKv(Threaded<Redb>);

impl RedbKv {
    /// Makes our tables in a database of yours, if they are not there.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; `Schema` when a newer version made them.
    pub fn prepare(database: &Arc<Database>) -> Result<(), StoreError> {
        prepare(&Redb { database: Arc::clone(database), file: None }).map(drop)
    }

    /// A database of yours, in which our tables were made.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn over(database: Arc<Database>) -> Result<Self, StoreError> {
        Self::start(database, None)
    }

    pub(crate) fn start(database: Arc<Database>, file: Option<OpenedFile>) -> Result<Self, StoreError> {
        let kv = Self(Threaded::start(Redb { database, file })?);
        kv.check()?;
        Ok(kv)
    }

    /// The database beneath.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0.database().database
    }

    /// Whether the tables are those of this version.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; of kind `Schema`, with a [`FormatError`](crate::FormatError), when they are not.
    pub fn check(&self) -> Result<(), StoreError> {
        self.0.check()
    }

    /// Whether the database holds any profile, in any realm. It looks at every row until it finds one, and changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn has_people(&self) -> Result<bool, StoreError> {
        self.0.has_people()
    }
}

vestibule_kv::kv_through!(RedbKv);

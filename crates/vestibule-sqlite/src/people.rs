//! Whether anybody is in a file, asked before anything is done to it.

use std::path::Path;

use rusqlite::Connection;
use vestibule_core::StoreError;
use vestibule_sql::profiles;

use crate::connect::connect_reader;
use crate::error::fault;
use crate::file::{OpenedFile, unavailable};
use crate::readers::one;
use crate::{Options, SqliteStore};

impl SqliteStore {
    /// Whether a file holds any profile, in any realm, whichever version made its tables. It changes nothing: where there is no
    /// file, and where there is no table of profiles, there is nobody.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; `Corrupt` when it is no database.
    pub fn has_people(path: impl AsRef<Path>, options: &Options) -> Result<bool, StoreError> {
        let path = path.as_ref();
        if !path.try_exists().map_err(unavailable)? {
            return Ok(false);
        }
        let connection = connect_reader(&OpenedFile::find(path)?, options)?;
        Ok(has_table(&connection).map_err(fault)? && one(&connection, &profiles::anybody())?.is_some())
    }
}

fn has_table(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare("select 1 from sqlite_schema where name = 'vestibule_profile'")?.exists([])
}

//! Whether anybody is in a schema, asked before anything is done to it.

use tokio_postgres::Client;
use vestibule_core::StoreError;
use vestibule_sql::profiles;

use crate::error::fault;
use crate::migrate::has_table;
use crate::{Options, PostgresStore, Server};

impl PostgresStore {
    /// Whether a schema holds any profile, in any realm, whichever version made its tables. It changes nothing: where there is no
    /// schema, and where there is no table of profiles, there is nobody. It runs on the caller's task, inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; `Unavailable` when the server is not reached.
    pub async fn has_people(server: &Server, options: &Options) -> Result<bool, StoreError> {
        let conn = server.connect(options).await?;
        conn.client.batch_execute(&conn.begin(options)).await.map_err(fault)?;
        let found = look(&conn.client, options).await;
        conn.client.batch_execute("rollback").await.map_err(fault)?;
        found
    }
}

async fn look(client: &Client, options: &Options) -> Result<bool, StoreError> {
    if !has_table(client, options, "vestibule_profile").await? {
        return Ok(false);
    }
    let found = client.query(profiles::anybody().statement().sql(), &[]).await.map_err(fault)?;
    Ok(!found.is_empty())
}

//! A store of every domain on a pool of the host's: what [`adapter`](crate::adapter) is to batches, this is to questions.

use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Column, Row, TypeInfo};
use vestibule::{SessionView, SignInQuestion, SignInView, Views, sign_in_view_of};
use vestibule_checkword::{Checkword, CheckwordRead, Found};
use vestibule_core::{
    AccountId, AddressKey, AddressKind, Batch, CaseReference, Commit, EventId, Landed, Lower, Realm,
    SecretDigest, ServerClock, StoreError, StoreErrorKind, SubjectId, Timestamp, Write,
};
use vestibule_credentials::{CredentialsRead, Lane, Password, Tries};
use vestibule_journal::{Case, Event, JournalRead, Message, Personal};
use vestibule_mfa::{Authenticator, CodeRow, MfaRead, Reset, Tries as FactorTries};
use vestibule_profiles::{Account, Leaving, Membership, Profile, ProfileIdentifier, ProfilesRead};
use vestibule_sessions::{Device, Session, SessionsRead};
use vestibule_sql::{Plan, Query, RowValues, Statement, Value, dialect};
use vestibule_sql::{checkword, credentials, journal, mfa, profiles, sessions, throttle, views};
use vestibule_throttle::{Taken, TakenWindow, WindowTake, Windows};

use crate::adapter::{apply_in, bound, fault, passes, unknown};

/// A realm of a database that was migrated. Cloning shares the pool.
#[derive(Debug, Clone)]
pub struct SqlxStore {
    pool: PgPool,
    realm: Realm,
}

impl SqlxStore {
    /// A store on this pool, whose connections find the tables by their `search_path`.
    #[must_use]
    pub const fn new(pool: PgPool, realm: Realm) -> Self {
        Self { pool, realm }
    }

    async fn all<T>(&self, question: Query<T>) -> Result<Vec<T>, StoreError> {
        Ok(question.all(self.rows(question.statement()).await?)?)
    }

    async fn one<T>(&self, question: Query<T>) -> Result<Option<T>, StoreError> {
        Ok(question.one(self.rows(question.statement()).await?)?)
    }

    async fn rows(&self, statement: &Statement) -> Result<Vec<RowValues>, StoreError> {
        let asked = bound(dialect::postgres(statement.sql()), statement.params());
        asked.fetch_all(&self.pool).await.map_err(fault)?.iter().map(row_values).collect()
    }
}

/// The columns of a row. Ours are `bigint`, `text` and `bytea`; what a statement computes may be an `int4` or a `bool`.
fn row_values(row: &PgRow) -> Result<RowValues, StoreError> {
    let value = |column: &sqlx::postgres::PgColumn| -> Result<Value, sqlx::Error> {
        let at = column.ordinal();
        Ok(match column.type_info().name() {
            "INT8" => row.try_get::<Option<i64>, _>(at)?.into(),
            "INT4" => row.try_get::<Option<i32>, _>(at)?.map(i64::from).into(),
            "BOOL" => row.try_get::<Option<bool>, _>(at)?.into(),
            "BYTEA" => row.try_get::<Option<Vec<u8>>, _>(at)?.into(),
            _ => match row.try_get::<Option<&str>, _>(at)? {
                None => Value::Null,
                Some(text) => {
                    let given = dialect::from_postgres_text(text);
                    given.ok_or_else(|| sqlx::Error::Decode("a text that is never kept".into()))?.into()
                }
            },
        })
    };
    let values = row.columns().iter().map(value).collect::<Result<_, _>>();
    // What cannot be decoded is not of the form that we write.
    values.map(RowValues::new).map_err(|_| StoreErrorKind::Corrupt.into())
}

/// How often what somebody was in the way of is begun, at most.
const ROUNDS: usize = 16;

impl<W: Write + Lower<Plan>> Commit<W> for SqlxStore {
    async fn commit(&self, batch: &Batch<W>) -> Result<Landed<W::Guard>, StoreError> {
        for _ in 0..ROUNDS {
            match self.land(batch).await {
                // At once, to stay short: a busy service waits a little in between, not always as long.
                Err(error) if passes(&error) => {}
                landed => return landed,
            }
        }
        Err(StoreErrorKind::Contended.into())
    }
}

impl SqlxStore {
    /// One attempt: one transaction.
    async fn land<W: Write + Lower<Plan>>(&self, batch: &Batch<W>) -> Result<Landed<W::Guard>, StoreError> {
        let mut transaction = self.pool.begin().await.map_err(fault)?;
        let landed = apply_in(&mut transaction, &self.realm, batch).await?;
        let ended = match landed {
            Landed::Applied => transaction.commit().await,
            Landed::AlreadyApplied | Landed::Refused { .. } => return Ok(landed),
        };
        // Whatever is said in answer to a commit, or not said: the batch may have landed.
        ended.map_err(unknown)?;
        Ok(landed)
    }
}

impl Windows for SqlxStore {
    async fn take(&self, windows: Vec<WindowTake>) -> Result<Taken, StoreError> {
        for _ in 0..ROUNDS {
            // When it is dropped, it gives back what was taken.
            let mut transaction = self.pool.begin().await.map_err(fault)?;
            match take_all(&mut transaction, &self.realm, &windows).await {
                Ok(Taken::All(taken)) => {
                    return transaction.commit().await.map_err(unknown).map(|()| Taken::All(taken));
                }
                Ok(full) => return Ok(full),
                // Somebody else began the same counter: in the next transaction it is found.
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {}
                Err(error) => match fault(error) {
                    error if passes(&error) => {}
                    error => return Err(error),
                },
            }
        }
        Err(StoreErrorKind::Contended.into())
    }

    async fn give_back(&self, windows: Vec<TakenWindow>) -> Result<(), StoreError> {
        for window in &windows {
            let statement = throttle::give_back(&self.realm, window);
            let given = bound(dialect::postgres(statement.sql()), statement.params());
            // A commit of its own: whatever is said in answer to it, or not said.
            given.execute(&self.pool).await.map_err(unknown)?;
        }
        Ok(())
    }
}

async fn take_all(
    connection: &mut sqlx::PgConnection,
    realm: &Realm,
    windows: &[WindowTake],
) -> Result<Taken, sqlx::Error> {
    let mut taken = Vec::with_capacity(windows.len());
    for (position, window) in windows.iter().enumerate() {
        match take(connection, realm, window).await? {
            Some(shared) => taken.push(TakenWindow { key: window.key.clone(), shared }),
            None => return Ok(Taken::Full { position }),
        }
    }
    Ok(Taken::All(taken))
}

/// Whether the shared counter was debited; `None` when the window is full. The order is that of [`throttle`].
async fn take(
    connection: &mut sqlx::PgConnection,
    realm: &Realm,
    window: &WindowTake,
) -> Result<Option<bool>, sqlx::Error> {
    let mut changes = async |statement: Statement| {
        let run = bound(dialect::postgres(statement.sql()), statement.params());
        run.execute(&mut *connection).await.map(|done| done.rows_affected() > 0)
    };
    if changes(throttle::debit_own(realm, window)).await? {
        return Ok(Some(false));
    }
    if changes(throttle::has_own(realm, &window.key)).await? {
        return Ok(None);
    }
    if changes(throttle::claim_place(realm, window)).await? {
        return Ok(changes(throttle::begin_own(realm, window)).await?.then_some(false));
    }
    Ok(changes(throttle::debit_shared(realm, window)).await?.then_some(true))
}

impl ProfilesRead for SqlxStore {
    async fn profile(&self, subject: SubjectId) -> Result<Option<Profile>, StoreError> {
        self.one(profiles::profile(&self.realm, subject)).await
    }

    async fn identifier_owner(
        &self,
        kind: AddressKind,
        key: AddressKey,
    ) -> Result<Option<ProfileIdentifier>, StoreError> {
        self.one(profiles::identifier_owner(&self.realm, kind, key)).await
    }

    async fn identifiers(&self, subject: SubjectId) -> Result<Vec<ProfileIdentifier>, StoreError> {
        self.all(profiles::identifiers(&self.realm, subject)).await
    }

    async fn leaving(&self, kind: AddressKind, key: AddressKey) -> Result<Option<Leaving>, StoreError> {
        self.one(profiles::leaving(&self.realm, kind, key)).await
    }

    async fn leaving_of(&self, subject: SubjectId) -> Result<Vec<Leaving>, StoreError> {
        self.all(profiles::leaving_of(&self.realm, subject)).await
    }

    async fn account(&self, account: AccountId) -> Result<Option<Account>, StoreError> {
        self.one(profiles::account(&self.realm, account)).await
    }

    async fn membership(
        &self,
        account: AccountId,
        subject: SubjectId,
    ) -> Result<Option<Membership>, StoreError> {
        self.one(profiles::membership(&self.realm, account, subject)).await
    }

    async fn memberships_of(
        &self,
        subject: SubjectId,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<Membership>, StoreError> {
        self.all(profiles::memberships_of(&self.realm, subject, after, limit)).await
    }

    async fn members_of(
        &self,
        account: AccountId,
        after: Option<SubjectId>,
        limit: u32,
    ) -> Result<Vec<Membership>, StoreError> {
        self.all(profiles::members_of(&self.realm, account, after, limit)).await
    }

    async fn contact_owner(
        &self,
        account: AccountId,
        key: AddressKey,
    ) -> Result<Option<SubjectId>, StoreError> {
        self.one(profiles::contact_owner(&self.realm, account, key)).await
    }
}

impl CheckwordRead for SqlxStore {
    async fn checkword(&self, holder: SubjectId, purpose: String) -> Result<Option<Checkword>, StoreError> {
        self.one(checkword::checkword(&self.realm, holder, &purpose)).await
    }

    async fn found(&self, digest: SecretDigest) -> Result<Option<Found>, StoreError> {
        // In this order: a row moves from the newest to the earlier ones, never back.
        if let Some(newest) = self.one(checkword::newest_by_digest(&self.realm, digest)).await? {
            return Ok(Some(Found::Newest(newest)));
        }
        let former = self.one(checkword::former_by_digest(&self.realm, digest)).await?;
        Ok(former.map(Found::Former))
    }
}

impl CredentialsRead for SqlxStore {
    async fn password(&self, subject: SubjectId) -> Result<Option<Password>, StoreError> {
        self.one(credentials::password(&self.realm, subject)).await
    }

    async fn tries(&self, subject: SubjectId, lane: Lane) -> Result<Option<Tries>, StoreError> {
        self.one(credentials::tries(&self.realm, subject, lane)).await
    }
}

impl MfaRead for SqlxStore {
    async fn authenticators(&self, subject: SubjectId) -> Result<Vec<Authenticator>, StoreError> {
        self.all(mfa::authenticators(&self.realm, subject)).await
    }

    async fn codes(&self, subject: SubjectId) -> Result<Vec<CodeRow>, StoreError> {
        self.all(mfa::codes(&self.realm, subject)).await
    }

    async fn factor_reset(&self, subject: SubjectId) -> Result<Option<Reset>, StoreError> {
        self.one(mfa::factor_reset(&self.realm, subject)).await
    }

    async fn mfa_tries(&self, subject: SubjectId) -> Result<Option<FactorTries>, StoreError> {
        self.one(mfa::mfa_tries(&self.realm, subject)).await
    }
}

impl SessionsRead for SqlxStore {
    async fn session(&self, digest: SecretDigest) -> Result<Option<Session>, StoreError> {
        self.one(sessions::session(&self.realm, digest)).await
    }

    async fn sessions(&self, subject: SubjectId) -> Result<Vec<Session>, StoreError> {
        self.all(sessions::sessions(&self.realm, subject)).await
    }

    async fn device(&self, digest: SecretDigest) -> Result<Option<Device>, StoreError> {
        self.one(sessions::device(&self.realm, digest)).await
    }

    async fn devices(&self, subject: SubjectId) -> Result<Vec<Device>, StoreError> {
        self.all(sessions::devices(&self.realm, subject)).await
    }
}

impl JournalRead for SqlxStore {
    async fn event(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        self.one(journal::event(&self.realm, id)).await
    }

    async fn event_by_case(&self, reference: CaseReference) -> Result<Option<Event>, StoreError> {
        self.one(journal::event_by_case(&self.realm, reference)).await
    }

    async fn events_of_account(
        &self,
        account: AccountId,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.all(journal::events_of_account(&self.realm, account, after, limit)).await
    }

    async fn events_of_subject(
        &self,
        subject: SubjectId,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.all(journal::events_of_subject(&self.realm, subject, after, limit)).await
    }

    async fn personal(&self, event: EventId) -> Result<Option<Personal>, StoreError> {
        self.one(journal::personal(&self.realm, event)).await
    }

    async fn cases(&self, reference: CaseReference) -> Result<Vec<Case>, StoreError> {
        self.all(journal::cases(&self.realm, reference)).await
    }

    async fn case_population(&self) -> Result<u64, StoreError> {
        Ok(self.one(journal::case_population(&self.realm)).await?.unwrap_or(0))
    }

    async fn messages(&self, after: Option<[u8; 32]>, limit: u32) -> Result<Vec<Message>, StoreError> {
        self.all(journal::messages(&self.realm, after, limit)).await
    }
}

/// For the facade.
impl Views for SqlxStore {
    /// Row by row. `vestibule-postgres` asks all of it in one round trip.
    async fn sign_in_view(&self, question: SignInQuestion) -> Result<SignInView, StoreError> {
        sign_in_view_of(self, question).await
    }

    async fn session_view(&self, digest: SecretDigest) -> Result<Option<SessionView>, StoreError> {
        let found = self.one(views::session_view(&self.realm, digest)).await?;
        Ok(found.map(|(session, profile, password_generation)| SessionView {
            session,
            profile,
            password_generation,
        }))
    }
}

impl ServerClock for SqlxStore {
    async fn server_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let now = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";
        let micros = sqlx::query_scalar(now).fetch_one(&self.pool).await.map_err(fault)?;
        Ok(Some(Timestamp::from_unix_micros(micros)))
    }
}

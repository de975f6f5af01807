//! Vestibule's writes in a sqlx transaction of the host's own.

use core::{error, fmt};

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo};
use sqlx::query::Query;
use sqlx::{Acquire, AssertSqlSafe, Encode, Error, PgConnection, Postgres, Transaction, Type};
use vestibule_core::{Batch, Landed, Lower, Realm, StoreError, StoreErrorKind, Write};
use vestibule_sql::{BatchMemory, Judged, Outcome, Plan, Value, dialect};

/// Lands the batch in the open transaction, or refuses it and leaves the transaction as it was. Nothing is lasting before the
/// host commits. Its isolation level is READ COMMITTED.
///
/// # Errors
///
/// [`StoreError`]: nothing of the batch was applied.
pub async fn apply_in<W: Write + Lower<Plan>>(
    host: &mut Transaction<'_, Postgres>,
    realm: &Realm,
    batch: &Batch<W>,
) -> Result<Landed<W::Guard>, StoreError> {
    let plan = Plan::of(realm, batch).map_err(|error| StoreError::new(StoreErrorKind::Backend, error))?;
    // A savepoint: dropped anywhere before its end, it takes the batch back.
    let mut savepoint = host.begin().await.map_err(fault)?;
    let mut outcome = run(&mut savepoint, &plan).await?;
    match outcome {
        Outcome::Applied => savepoint.commit().await,
        Outcome::AlreadyApplied | Outcome::Refused { .. } => savepoint.rollback().await,
    }
    .map_err(fault)?;
    if let (Outcome::Refused { .. }, BatchMemory::InRows(questions)) = (outcome, plan.memory()) {
        for question in questions {
            let sql = dialect::postgres(question.sql());
            if rows(host, sql, question.params()).await.map_err(fault)? > 0 {
                outcome = Outcome::AlreadyApplied;
            }
        }
    }
    outcome.landed(batch).ok_or_else(|| StoreErrorKind::Backend.into())
}

async fn run(connection: &mut PgConnection, plan: &Plan) -> Result<Outcome, StoreError> {
    if let BatchMemory::OwnRow(insert) = plan.memory() {
        let inserted = rows(connection, dialect::postgres(insert.sql()), insert.params()).await;
        if inserted.map_err(fault)? == 0 {
            return Ok(Outcome::AlreadyApplied);
        }
    }
    for step in plan.steps() {
        let judged = match rows(connection, step.postgres(), step.params()).await {
            Ok(rows) => step.judge(rows),
            Err(Error::Database(error))
                if step.refuses_by(|constraint| error.constraint() == Some(constraint.name())) =>
            {
                Judged::Refused
            }
            Err(error) => return Err(fault(error)),
        };
        match judged {
            Judged::Lands => {}
            Judged::Refused => return Ok(Outcome::Refused { position: step.position() }),
            Judged::TooMany => return Err(StoreErrorKind::Backend.into()),
        }
    }
    Ok(Outcome::Applied)
}

/// How many rows were changed, or answered: PostgreSQL tells both the same way.
async fn rows(connection: &mut PgConnection, sql: String, params: &[Value]) -> Result<usize, Error> {
    let done = bound(sql, params).execute(connection).await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// A statement with its parameters. Statements are constants of `vestibule-sql`: nothing that a person typed is in one. It is
/// not kept prepared, because the type of a parameter depends on whether it is null.
pub(crate) fn bound(sql: String, params: &[Value]) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    params.iter().fold(query, |query, param| match param {
        Value::Null => query.bind(Null),
        Value::Int(number) => query.bind(*number),
        Value::Text(text) => query.bind(dialect::postgres_text(text).into_owned()),
        Value::Blob(bytes) => query.bind(bytes.clone()),
    })
}

/// A null of the type `unknown`: the server finds out itself which it is.
struct Null;

impl Type<Postgres> for Null {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(705))
    }
}

impl Encode<'_, Postgres> for Null {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

/// The fault, as long as no commit was under way.
pub(crate) fn fault(error: Error) -> StoreError {
    let kind = match &error {
        Error::Database(server) => kind(&server.code().unwrap_or_default()),
        Error::PoolTimedOut => StoreErrorKind::Contended,
        Error::Io(_) | Error::Tls(_) | Error::PoolClosed | Error::WorkerCrashed => {
            StoreErrorKind::Unavailable
        }
        _ => StoreErrorKind::Backend,
    };
    with_kind(kind, error)
}

/// The same with a kind that its place decides.
fn with_kind(kind: StoreErrorKind, error: Error) -> StoreError {
    let Error::Database(server) = error else { return StoreError::new(kind, error) };
    StoreError::new(kind, Answered(server.code().unwrap_or_default().into_owned()))
}

fn kind(code: &str) -> StoreErrorKind {
    match code {
        // Serialization failure, deadlock, lock or statement timeout, too many connections.
        "40001" | "40P01" | "55P03" | "57014" | "53300" => StoreErrorKind::Contended,
        "25006" => StoreErrorKind::ReadOnly,
        "53100" => StoreErrorKind::Full,
        "XX001" | "XX002" => StoreErrorKind::Corrupt,
        // A plan that was prepared before the tables were changed; no such schema.
        "0A000" | "3F000" => StoreErrorKind::Schema,
        // A transaction that idled too long, no such database, out of resources or of memory.
        "25P03" | "3D000" | "53000" | "53200" => StoreErrorKind::Unavailable,
        // The connection, the right to connect, shutdown or crash of a neighbour, the disk.
        code if ["08", "28", "57P", "58"].iter().any(|class| code.starts_with(class)) => {
            StoreErrorKind::Unavailable
        }
        // No such table, column or function, or no right to it.
        code if code.starts_with("42") => StoreErrorKind::Schema,
        _ => StoreErrorKind::Backend,
    }
}

/// What the server answered: its code, and no more. Its message quotes rows.
#[derive(Debug)]
struct Answered(String);

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}", self.0)
    }
}

impl error::Error for Answered {}

/// Whether nothing is wrong but that somebody else was in the way: the whole transaction is worth running again.
#[must_use]
pub fn passes(error: &StoreError) -> bool {
    let answered = error::Error::source(error).and_then(|source| source.downcast_ref::<Answered>());
    let passes = answered.is_some_and(|Answered(code)| matches!(code.as_str(), "40001" | "40P01"));
    passes && error.kind() == StoreErrorKind::Contended
}

/// A commit that was answered with an error, or not at all, may have landed.
pub(crate) fn unknown(error: Error) -> StoreError {
    with_kind(StoreErrorKind::OutcomeUnknown, error)
}

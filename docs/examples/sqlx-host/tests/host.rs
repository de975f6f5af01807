//! One of Vestibule's batches and a row of the host's, in one transaction of the host's.

#[allow(dead_code, reason = "each target uses a part of it")]
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use sqlx::postgres::PgPool;
use sqlx::{Postgres, Transaction};
use sqlx_host::adapter::{apply_in, passes};
use sqlx_host::store::SqlxStore;
use vestibule_core::{
    Batch, BatchId, Commit, Identifier, Landed, Realm, StoreErrorKind, SubjectId, Timestamp,
};
use vestibule_credentials::{CredentialsWrite, Lane};
use vestibule_profiles::{ProfilesGuard, ProfilesRead, ProfilesWrite, decide};

use crate::support::{Place, VARIABLE, runtime, server};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

vestibule_core::union_of_writes! {
    /// What this host lands together.
    pub enum HostWrite / HostGuard {
        /// People.
        Profiles(ProfilesWrite),
        /// Their tries at passwords.
        Credentials(CredentialsWrite),
    }
}

/// A new person with their login, and their first try at signing in.
fn somebody(id: u8, subject: SubjectId, login: &str) -> Batch<HostWrite> {
    let register = decide::register(subject, vec![Identifier::parse_login(login).unwrap()], NOW);
    let mut writes: Vec<HostWrite> = register.unwrap().into_iter().map(HostWrite::from).collect();
    let tried = CredentialsWrite::TakeTry { subject, lane: Lane::Everybody, from: 0, at: NOW, stops_at: 100 };
    writes.push(tried.into());
    Batch::new(BatchId::from_bytes([id; 16]), NOW, writes).unwrap()
}

/// A row of the host's own.
async fn invoice(transaction: &mut Transaction<'_, Postgres>, subject: SubjectId) {
    let row = sqlx::query("insert into invoice (person) values ($1)").bind(subject.as_bytes().to_vec());
    row.execute(&mut **transaction).await.unwrap();
}

/// How many invoices there are, and whether this person is known.
async fn found(pool: &PgPool, subject: SubjectId) -> (i64, bool) {
    let invoices = sqlx::query_scalar("select count(*) from invoice").fetch_one(pool).await.unwrap();
    let store = SqlxStore::new(pool.clone(), Realm::default());
    (invoices, store.profile(subject).await.unwrap().is_some())
}

async fn rollback_undoes_all(pool: PgPool) {
    let (ada, realm) = (SubjectId::from(1), Realm::default());
    let mut transaction = pool.begin().await.unwrap();
    invoice(&mut transaction, ada).await;
    let landed = apply_in(&mut transaction, &realm, &somebody(1, ada, "ada@example.com")).await.unwrap();
    assert_eq!(landed, Landed::Applied);
    transaction.rollback().await.unwrap();
    assert_eq!(found(&pool, ada).await, (0, false));
}

async fn host_row_and_batch_commit_together(pool: PgPool) {
    let (ada, realm) = (SubjectId::from(1), Realm::default());
    let batch = somebody(1, ada, "ada@example.com");
    let mut transaction = pool.begin().await.unwrap();
    let landed = apply_in(&mut transaction, &realm, &batch).await.unwrap();
    assert_eq!(landed, Landed::Applied);
    invoice(&mut transaction, ada).await;
    assert_eq!(found(&pool, ada).await, (0, false), "nobody sees either before the commit");
    transaction.commit().await.unwrap();
    assert_eq!(found(&pool, ada).await, (1, true));

    // The answer to that commit was lost: the host does all of it again.
    let mut transaction = pool.begin().await.unwrap();
    let landed = apply_in(&mut transaction, &realm, &batch).await.unwrap();
    assert_eq!(landed, Landed::AlreadyApplied);
    transaction.rollback().await.unwrap();
    assert_eq!(found(&pool, ada).await, (1, true));
}

async fn refused_batch_leaves_host_free_to_roll_back(pool: PgPool) {
    let (ada, bob, realm) = (SubjectId::from(1), SubjectId::from(2), Realm::default());
    let mut transaction = pool.begin().await.unwrap();
    let _ = apply_in(&mut transaction, &realm, &somebody(1, ada, "ada@example.com")).await.unwrap();
    transaction.commit().await.unwrap();

    // Somebody else with the same login: refused, after a write of the same batch has landed.
    let taken = Landed::Refused { position: 1, guard: HostGuard::Profiles(ProfilesGuard::IdentifierFree) };
    let mut transaction = pool.begin().await.unwrap();
    invoice(&mut transaction, bob).await;
    let landed = apply_in(&mut transaction, &realm, &somebody(2, bob, "ada@example.com")).await.unwrap();
    assert_eq!(landed, taken);
    transaction.rollback().await.unwrap();
    assert_eq!(found(&pool, bob).await, (0, false));

    // Or it keeps what is its own: the transaction is as it was before the batch.
    let mut transaction = pool.begin().await.unwrap();
    invoice(&mut transaction, bob).await;
    let landed = apply_in(&mut transaction, &realm, &somebody(2, bob, "ada@example.com")).await.unwrap();
    assert_eq!(landed, taken);
    invoice(&mut transaction, bob).await;
    transaction.commit().await.unwrap();
    assert_eq!(found(&pool, bob).await, (2, false));
}

/// The next transactions meet somebody, so many of them: they are taken back as after a deadlock.
async fn meets(pool: &PgPool, times: u32) {
    let trigger = format!(
        "create sequence met;
         create function meet() returns trigger language plpgsql as $$ begin
             if nextval('met') <= {times} then raise sqlstate '40P01'; end if; return new; end $$;
         create trigger meet before insert on vestibule_profile for each row execute function meet()"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(trigger)).execute(pool).await.unwrap();
}

async fn what_somebody_was_in_the_way_of_is_run_again(pool: PgPool) {
    let (ada, realm) = (SubjectId::from(1), Realm::default());
    let batch = somebody(1, ada, "ada@example.com");
    meets(&pool, 2).await;
    let mut transaction = pool.begin().await.unwrap();
    let error = apply_in(&mut transaction, &realm, &batch).await.unwrap_err();
    assert!(passes(&error) && error.kind() == StoreErrorKind::Contended, "{error:?}");
    drop(transaction);
    let store = SqlxStore::new(pool.clone(), realm);
    assert_eq!(store.commit(&batch).await.unwrap(), Landed::Applied);
    assert_eq!(found(&pool, ada).await, (0, true));
}

fn main() -> ExitCode {
    let missing = server().is_none();
    let required = std::env::var_os("VESTIBULE_REQUIRE_SERVERS").is_some_and(|value| value == "1");
    macro_rules! trials {
        ($($name:ident)+) => { vec![$(Trial::test(stringify!($name), || {
            let server = server().ok_or_else(|| format!("no server is named; set {VARIABLE}"))?;
            runtime().block_on(async {
                let place = Place::migrated(server).await.unwrap();
                let pool = place.pool().await.unwrap();
                sqlx::query("create table invoice (person bytea not null)").execute(&pool).await.unwrap();
                $name(pool).await;
            });
            Ok(())
        }).with_ignored_flag(missing && !required)),+] };
    }
    let trials = trials! { rollback_undoes_all host_row_and_batch_commit_together refused_batch_leaves_host_free_to_roll_back
    what_somebody_was_in_the_way_of_is_run_again };
    let count = trials.len();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    if missing && !required {
        println!(
            "LEFT OUT: all {count} tests, because no PostgreSQL server is named; set {VARIABLE}=postgres://.."
        );
    }
    conclusion.exit_code()
}

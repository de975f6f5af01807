//! Somebody is in the way: tried again a few times, then said.

use core::time::Duration;

use vestibule_core::{Batch, Commit, Landed, Realm, StoreErrorKind, SubjectId, Timestamp};
use vestibule_credentials::{CredentialsRead, CredentialsWrite};
use vestibule_postgres::PostgresStore;

use crate::ground::{Place, own, runtime};
use crate::passwords::{PEOPLE, first_passwords, id, landed, password, subject};

/// How often a commit is begun, at most.
const ROUNDS: i64 = 6;

/// The next `times` inserts of a password fail with this code. A sequence counts them, which no rollback takes back.
async fn fail(place: &Place, times: i64, code: &str) {
    let trigger = format!(
        "create sequence failures;
         create function fail() returns trigger language plpgsql as $$ begin
             if nextval('failures') <= {times} then raise exception 'again' using errcode = '{code}'; end if;
             return new;
         end $$;
         create trigger fail before insert on vestibule_password for each row execute function fail()"
    );
    own(place).await.batch_execute(&trigger).await.unwrap();
}

async fn failures(place: &Place) -> i64 {
    own(place).await.query_one("select last_value from failures", &[]).await.unwrap().get(0)
}

#[test]
fn a_serialization_failure_or_a_deadlock_is_tried_again() {
    for code in ["40001", "40P01"] {
        let place = Place::new();
        runtime().block_on(async {
            let store = place.create().await;
            fail(&place, ROUNDS - 1, code).await;
            assert_eq!(store.commit(&first_passwords(1)).await.unwrap(), Landed::Applied, "{code}");
            assert_eq!(landed(&store, 1).await, PEOPLE);
        });
    }
}

#[test]
fn one_that_does_not_end_is_contended_after_a_few_times() {
    for code in ["40001", "40P01"] {
        let place = Place::new();
        runtime().block_on(async {
            let store = place.create().await;
            fail(&place, i64::MAX, code).await;
            let error = store.commit(&first_passwords(1)).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Contended, "{code}");
            assert_eq!(failures(&place).await, ROUNDS);
            assert_eq!(landed(&store, 1).await, 0);
        });
    }
}

#[test]
fn what_is_no_contention_is_not_tried_again() {
    let place = Place::new();
    runtime().block_on(async {
        let store = place.create().await;
        fail(&place, i64::MAX, "53100").await;
        assert_eq!(store.commit(&first_passwords(1)).await.unwrap_err().kind(), StoreErrorKind::Full);
        assert_eq!(failures(&place).await, 1);
    });
}

/// Second passwords for the four people of a number.
fn second_passwords(number: u64) -> Batch<CredentialsWrite> {
    let writes = (0..PEOPLE).map(|person| {
        let first = password(subject(number, person));
        let second = vestibule_credentials::Password { version: 2, ..first };
        CredentialsWrite::PutPassword { password: second, from: Some(1) }
    });
    Batch::new(id(number + 1000), Timestamp::EPOCH, writes.collect()).unwrap()
}

fn bytes(person: SubjectId) -> Vec<u8> {
    person.as_bytes().to_vec()
}

const TOUCH: &str = "update vestibule_password set set_at = set_at where subject = $1";

#[test]
fn a_lock_that_is_never_given_is_contended() {
    let place = Place::new();
    runtime().block_on(async {
        drop(place.create().await);
        let options = place.options().patience(Duration::from_millis(200));
        let store = PostgresStore::open(&place.server(), Realm::default(), options).await.unwrap();
        assert_eq!(store.commit(&first_passwords(1)).await.unwrap(), Landed::Applied);
        let mut holder = own(&place).await;
        let transaction = holder.transaction().await.unwrap();
        assert_eq!(transaction.execute(TOUCH, &[&bytes(subject(1, 2))]).await.unwrap(), 1);
        assert_eq!(store.commit(&second_passwords(1)).await.unwrap_err().kind(), StoreErrorKind::Contended);
        transaction.rollback().await.unwrap();
        let first = store.password(subject(1, 0)).await.unwrap().unwrap();
        assert_eq!(first.version, 1, "nothing of it was applied");
        assert_eq!(store.commit(&second_passwords(1)).await.unwrap(), Landed::Applied);
    });
}

/// Whoever of the two is chosen by the server: the batch lands.
#[test]
fn a_real_deadlock_ends_with_the_batch_landed() {
    let place = Place::new();
    runtime().block_on(async {
        drop(place.create().await);
        let options =
            place.options().patience(Duration::from_secs(60)).statement_timeout(Duration::from_secs(60));
        let store = PostgresStore::open(&place.server(), Realm::default(), options).await.unwrap();
        assert_eq!(store.commit(&first_passwords(1)).await.unwrap(), Landed::Applied);
        let mut other = own(&place).await;
        let transaction = other.transaction().await.unwrap();
        assert_eq!(transaction.execute(TOUCH, &[&bytes(subject(1, 3))]).await.unwrap(), 1);
        let committing = tokio::spawn({
            let store = store.clone();
            async move { store.commit(&second_passwords(1)).await }
        });
        let watcher = own(&place).await;
        // It has the rows before the one that it waits for.
        while watcher
            .query(
                "select 1 from pg_locks as waiting join pg_locks as held using (pid)
                 join pg_class on pg_class.oid = held.relation
                 where not waiting.granted and relnamespace = to_regnamespace($1)",
                &[&place.0],
            )
            .await
            .unwrap()
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
        let met = transaction.execute(TOUCH, &[&bytes(subject(1, 0))]).await;
        match met {
            Ok(_) => transaction.commit().await.unwrap(),
            Err(_) => transaction.rollback().await.unwrap(),
        }
        assert_eq!(committing.await.unwrap().unwrap(), Landed::Applied);
        let last = store.password(subject(1, 3)).await.unwrap().unwrap();
        assert_eq!(last.version, 2);
    });
}

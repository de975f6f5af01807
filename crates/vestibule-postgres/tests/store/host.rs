//! Our writes in a host's own transaction.

use tokio_postgres::Client;
use vestibule_core::{Batch, Commit, Landed, Realm, Timestamp};
use vestibule_credentials::CredentialsWrite;
use vestibule_postgres::{PostgresStore, apply_in};

use crate::ground::{Place, own, runtime};
use crate::passwords::{PEOPLE, first_passwords, id, landed};

/// A host with a table of its own beside ours.
async fn host(place: &Place) -> (PostgresStore, Client) {
    let (store, client) = (place.create().await, own(place).await);
    client.batch_execute("create table invoice (number bigint)").await.unwrap();
    (store, client)
}

async fn invoices(place: &Place) -> i64 {
    own(place).await.query_one("select count(*) from invoice", &[]).await.unwrap().get(0)
}

const INVOICE: &str = "insert into invoice values (1)";

#[test]
fn rollback_undoes_all() {
    let place = Place::new();
    runtime().block_on(async {
        let (store, mut client) = host(&place).await;
        let transaction = &mut client.transaction().await.unwrap();
        transaction.execute(INVOICE, &[]).await.unwrap();
        let answer = apply_in(transaction, &Realm::default(), &first_passwords(1)).await.unwrap();
        assert_eq!(answer, Landed::Applied);
        assert_eq!(landed(&store, 1).await, 0, "nobody else sees it yet");
        transaction.batch_execute("rollback").await.unwrap();
        assert_eq!((invoices(&place).await, landed(&store, 1).await), (0, 0));
    });
    runtime().block_on(async {
        // Nothing remembers it either: the same batch lands.
        let store = PostgresStore::open(&place.server(), Realm::default(), place.options()).await.unwrap();
        let answer = store.commit(&first_passwords(1)).await.unwrap();
        assert_eq!(answer, Landed::Applied);
    });
}

#[test]
fn host_row_and_batch_commit_together() {
    let place = Place::new();
    runtime().block_on(async {
        let (store, mut client) = host(&place).await;
        let mut transaction = client.transaction().await.unwrap();
        let (realm, batch) = (Realm::default(), first_passwords(1));
        assert_eq!(apply_in(&mut transaction, &realm, &batch).await.unwrap(), Landed::Applied);
        transaction.execute(INVOICE, &[]).await.unwrap();
        // Sent again within the transaction it finds itself.
        assert_eq!(apply_in(&mut transaction, &realm, &batch).await.unwrap(), Landed::AlreadyApplied);
        assert_eq!((invoices(&place).await, landed(&store, 1).await), (0, 0));
        transaction.commit().await.unwrap();
        assert_eq!((invoices(&place).await, landed(&store, 1).await), (1, PEOPLE));
    });
}

/// The last of these people has a password already, by another batch.
fn refused_at_the_last() -> Batch<CredentialsWrite> {
    let mut writes = first_passwords(2).writes().to_vec();
    writes.truncate(2);
    writes.extend(first_passwords(3).writes().iter().skip(3).cloned());
    Batch::new(id(99), Timestamp::EPOCH, writes).unwrap()
}

#[test]
fn refused_batch_leaves_host_free_to_roll_back() {
    let place = Place::new();
    runtime().block_on(async {
        let (store, mut client) = host(&place).await;
        let realm = Realm::default();
        assert_eq!(store.commit(&first_passwords(3)).await.unwrap(), Landed::Applied);
        for commits in [false, true] {
            let mut transaction = client.transaction().await.unwrap();
            transaction.execute(INVOICE, &[]).await.unwrap();
            let answer = apply_in(&mut transaction, &realm, &refused_at_the_last()).await.unwrap();
            assert!(matches!(answer, Landed::Refused { position: 2, .. }), "{answer:?}");
            // It is as before the batch: the host's row is there, and its connection takes what comes.
            let there: i64 = transaction.query_one("select count(*) from invoice", &[]).await.unwrap().get(0);
            assert_eq!(there, 1);
            if commits {
                transaction.commit().await.unwrap();
            } else {
                transaction.rollback().await.unwrap();
            }
            assert_eq!(invoices(&place).await, i64::from(commits));
            assert_eq!(landed(&store, 2).await, 0, "nothing of the refused batch is left");
        }
    });
}

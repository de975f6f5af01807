//! The store on connections of a host's own pool.

#![cfg(test)]

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio_postgres::NoTls;
use vestibule_conformance::{Harness, HarnessError};
use vestibule_core::{Commit, Landed, Realm, StoreErrorKind};
use vestibule_credentials::CredentialsRead;
use vestibule_postgres::{PostgresStore, Server};

use ground::{Place, cluster, own, runtime};
use passwords::{PEOPLE, first_passwords, landed};

#[path = "../support/ground.rs"]
mod ground;
#[path = "../store/passwords.rs"]
mod passwords;

fn pool(connections: usize, recycling_method: RecyclingMethod) -> Pool {
    let config = cluster::url().parse().unwrap();
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method });
    Pool::builder(manager).max_size(connections).build().unwrap()
}

/// A pool that cleans nothing and shares its only connection with the store: whatever the store leaves on it is seen.
fn pool_of_one() -> Pool {
    pool(1, RecyclingMethod::Fast)
}

struct Lent;

impl Harness for Lent {
    type Store = PostgresStore;
    type Guard = Place;

    fn name(&self) -> &'static str {
        "lent"
    }

    async fn fresh(&self, _case: &str) -> Result<(Place, PostgresStore), HarnessError> {
        let place = Place::new();
        drop(place.create().await);
        let store = self.reopen(&place, &Realm::default()).await?;
        Ok((place, store))
    }

    async fn reopen(&self, place: &Place, realm: &Realm) -> Result<PostgresStore, HarnessError> {
        Ok(PostgresStore::open(
            &Server::from_pool(pool(4, RecyclingMethod::Clean)),
            realm.clone(),
            place.options(),
        )
        .await?)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        runtime().block_on(future)
    }
}

#[test]
fn every_history_is_answered_as_the_reference_answers() {
    if let Err(finding) = vestibule_conformance::model_check(&Lent, 6) {
        panic!("{finding}");
    }
}

#[test]
fn the_host_finds_its_connection_as_it_gave_it() {
    let place = Place::new();
    runtime().block_on(async {
        drop(place.create().await);
        let pool = pool_of_one();
        let server = Server::from_pool(pool.clone());
        let store = PostgresStore::open(&server, Realm::default(), place.options()).await.unwrap();
        let state = async || -> (String, String, String) {
            let client = pool.get().await.unwrap();
            let row = client
                .query_one(
                    "select current_setting('search_path'), current_setting('lock_timeout'),
                     (now() = statement_timestamp())::text",
                    &[],
                )
                .await
                .unwrap();
            (row.get(0), row.get(1), row.get(2))
        };
        let before = state().await;
        assert_eq!(store.commit(&first_passwords(1)).await.unwrap(), Landed::Applied);
        assert_eq!(store.commit(&first_passwords(1)).await.unwrap(), Landed::AlreadyApplied);
        assert_eq!(landed(&store, 1).await, PEOPLE);
        assert_eq!(state().await, before);
    });
}

#[test]
fn what_the_store_leaves_open_is_rolled_back_before_the_host_goes_on() {
    let place = Place::new();
    runtime().block_on(async {
        drop(place.create().await);
        let pool = pool_of_one();
        let server = Server::from_pool(pool.clone());
        let store = PostgresStore::open(&server, Realm::default(), place.options()).await.unwrap();
        own(&place).await.batch_execute("drop table vestibule_password").await.unwrap();
        let error = store.password(passwords::subject(1, 1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Schema);
        let client = pool.get().await.unwrap();
        let one: i32 = client.query_one("select 1", &[]).await.unwrap().get(0);
        assert_eq!(one, 1, "no failed transaction is in the way");
    });
}

//! FLT-X16: no decision rests on a server that follows another, or refuses writes.

use std::fs;

use vestibule_core::{Commit, Landed, Realm, StoreErrorKind, SubjectId, Timestamp};
use vestibule_credentials::{CredentialsRead, CredentialsWrite, Lane};
use vestibule_postgres::{Options, PostgresStore, Server};

use crate::cluster::{Cluster, leave_out};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn server(cluster: &Cluster) -> Server {
    Server::parse(&cluster.url()).unwrap()
}

async fn create(cluster: &Cluster) -> Result<PostgresStore, StoreErrorKind> {
    let created =
        PostgresStore::create(&server(cluster), Realm::default(), Options::new(), Timestamp::EPOCH).await;
    created.map_err(|error| error.kind())
}

async fn open(cluster: &Cluster, options: Options) -> Result<PostgresStore, StoreErrorKind> {
    let opened = PostgresStore::open(&server(cluster), Realm::default(), options).await;
    opened.map_err(|error| error.kind())
}

/// From its next start the server follows nobody in particular, for ever.
fn follow(cluster: &Cluster) {
    fs::write(cluster.directory().join("data/standby.signal"), "").unwrap();
}

fn first_try() -> vestibule_core::Batch<CredentialsWrite> {
    let write = CredentialsWrite::TakeTry {
        subject: SubjectId::from(1_u64),
        lane: Lane::Everybody,
        from: 0,
        at: Timestamp::EPOCH,
        stops_at: 100,
    };
    vestibule_core::Batch::new(vestibule_core::BatchId::from_bytes([1; 16]), Timestamp::EPOCH, vec![write])
        .unwrap()
}

#[test]
fn a_follower_is_refused_until_it_is_promoted() {
    let cluster = Cluster::start(&[]).unwrap_or_else(|why| leave_out(&why));
    runtime().block_on(async {
        let store = create(&cluster).await.unwrap();
        assert_eq!(store.tries(SubjectId::from(1_u64), Lane::Everybody).await.unwrap(), None);
        // It was a leader when the store was opened.
        cluster.order("stop -m fast").unwrap();
        follow(&cluster);
        cluster.order("start").unwrap();
        assert_eq!(store.commit(&first_try()).await.unwrap_err().kind(), StoreErrorKind::ReadOnly);
        let asked = store.tries(SubjectId::from(1_u64), Lane::Everybody).await;
        assert_eq!(asked.unwrap_err().kind(), StoreErrorKind::ReadOnly, "what it says may be old");
        assert_eq!(open(&cluster, Options::new()).await.unwrap_err(), StoreErrorKind::ReadOnly);
        assert_eq!(create(&cluster).await.unwrap_err(), StoreErrorKind::ReadOnly);
        let pooled = open(&cluster, Options::new().through_pooler()).await;
        assert_eq!(pooled.unwrap_err(), StoreErrorKind::ReadOnly);

        cluster.order("promote").unwrap();
        assert_eq!(store.commit(&first_try()).await.unwrap(), Landed::Applied);
        assert!(store.tries(SubjectId::from(1_u64), Lane::Everybody).await.unwrap().is_some());
    });
}

#[test]
fn a_server_that_refuses_writes_is_refused() {
    let cluster = Cluster::start(&[]).unwrap_or_else(|why| leave_out(&why));
    runtime().block_on(async {
        drop(create(&cluster).await.unwrap());
        let (client, connection) =
            tokio_postgres::connect(&cluster.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let refuse = "alter database postgres set default_transaction_read_only = on";
        client.batch_execute(refuse).await.unwrap();
        assert_eq!(open(&cluster, Options::new()).await.unwrap_err(), StoreErrorKind::ReadOnly);
    });
}

//! What a user must be allowed who opens a store.

use tokio_postgres::NoTls;
use vestibule_core::{Realm, StoreErrorKind, Timestamp};
use vestibule_postgres::{Domain, Migration, Options, PostgresStore, Schema, Server};

use crate::cluster::{Cluster, leave_out};

const USER: &str = "
revoke temporary on database postgres from public;
create role service login;
grant usage on schema vestibule to service;
grant select, insert, update, delete on all tables in schema vestibule to service";

/// Migrations of a host's, of which nothing is noted.
const HOSTS: Domain = Domain::new("host", &[Migration::new(1, "create table host_row (a bigint not null)")]);

/// What our migrations make is known: the server is asked to make it nowhere. What a host's make is not.
#[test]
fn a_user_who_may_make_no_temporary_table_opens_a_store() {
    let cluster = Cluster::start(&[]).unwrap_or_else(|why| leave_out(&why));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (owner, service) = (cluster.url(), cluster.url().replace("user=postgres", "user=service"));
        let with_hosts = || Options::new().schema(Schema::enabled().with(HOSTS));
        PostgresStore::migrate(&Server::parse(&owner).unwrap(), &with_hosts(), Timestamp::EPOCH)
            .await
            .unwrap();
        let (client, connection) = tokio_postgres::connect(&owner, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(USER).await.unwrap();

        let server = Server::parse(&service).unwrap();
        let open = |options| PostgresStore::open(&server, Realm::default(), options);
        assert!(open(Options::new()).await.unwrap().check().await.is_ok());
        assert_eq!(open(with_hosts()).await.unwrap_err().kind(), StoreErrorKind::Schema);
    });
}

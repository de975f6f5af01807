//! Our writes in a host's own transaction.

use vestibule_core::{Landed, Realm};
use vestibule_postgres::apply_in;

use crate::ground::{Place, own, runtime};
use crate::passwords::{PEOPLE, first_passwords, landed};

#[test]
fn the_host_decides_whether_it_lasts() {
    let place = Place::new();
    runtime().block_on(async {
        let (store, realm, batch) = (place.create().await, Realm::default(), first_passwords(1));
        let mut client = own(&place).await;
        client.batch_execute("create table invoice (number bigint)").await.unwrap();

        let mut transaction = client.transaction().await.unwrap();
        assert_eq!(apply_in(&mut transaction, &realm, &batch).await.unwrap(), Landed::Applied);
        transaction.rollback().await.unwrap();
        assert_eq!(landed(&store, 1).await, 0);

        let mut transaction = client.transaction().await.unwrap();
        assert_eq!(apply_in(&mut transaction, &realm, &batch).await.unwrap(), Landed::Applied);
        assert_eq!(apply_in(&mut transaction, &realm, &batch).await.unwrap(), Landed::AlreadyApplied);
        transaction.commit().await.unwrap();
        assert_eq!(landed(&store, 1).await, PEOPLE);
    });
}

#[test]
fn after_a_refusal_the_host_goes_on_with_its_own() {
    let place = Place::new();
    runtime().block_on(async {
        let (store, realm) = (place.create().await, Realm::default());
        let mut client = own(&place).await;
        client.batch_execute("create table invoice (number bigint)").await.unwrap();
        let mut transaction = client.transaction().await.unwrap();
        assert_eq!(apply_in(&mut transaction, &realm, &first_passwords(1)).await.unwrap(), Landed::Applied);
        transaction.commit().await.unwrap();

        // The same people, by another batch.
        let other = vestibule_core::Batch::new(
            crate::passwords::id(99),
            vestibule_core::Timestamp::EPOCH,
            first_passwords(1).writes().to_vec(),
        )
        .unwrap();
        let mut transaction = client.transaction().await.unwrap();
        transaction.execute("insert into invoice values (1)", &[]).await.unwrap();
        let answer = apply_in(&mut transaction, &realm, &other).await.unwrap();
        assert!(matches!(answer, Landed::Refused { position: 0, .. }), "{answer:?}");
        transaction.commit().await.unwrap();
        let invoices: i64 = client.query_one("select count(*) from invoice", &[]).await.unwrap().get(0);
        assert_eq!((invoices, landed(&store, 1).await), (1, PEOPLE));
    });
}

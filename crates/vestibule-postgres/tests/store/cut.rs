//! FLT-X7, FLT-X8: the connection is lost at the commit itself.

use vestibule_core::{Batch, Commit, Landed, Realm, StoreErrorKind, Timestamp};
use vestibule_postgres::PostgresStore;
use vestibule_profiles::{Profile, ProfilesRead, ProfilesWrite};

use crate::ground::{Place, own, runtime};
use crate::passwords::{PEOPLE, first_passwords, id, landed, subject};
use crate::proxy::{Cut, Proxy};

#[test]
fn a_lost_commit_or_answer_is_found_out() {
    for cut in [Cut::Before, Cut::After] {
        let place = Place::new();
        let proxy = Proxy::new(cut);
        runtime().block_on(async {
            let direct = place.create().await;
            let store =
                PostgresStore::open(&proxy.server(), Realm::default(), place.options()).await.unwrap();
            for number in 0..10 {
                let batch = first_passwords(number);
                proxy.cut(1);
                assert_eq!(store.commit(&batch).await.unwrap(), Landed::Applied, "{cut:?}");
                assert_eq!(proxy.left(), 0, "the wire was cut");
                assert_eq!(landed(&direct, number).await, PEOPLE);
                assert_eq!(direct.commit(&batch).await.unwrap(), Landed::AlreadyApplied);
            }
        });
    }
}

#[test]
fn a_server_that_is_never_heard_again_leaves_the_outcome_unknown() {
    for (cut, then) in [(Cut::Before, Landed::Applied), (Cut::After, Landed::AlreadyApplied)] {
        let place = Place::new();
        let proxy = Proxy::new(cut);
        runtime().block_on(async {
            let direct = place.create().await;
            let store =
                PostgresStore::open(&proxy.server(), Realm::default(), place.options()).await.unwrap();
            let batch = first_passwords(1);
            // Each attempt has its commit with it, and is cut at it.
            proxy.cut(usize::MAX);
            let answer = store.commit(&batch).await;
            assert_eq!(answer.unwrap_err().kind(), StoreErrorKind::OutcomeUnknown, "{cut:?}");
            assert_eq!(direct.commit(&batch).await.unwrap(), then);
        });
    }
}

/// Two profiles, in a batch whose memory is a row of its own.
fn two_profiles(number: u64) -> Batch<ProfilesWrite> {
    let profile = |person| Profile {
        subject: subject(number, person),
        epoch: 0,
        block: None,
        identifiers: 1,
        social_links: 0,
        live_memberships: 0,
        created_accounts: 0,
        freeze: None,
        primary: None,
        factor_since: None,
        created_at: Timestamp::EPOCH,
    };
    let writes = (0..2).map(|person| ProfilesWrite::CreateProfile { profile: profile(person) });
    Batch::new(id(number), Timestamp::EPOCH, writes.collect()).unwrap()
}

#[test]
fn a_batch_with_a_row_of_its_own_is_found_by_its_id() {
    for cut in [Cut::Before, Cut::After] {
        let place = Place::new();
        let proxy = Proxy::new(cut);
        runtime().block_on(async {
            let direct = place.create().await;
            let store =
                PostgresStore::open(&proxy.server(), Realm::default(), place.options()).await.unwrap();
            proxy.cut(1);
            assert_eq!(store.commit(&two_profiles(1)).await.unwrap(), Landed::Applied, "{cut:?}");
            assert_eq!(proxy.left(), 0, "the wire was cut");
            for person in 0..2 {
                assert!(direct.profile(subject(1, person)).await.unwrap().is_some());
            }
            let rows = "select count(*) from vestibule_batch";
            let remembered: i64 = own(&place).await.query_one(rows, &[]).await.unwrap().get(0);
            assert_eq!(remembered, 1);
            assert_eq!(direct.commit(&two_profiles(1)).await.unwrap(), Landed::AlreadyApplied);
        });
    }
}

/// What stands behind a beginning that failed stands by itself: nothing of it may land, whatever its answer promises.
#[test]
fn of_a_batch_whose_transaction_did_not_begin_nothing_lands() {
    let place = Place::new();
    let proxy = Proxy::new(Cut::Begin);
    runtime().block_on(async {
        let direct = place.create().await;
        let store = PostgresStore::open(&proxy.server(), Realm::default(), place.options()).await.unwrap();
        // The statements are prepared, so that all of a batch is sent at once.
        assert_eq!(store.commit(&two_profiles(1)).await.unwrap(), Landed::Applied);
        let there = async |number, person| direct.profile(subject(number, person)).await.unwrap().is_some();

        proxy.cut(1);
        assert!(store.commit(&two_profiles(2)).await.is_err(), "the server was not told to begin");
        assert_eq!(proxy.left(), 0);
        assert!(!there(2, 0).await && !there(2, 1).await, "a part of it landed");
        assert_eq!(store.commit(&two_profiles(2)).await.unwrap(), Landed::Applied);

        // One whose second row is taken is refused whole.
        let write = |number: u64| two_profiles(number).writes()[0].clone();
        let taken = Batch::new(id(4), Timestamp::EPOCH, vec![write(2), write(3)]).unwrap();
        proxy.cut(1);
        assert!(store.commit(&taken).await.is_err());
        assert!(!there(3, 0).await, "half of it landed");
        let rows = "select count(*) from vestibule_batch";
        let remembered: i64 = own(&place).await.query_one(rows, &[]).await.unwrap().get(0);
        assert_eq!(remembered, 2, "and none of its memory");
        assert!(matches!(store.commit(&taken).await.unwrap(), Landed::Refused { .. }));
    });
}

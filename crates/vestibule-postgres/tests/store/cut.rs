//! FLT-X7, FLT-X8: the connection is lost at the commit itself.

use vestibule_core::{Commit, Landed, Realm, StoreErrorKind};
use vestibule_postgres::PostgresStore;

use crate::ground::{Place, runtime};
use crate::passwords::{PEOPLE, first_passwords, landed};
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
            // After the first commit has landed, what is run again is rolled back and not committed.
            proxy.cut(usize::MAX);
            let answer = store.commit(&batch).await;
            match cut {
                Cut::Before => assert_eq!(answer.unwrap_err().kind(), StoreErrorKind::OutcomeUnknown),
                Cut::After => assert_eq!(answer.unwrap(), Landed::Applied),
            }
            assert_eq!(direct.commit(&batch).await.unwrap(), then);
        });
    }
}

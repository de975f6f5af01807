//! Every connection taken (FLT-X13): callers are told within the bound, questions go on, and afterwards everything works.

use std::time::{Duration, Instant};

use vestibule_core::{ErrorKind, Realm};
use vestibule_postgres::PostgresStore;
use vestibule_profiles::ProfilesRead;

use crate::acts::{Act, Answer, Ready};
use crate::calls::realm;
use crate::cast::{BOB, Start, bob, deployment, settle};
use crate::ground::{Place, block_on, reach, require_quiet, runtime};

const PATIENCE: Duration = Duration::from_millis(400);
const CALLERS: usize = 12;

#[expect(clippy::disallowed_methods, reason = "how long somebody waits is what is tested")]
pub(crate) fn taken_by_others_it_is_contended_and_then_free() {
    let place = Place::new();
    let (server, options) = reach(&place.name());
    let store = block_on(PostgresStore::open(&server, Realm::default(), options.patience(PATIENCE))).unwrap();
    let store = store.in_realm(realm("pool"));
    let vestibule = deployment(store.clone());
    block_on(settle(&vestibule, Start::Member));
    let mut own = place.own();
    let locked = block_on(async {
        let transaction = own.transaction().await.unwrap();
        transaction.batch_execute("lock table vestibule_event in access exclusive mode").await.unwrap();
        transaction
    });
    let begun = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let vestibule = vestibule.clone();
            runtime().spawn(async move {
                let ready = Ready::make(Act::Block, &vestibule).await?;
                Err::<(), _>(ready.go(&vestibule).await)
            })
        })
        .collect();
    // However many commits wait, a question is answered.
    while callers.iter().any(|caller| !caller.is_finished()) {
        assert!(block_on(store.profile(bob())).unwrap().is_some());
        assert!(begun.elapsed() < PATIENCE * 50, "somebody hangs");
    }
    for caller in callers {
        let answer = block_on(caller).unwrap().unwrap_err();
        assert_eq!(answer, Answer::Fault(ErrorKind::Busy), "within {:?}", begun.elapsed());
    }
    block_on(locked.rollback()).unwrap();
    require_quiet(&place, &store);
    let _ = block_on(crate::acts::session(&vestibule, BOB)).expect("everything works afterwards");
}

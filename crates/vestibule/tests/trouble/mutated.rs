//! Rows that are not as anybody wrote them: an error for whose they are, no panic, no acceptance, and everybody else still
//! signs in (FLT-X37).

use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};

use vestibule::{
    AnyWrite, FactorAnswer, LoginChange, NewPerson, NoticeKind, RecoveryRequest, SignIn, SignInRequest,
    Store, Vestibule,
};
use vestibule_core::{
    Batch, BatchId, Failure, Landed, LoginEmail, Secret, StoreErrorKind, SubjectId, Timestamp,
};
use vestibule_credentials::{CredentialsWrite, Lane};
use vestibule_mfa::MfaWrite;
use vestibule_throttle::{Overflow, WindowKey, WindowKind, WindowTake};

use crate::acts::{Answer, entered, entered_by_both, letter, session};
use crate::calls::{Known, reads};
use crate::cast::{BOB, CLEO, HIS, RIGHT, Start, an_hour_earlier, deployment, engines, settle};
use crate::factor::{kept, set_up};
use crate::ground::block_on;

const EVE: &str = "eve@example.com";
const WRONG: &str = "a mule that counts to seven";

/// The rows before anything happens to them: Bob's are all that there can be, Eve has nothing to do with his.
pub(crate) struct Before {
    pub(crate) known: Known,
    token: Secret<String>,
}

impl Before {
    pub(crate) fn settle(store: &(impl Store + Clone)) -> Self {
        let vestibule = deployment(store.clone());
        block_on(settle(&vestibule, Start::Elsewhere));
        let eve = NewPerson::verified_by_host(LoginEmail::parse(EVE).unwrap());
        block_on(vestibule.register_verified(eve.subject(SubjectId::from(5)).password(RIGHT))).unwrap();
        block_on(an_hour_earlier(change_logins(&vestibule)));
        let earlier = block_on(Known::of(store));
        // Another link takes the place of the one that was used.
        let who = block_on(session(&vestibule, BOB)).unwrap();
        let _ = block_on(vestibule.request_login_change(&who, LoginChange::add(CLEO))).unwrap();
        drop(block_on(set_up(&vestibule, Start::Elsewhere)));
        let token = block_on(enter(&vestibule));
        let who = block_on(vestibule.authenticate(&token)).unwrap();
        // A change that leaves a refusal after proof, and a case.
        assert!(block_on(vestibule.change_password(&who, WRONG, WRONG)).is_err());
        let Err(Failure::Refused(refusal)) = block_on(vestibule.sign_in(SignInRequest::new(BOB, WRONG)))
        else {
            panic!("it was the wrong one")
        };
        block_on(begin_reset(&vestibule));
        let _ = block_on(vestibule.request_recovery(RecoveryRequest::new(BOB))).unwrap();
        drop(block_on(store.take(vec![crowded()])).unwrap());
        let landed = block_on(store.commit(&without_an_event())).unwrap();
        assert_eq!(landed, Landed::Applied);
        let known = block_on(Known::of(store)).with_case(refusal.case()).with_links_of(&earlier);
        Self { known, token }
    }
}

/// Bob takes a mailbox, and gives it up.
async fn change_logins(vestibule: &Vestibule) {
    let who = session(vestibule, BOB).await.unwrap();
    let _ = vestibule.request_login_change(&who, LoginChange::add(HIS)).await.unwrap();
    let link = letter(vestibule, NoticeKind::LoginChangeLink).await.unwrap().link.unwrap();
    vestibule.confirm_login_change(&who, &link).await.unwrap();
    vestibule.remove_login(&who, HIS).await.unwrap();
}

/// Bob's session in the account, after a code that is none, by one that he then has no more.
async fn enter(vestibule: &Vestibule) -> Secret<String> {
    let pending = pending(vestibule).await;
    assert!(vestibule.complete_sign_in(&pending, FactorAnswer::code("000000"), None).await.is_err());
    let code = kept().codes().nth(1).unwrap();
    match vestibule.complete_sign_in(&pending, code, None).await.unwrap().outcome {
        SignIn::SignedIn(signed_in) => signed_in.token,
        other => panic!("nothing was marked: {other:?}"),
    }
}

/// Bob's second factor is lost, and waits to die.
async fn begin_reset(vestibule: &Vestibule) {
    let pending = pending(vestibule).await;
    let _ = vestibule.request_factor_reset(&pending).await.unwrap();
    let link = letter(vestibule, NoticeKind::FactorResetLink).await.unwrap().link.unwrap();
    let _ = vestibule.begin_factor_reset(&pending, &link).await.unwrap();
}

async fn pending(vestibule: &Vestibule) -> Secret<String> {
    match vestibule.sign_in(SignInRequest::new(BOB, RIGHT).into_account(engines())).await.unwrap() {
        SignIn::FactorNeeded(pending) => pending.token,
        other => panic!("he has a second factor: {other:?}"),
    }
}

/// A try in a window that has no room for one more counter: the one that is shared is debited.
fn crowded() -> WindowTake {
    let key = WindowKey {
        kind: WindowKind::Identifier,
        digest: [9; 32],
        overflow: Overflow { network: Overflow::NETWORKS, key: 3 },
        starts_at: Timestamp::EPOCH,
        ends_at: Timestamp::EPOCH.plus(Duration::from_secs(4_000_000_000)),
    };
    WindowTake { key, at_most: 1000, population: 0 }
}

/// What only a row of its own remembers: several writes, and none is an event. No command of the facade sends such a batch.
pub(crate) fn without_an_event() -> Batch<AnyWrite> {
    // Nobody's: no row but its own says whether it lands.
    let subject = SubjectId::from(98);
    let writes = vec![
        AnyWrite::from(CredentialsWrite::ResetTries { subject, lane: Lane::Everybody }),
        AnyWrite::from(MfaWrite::ResetTries { subject }),
    ];
    Batch::new(BatchId::from_bytes([6; 16]), Timestamp::EPOCH, writes).unwrap()
}

/// What a store made of a mutated row.
#[derive(Debug)]
pub(crate) struct After {
    /// How many reads said that a row is corrupt.
    pub(crate) corrupt: usize,
    /// How many reads failed in another way.
    pub(crate) others: Vec<(&'static str, StoreErrorKind)>,
    /// Whether a batch of before is still known to have landed.
    pub(crate) remembers: bool,
    /// How Bob's sign-in into the account, by both factors, was answered.
    pub(crate) bob: Answer,
    /// Whether his session of before still opens it.
    pub(crate) session_opens: bool,
    /// How Eve's sign-in was answered, who has nothing to do with Bob.
    pub(crate) eve: Answer,
}

/// Reads everything and signs both in. A panic is a failure that says what was mutated.
pub(crate) fn look(store: &(impl Store + Clone), before: &Before, what: &str) -> After {
    let looked = catch_unwind(AssertUnwindSafe(|| look_at(store, before)));
    looked.unwrap_or_else(|_| panic!("a panic after {what}"))
}

fn look_at(store: &(impl Store + Clone), before: &Before) -> After {
    let (mut corrupt, mut others) = (0, Vec::new());
    let mut told = |name, answer| match answer {
        Ok(()) => {}
        Err(StoreErrorKind::Corrupt) => corrupt += 1,
        Err(other) => others.push((name, other)),
    };
    for (name, calling) in reads(store, &before.known) {
        told(name, block_on(calling).map_err(|error| error.kind()));
    }
    told("take", block_on(store.take(vec![crowded()])).map(drop).map_err(|error| error.kind()));
    let sent_again = block_on(store.commit(&without_an_event())).map_err(|error| error.kind());
    told("commit", sent_again.as_ref().map(|_| ()).map_err(|kind| *kind));
    let vestibule = deployment(store.clone());
    let session_opens = match block_on(vestibule.authenticate(&before.token)) {
        Ok(who) => matches!(block_on(vestibule.is_admitted(&who, engines())), Ok(true)),
        Err(_) => false,
    };
    let bob = block_on(entered_by_both(&vestibule, SignInRequest::new(BOB, RIGHT).into_account(engines())));
    let eve = block_on(entered(&vestibule, SignInRequest::new(EVE, RIGHT)));
    After {
        corrupt,
        others,
        remembers: sent_again == Ok(Landed::AlreadyApplied),
        bob: answer(bob),
        session_opens,
        eve: answer(eve),
    }
}

fn answer(answer: Result<String, Answer>) -> Answer {
    answer.map_or_else(|answer| answer, Answer::Done)
}

/// The answer of somebody who is signed in.
pub(crate) fn signs_in(answer: &Answer) -> bool {
    matches!(answer, Answer::Done(_))
}

//! Rows that are not as anybody wrote them: an error for whose they are, no panic, no acceptance, and everybody else still
//! signs in (FLT-X37).

use std::panic::{AssertUnwindSafe, catch_unwind};

use vestibule::{NewPerson, SignInRequest, Store, Vestibule};
use vestibule_core::{Failure, LoginEmail, Secret, StoreErrorKind, SubjectId};

use crate::acts::Answer;
use crate::calls::{Known, reads};
use crate::cast::{BOB, RIGHT, Start, deployment, engines, settle};
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
        let request = SignInRequest::new(BOB, RIGHT).into_account(engines());
        let vestibule::SignIn::SignedIn(signed_in) = block_on(vestibule.sign_in(request)).unwrap() else {
            panic!("nothing was marked")
        };
        let token = signed_in.token;
        let who = block_on(vestibule.authenticate(&token)).unwrap();
        // A change that leaves a refusal after proof, and a case.
        assert!(block_on(vestibule.change_password(&who, WRONG, WRONG)).is_err());
        let Err(Failure::Refused(refusal)) = block_on(vestibule.sign_in(SignInRequest::new(BOB, WRONG)))
        else {
            panic!("it was the wrong one")
        };
        let known = block_on(Known::of(store)).with_case(refusal.case());
        Self { known, token }
    }
}

/// What a store made of a mutated row.
#[derive(Debug)]
pub(crate) struct After {
    /// How many reads said that a row is corrupt.
    pub(crate) corrupt: usize,
    /// How many reads failed in another way.
    pub(crate) others: Vec<(&'static str, StoreErrorKind)>,
    /// How Bob's sign-in into the account was answered.
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
    for (name, calling) in reads(store, &before.known) {
        match block_on(calling).map_err(|error| error.kind()) {
            Ok(()) => {}
            Err(StoreErrorKind::Corrupt) => corrupt += 1,
            Err(other) => others.push((name, other)),
        }
    }
    let vestibule = deployment(store.clone());
    let session_opens = match block_on(vestibule.authenticate(&before.token)) {
        Ok(who) => matches!(block_on(vestibule.is_admitted(&who, engines())), Ok(true)),
        Err(_) => false,
    };
    let bob = sign_in(&vestibule, SignInRequest::new(BOB, RIGHT).into_account(engines()));
    After { corrupt, others, bob, session_opens, eve: sign_in(&vestibule, SignInRequest::new(EVE, RIGHT)) }
}

fn sign_in(vestibule: &Vestibule, request: SignInRequest) -> Answer {
    block_on(crate::acts::entered(vestibule, request)).map_or_else(|answer| answer, Answer::Done)
}

/// The answer of somebody who is signed in.
pub(crate) fn signs_in(answer: &Answer) -> bool {
    matches!(answer, Answer::Done(_))
}

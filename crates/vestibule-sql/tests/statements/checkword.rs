use vestibule_checkword::{Checkword, CheckwordWrite, Former, Rotation, State, Tries};
use vestibule_core::{BatchId, SecretDigest};
use vestibule_sql::checkword;

use crate::world::{ada, later, realm};
use crate::{asked, compare, run, samples, written};

fn slot(state: State, sealed: Option<&[u8]>) -> Checkword {
    Checkword {
        holder: ada(),
        purpose: "recovery".to_owned(),
        generation: 3,
        digest: SecretDigest::from_bytes([5; 32]),
        bound: b"email:key".to_vec(),
        issued_at: later(0),
        expires_at: later(3600),
        state,
        sealed: sealed.map(<[u8]>::to_vec),
        sends: 1,
        last_sent_at: later(0),
        is_code: true,
        tries: Tries { of_code: 1, of_day: 2, day_began_at: later(0) },
        version: 4,
        set_by: BatchId::from_bytes([0; 16]),
    }
}

#[test]
fn writes_of_checkwords_are_these_statements() {
    let (holder, purpose) = (ada(), || "recovery".to_owned());
    let put = |state, sealed, from| CheckwordWrite::Put { checkword: slot(state, sealed), from };
    let bury = |state| CheckwordWrite::Bury {
        former: Former {
            holder,
            purpose: purpose(),
            generation: 2,
            digest: SecretDigest::from_bytes([4; 32]),
            issued_at: later(0),
            state,
        },
    };
    let samples = samples! { CheckwordWrite:
        Bury = [
            bury(State::Superseded { at: later(1) }),
            bury(State::Rotated { at: later(1), by: Rotation::PasswordSet }),
        ]
        Consume = [CheckwordWrite::Consume { holder, purpose: purpose(), generation: 3, at: later(1) }]
        Put = [put(State::Live, Some(b"sealed"), None), put(State::Used { at: later(1) }, None, Some(3))]
        Rotate = [CheckwordWrite::Rotate { holder, purpose: purpose(), at: later(1), by: Rotation::PasswordSet }]
        Wipe = [CheckwordWrite::Wipe { holder, purpose: purpose(), generation: 3 }]
    };
    compare("checkword_writes", &written(samples));
}

#[test]
fn questions_of_checkwords_are_these_statements() {
    let (realm, mut text) = (realm(), String::new());
    let digest = SecretDigest::from_bytes([5; 32]);
    asked(&mut text, "checkword", &checkword::checkword(&realm, ada(), "recovery"));
    asked(&mut text, "newest by digest", &checkword::newest_by_digest(&realm, digest));
    asked(&mut text, "former by digest", &checkword::former_by_digest(&realm, digest));
    run(&mut text, "forget_checkwords", &checkword::forget_checkwords(&realm, later(1), 500));
    run(&mut text, "forget_formers", &checkword::forget_formers(&realm, later(1), 500));
    run(&mut text, "wipe_sealed", &checkword::wipe_sealed(&realm, later(1), 500));
    compare("checkword_questions", &text);
}

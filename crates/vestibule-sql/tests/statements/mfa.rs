use vestibule_core::{BatchId, KeyId, Sealed};
use vestibule_mfa::{
    Authenticator, AuthenticatorId, AuthenticatorName, CodeRow, Course, MfaWrite, Parameters,
};
use vestibule_sql::mfa;

use crate::world::{NOW, ada, digest, later, realm};
use crate::{asked, compare, samples, written};

fn sealed(byte: u8) -> Sealed {
    Sealed::from_bytes(&[&[1, 2, b's', b'1'][..], &[byte; 24], &[9; 16]].concat()).unwrap()
}

const fn id(byte: u8) -> AuthenticatorId {
    AuthenticatorId::from_bytes([byte; 16])
}

fn authenticator(confirmed: bool) -> Authenticator {
    Authenticator {
        subject: ada(),
        slot: 3,
        id: id(1),
        name: AuthenticatorName::parse("phone").unwrap(),
        parameters: Parameters::default(),
        sealed: sealed(7),
        created_at: NOW,
        confirmed_at: confirmed.then(|| later(1)),
        last_step: confirmed.then_some(56),
        version: 4,
        set_by: BatchId::from_bytes([0; 16]),
    }
}

fn code(spent: bool) -> CodeRow {
    CodeRow {
        subject: ada(),
        slot: 9,
        key: KeyId::parse("k2").unwrap(),
        digest: digest(1),
        spent: spent.then(|| (KeyId::parse("k1").unwrap(), digest(2))),
        version: 5,
        made_at: later(1),
        set_by: BatchId::from_bytes([0; 16]),
    }
}

#[test]
fn writes_of_the_second_factor_are_these_statements() {
    let (subject, slot) = (ada(), 3);
    let advance = |resealed| MfaWrite::AdvanceStep { subject, slot, id: id(1), to: 57, resealed };
    let put = |confirmed, from| MfaWrite::PutAuthenticator { row: authenticator(confirmed), from };
    let put_code = |spent, replacing| MfaWrite::PutCode { row: code(spent), replacing };
    let take = |from, stops_at| MfaWrite::TakeTry { subject, from, at: later(1), stops_at };
    let course = |from, begins: bool| MfaWrite::SetCourse {
        subject,
        from,
        course: begins.then_some(Course { begun_at: NOW, ends_at: later(1), generation: 4 }),
    };
    let samples = samples! { MfaWrite:
        AdvanceStep = [advance(None), advance(Some(sealed(8)))]
        ClearCode = [MfaWrite::ClearCode { subject, slot, digest: digest(1) }]
        NoteProven = [MfaWrite::NoteProven { subject, generation: 4 }]
        PutAuthenticator = [put(false, None), put(true, Some(3))]
        PutCode = [put_code(false, None), put_code(true, Some(digest(2)))]
        RemoveAuthenticator = [MfaWrite::RemoveAuthenticator { subject, slot, id: id(1) }]
        ResetTries = [MfaWrite::ResetTries { subject }]
        SetCourse = [course(0, true), course(3, false)]
        SettleTry = [MfaWrite::SettleTry { subject, number: 7 }]
        TakeTry = [take(0, 100), take(0, 1), take(6, 100)]
    };
    compare("mfa_writes", &written(samples));
}

#[test]
fn questions_of_the_second_factor_are_these_statements() {
    let (realm, mut text) = (realm(), String::new());
    asked(&mut text, "authenticators", &mfa::authenticators(&realm, ada()));
    asked(&mut text, "codes", &mfa::codes(&realm, ada()));
    asked(&mut text, "factor_reset", &mfa::factor_reset(&realm, ada()));
    asked(&mut text, "mfa_tries", &mfa::mfa_tries(&realm, ada()));
    compare("mfa_questions", &text);
}

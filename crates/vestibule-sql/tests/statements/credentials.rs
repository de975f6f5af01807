use vestibule_core::BatchId;
use vestibule_credentials::{CredentialsWrite, Lane, Password};
use vestibule_sql::credentials;

use crate::world::{ada, handle, later, realm};
use crate::{asked, compare, run, samples, written};

#[test]
fn writes_of_passwords_are_these_statements() {
    let (subject, lane) = (ada(), Lane::Device(handle(1)));
    let put = |hash: Option<&str>, from| CredentialsWrite::PutPassword {
        password: Password {
            subject,
            hash: hash.map(str::to_owned),
            version: 4,
            generation: 5,
            set_at: later(1),
            must_change: true,
            set_by: BatchId::from_bytes([0; 16]),
        },
        from,
    };
    let take = |from, stops_at| CredentialsWrite::TakeTry { subject, lane, from, at: later(1), stops_at };
    let samples = samples! { CredentialsWrite:
        PutPassword = [put(Some("$argon2id$..."), None), put(None, Some(3))]
        RequirePassword = [CredentialsWrite::RequirePassword { subject, generation: 7 }]
        ResetTries = [CredentialsWrite::ResetTries { subject, lane: Lane::Everybody }]
        SettleTry = [CredentialsWrite::SettleTry { subject, lane, number: 7 }]
        TakeTry = [take(0, 100), take(0, 1), take(6, 100)]
    };
    compare("credentials_writes", &written(samples));
}

#[test]
fn questions_of_passwords_are_these_statements() {
    let (realm, mut text) = (realm(), String::new());
    asked(&mut text, "password", &credentials::password(&realm, ada()));
    asked(&mut text, "tries", &credentials::tries(&realm, ada(), Lane::Everybody));
    asked(&mut text, "tries of a device", &credentials::tries(&realm, ada(), Lane::Device(handle(1))));
    run(&mut text, "forget_tries", &credentials::forget_tries(&realm, later(1), 500));
    compare("credentials_questions", &text);
}

use std::time::Duration;

use vestibule_core::BatchId;
use vestibule_sessions::{AdmissionStamp, Amr, Device, Evidence, Session, SessionsWrite};
use vestibule_sql::{sessions, views};

use crate::world::{NOW, acme, ada, digest, handle, later, realm};
use crate::{asked, compare, run, samples, written};

fn stamps() -> Vec<AdmissionStamp> {
    vec![AdmissionStamp { account: acme(), membership_epoch: 2, policy_version: 3, membership_version: 4 }]
}

fn session() -> Session {
    Session {
        slot: 3,
        handle: handle(1),
        digest: digest(2),
        subject: ada(),
        profile_epoch: 4,
        password_generation: Some(5),
        evidence: vec![Evidence { amr: Amr::Password, at: NOW }],
        created_at: NOW,
        last_used_at: later(1),
        idle: Duration::from_secs(60),
        ends_at: later(2),
        admissions: stamps(),
        label: "Firefox".to_owned(),
        version: 6,
        set_by: BatchId::from_bytes([0; 16]),
    }
}

fn device() -> Device {
    Device {
        slot: 3,
        handle: handle(1),
        digest: digest(2),
        subject: ada(),
        profile_epoch: 4,
        label: "Firefox".to_owned(),
        made_at: NOW,
        ends_at: later(1),
        remembered_since: Some(NOW),
        set_by: BatchId::from_bytes([0; 16]),
    }
}

#[test]
fn writes_of_sessions_are_these_statements() {
    let (subject, slot, own) = (ada(), 3, handle(1));
    let samples = samples! { SessionsWrite:
        EndSession = [SessionsWrite::EndSession { subject, slot, handle: own }]
        PutDevice = [
            SessionsWrite::PutDevice { device: device(), replacing: None },
            SessionsWrite::PutDevice { device: device(), replacing: Some(handle(9)) },
        ]
        PutSession = [
            SessionsWrite::PutSession { session: session(), replacing: None },
            SessionsWrite::PutSession { session: session(), replacing: Some(handle(9)) },
        ]
        RequireSession = [SessionsWrite::RequireSession { subject, slot, handle: own }]
        StampAdmissions = [
            SessionsWrite::StampAdmissions { subject, slot, handle: own, from: 7, admissions: stamps() },
        ]
        TouchSession = [SessionsWrite::TouchSession { subject, slot, handle: own, at: later(1) }]
    };
    compare("sessions_writes", &written(samples));
}

#[test]
fn questions_of_sessions_are_these_statements() {
    let (realm, mut text) = (realm(), String::new());
    asked(&mut text, "device", &sessions::device(&realm, digest(2)));
    asked(&mut text, "devices", &sessions::devices(&realm, ada()));
    run(&mut text, "forget_devices", &sessions::forget_devices(&realm, later(1), 500));
    run(&mut text, "forget_sessions", &sessions::forget_sessions(&realm, later(1), 500));
    asked(&mut text, "session", &sessions::session(&realm, digest(2)));
    asked(&mut text, "session_view", &views::session_view(&realm, digest(2)));
    asked(&mut text, "sessions", &sessions::sessions(&realm, ada()));
    compare("sessions_questions", &text);
}

//! The facade's flows on a file, as they run on the in-memory store; and what only a file can show: processes that are
//! killed, and what rests on the disk.

#![cfg(test)]

#[path = "../../../vestibule/tests/flows/accounts.rs"]
mod accounts;
#[path = "../../../vestibule/tests/flows/app.rs"]
mod app;
#[path = "../../../vestibule/tests/flows/audited.rs"]
mod audited;
#[path = "../../../vestibule/tests/flows/blocked.rs"]
mod blocked;
mod calls;
#[path = "../../../vestibule/tests/flows/factor.rs"]
mod factor;
#[path = "../../../vestibule/tests/flows/factor_freeze.rs"]
mod factor_freeze;
#[path = "../../../vestibule/tests/flows/factor_off.rs"]
mod factor_off;
#[path = "../../../vestibule/tests/flows/factor_races.rs"]
mod factor_races;
#[path = "../../../vestibule/tests/flows/factor_remembered.rs"]
mod factor_remembered;
#[path = "../../../vestibule/tests/flows/factor_reset.rs"]
mod factor_reset;
mod ground;
#[path = "../../../vestibule/tests/flows/hijack.rs"]
mod hijack;
#[path = "../../../vestibule/tests/flows/import.rs"]
mod import;
mod killed;
#[path = "../../../vestibule/tests/flows/login_races.rs"]
mod login_races;
#[path = "../../../vestibule/tests/flows/logins.rs"]
mod logins;
mod lost;
#[path = "../../../vestibule/tests/flows/notices.rs"]
mod notices;
#[path = "../../../vestibule/tests/flows/passwords.rs"]
mod passwords;
#[path = "../../../vestibule/tests/flows/phones.rs"]
mod phones;
#[path = "../../../vestibule/tests/flows/races.rs"]
mod races;
#[path = "../../../vestibule/tests/flows/recovery.rs"]
mod recovery;
#[path = "../../../vestibule/tests/flows/secrets.rs"]
mod secrets;
#[path = "../../../vestibule/tests/flows/sessions.rs"]
mod sessions;
#[path = "../../../vestibule/tests/flows/sign_up.rs"]
mod sign_up;
#[path = "../../../vestibule/tests/flows/social.rs"]
mod social;
#[path = "../../../vestibule/tests/flows/social_audit.rs"]
mod social_audit;
#[path = "../../../vestibule/tests/flows/social_links.rs"]
mod social_links;
#[path = "../../../vestibule/tests/flows/social_sign_up.rs"]
mod social_sign_up;
#[path = "../../../vestibule/tests/flows/tries.rs"]
mod tries;
#[path = "../../../vestibule/tests/flows/views.rs"]
mod views;
mod walkthrough;
#[path = "../../../vestibule/tests/flows/world.rs"]
mod world;

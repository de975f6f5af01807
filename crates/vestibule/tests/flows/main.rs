//! The facade as a host uses it: whole flows through its public API, on the in-memory store.

#![cfg(test)]

mod accounts;
mod app;
mod audited;
mod blocked;
mod codes;
mod equal;
mod factor;
mod factor_freeze;
mod factor_off;
mod factor_races;
mod factor_remembered;
mod factor_reset;
mod ground;
mod hijack;
mod import;
mod login_races;
mod logins;
mod notices;
mod passwords;
mod phones;
mod races;
mod recovery;
mod secrets;
mod sessions;
mod sign_up;
mod social;
mod social_audit;
mod social_links;
mod social_sign_up;
mod tries;
mod views;
mod world;

//! The store with a small domain of its own: tokens that are consumed once, and counters.

#![cfg(test)]

#[cfg(feature = "checkword")]
mod checkword;
mod commits;
#[cfg(any(
    feature = "checkword",
    feature = "credentials",
    feature = "mfa",
    feature = "profiles",
    feature = "sessions"
))]
mod compare;
#[cfg(feature = "credentials")]
mod credentials;
mod faults;
mod host;
#[cfg(feature = "journal")]
mod journal;
mod killed;
#[cfg(feature = "mfa")]
mod mfa;
mod migrations;
#[cfg(feature = "all-domains")]
mod plans;
#[cfg(feature = "profiles")]
mod profiles;
mod reference;
#[cfg(feature = "sessions")]
mod sessions;
mod support;
#[cfg(feature = "throttle")]
mod windows;

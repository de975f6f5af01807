//! The store with a small domain of its own: tokens that are consumed once, and counters.

#[cfg(test)]
mod commits;
#[cfg(all(test, any(feature = "credentials", feature = "profiles", feature = "sessions")))]
mod compare;
#[cfg(all(test, feature = "credentials"))]
mod credentials;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod host;
#[cfg(all(test, feature = "journal"))]
mod journal;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod migrations;
#[cfg(all(test, feature = "profiles"))]
mod profiles;
#[cfg(test)]
mod reference;
#[cfg(all(test, feature = "sessions"))]
mod sessions;
#[cfg(test)]
mod support;
#[cfg(all(test, feature = "throttle"))]
mod windows;

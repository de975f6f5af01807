//! The store with a small domain of its own: tokens that are consumed once, and counters.

#[cfg(test)]
mod commits;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod host;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod support;
#[cfg(all(test, feature = "throttle"))]
mod windows;

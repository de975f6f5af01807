//! The store on a real server: random batches beside the reference, lost connections, contention, constraints, a host's
//! transaction and TLS, and the schema.

#![cfg(test)]

mod clock;
mod constraints;
mod contention;
mod cut;
#[path = "../support/ground.rs"]
mod ground;
#[path = "../conformance/harness.rs"]
mod harness;
mod host;
mod killed;
mod makes;
mod model;
mod passwords;
mod plans;
mod proxy;
mod schema;
mod tls;
#[path = "../support/wire.rs"]
mod wire;

use ground::cluster;

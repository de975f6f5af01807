//! The store on a real server: random batches beside the reference, races, lost connections, a host's transaction, and the
//! schema.

#![cfg(test)]

mod cut;
#[path = "../support/ground.rs"]
mod ground;
#[path = "../conformance/harness.rs"]
mod harness;
mod host;
mod killed;
mod model;
mod passwords;
mod proxy;
mod schema;
#[path = "../support/wire.rs"]
mod wire;

use ground::cluster;

//! The promises, each attacked from every door that the facade has. Tests are named after the promise they keep.

#![cfg(test)]

#[path = "flows/app.rs"]
#[allow(dead_code, reason = "shared with the flows, which need all of it")]
mod app;
#[path = "promises/doors.rs"]
mod doors;
#[path = "promises/findings.rs"]
mod findings;
#[path = "flows/ground.rs"]
#[allow(dead_code, reason = "shared with the flows, which need all of it")]
mod ground;
#[path = "promises/pr_1.rs"]
mod pr_1;
#[path = "promises/pr_12.rs"]
mod pr_12;
#[path = "promises/pr_14.rs"]
mod pr_14;
#[path = "promises/pr_15.rs"]
mod pr_15;
#[path = "promises/pr_16.rs"]
mod pr_16;
#[path = "promises/pr_4.rs"]
mod pr_4;
#[path = "promises/pr_5.rs"]
mod pr_5;
#[path = "promises/pr_6.rs"]
mod pr_6;
#[path = "promises/pr_8.rs"]
mod pr_8;
#[path = "flows/world.rs"]
#[allow(dead_code, reason = "shared with the flows, which need all of it")]
mod world;

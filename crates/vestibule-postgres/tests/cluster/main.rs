//! What needs a server of our own: one that follows, one that refuses writes, one whose users may do little; and that no such server is left behind.

#![cfg(test)]

#[path = "../support/cluster.rs"]
mod cluster;
mod follower;
mod left_behind;
mod rights;

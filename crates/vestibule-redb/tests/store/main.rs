//! What only a file can show: processes that are killed, a file that is opened again, and what goes wrong with one.

#![cfg(test)]

mod faults;
mod files;
mod killed;
mod migrators;
mod support;

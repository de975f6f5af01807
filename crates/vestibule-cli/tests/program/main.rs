//! The program as it is run: the real binary, real files, real hashes.

#![cfg(test)]

mod acts;
mod doctor;
mod door;
mod factor;
mod folder;
mod init;
mod readme;
mod walkthrough;

#![doc = include_str!("../README.md")]

mod address;
mod client;
mod crockford;
mod digest;
mod entropy;
mod error;
mod id;
mod keyring;
pub mod kv;
mod problem;
mod realm;
mod refusal;
#[cfg(feature = "seal")]
mod seal;
#[cfg(feature = "seal")]
mod sealed_text;
mod secret;
mod store;
mod time;
mod token;

pub use address::{
    AddressError, AddressKey, AddressKind, ContactEmail, Identifier, LoginEmail, PhoneNumber, SocialSubject,
};
pub use client::{ClientAddress, ClientNetwork};
pub use digest::SecretDigest;
pub use entropy::{Entropy, EntropyError, SystemEntropy, make_bytes};
pub use error::{Error, ErrorKind, Failure};
pub use id::{AccountId, BatchId, EventId, IdError, MessageId, SessionHandle, SubjectId};
pub use keyring::{KeyId, KeyPurpose, KeyRing, KeyRingBuilder, KeyRingError};
pub use kv::MemoryStore;
pub use problem::{Actor, Audience, Entry, EntryError, FactEntry, Registered, Remedy, Stage, TRY_AGAIN};
pub use realm::Realm;
pub use refusal::{Disclosure, PublicAnswer, Refusal};
#[cfg(feature = "seal")]
pub use seal::{SealError, Sealed};
#[cfg(feature = "seal")]
pub use sealed_text::{open_text, seal_text};
pub use secret::{Secret, equal_in_constant_time};
pub use store::batch::{Batch, BatchError};
pub use store::commit::{BoxFuture, Commit, Landed, Shared, commit_known, dynamic};
pub use store::error::{CorruptRow, StoreError, StoreErrorKind};
pub use store::server::{self, ServerClock};
pub use store::write::{Lower, Memory, RowName, Verdict, Write, WriteKind};
pub use time::{Clock, SystemClock, Timestamp};
pub use token::{CaseReference, Purpose, SecretText, SecretTextError};

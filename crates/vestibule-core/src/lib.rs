#![doc = include_str!("../README.md")]

mod digest;
mod entropy;
mod error;
mod id;
mod keyring;
pub mod kv;
mod problem;
mod realm;
mod secret;
mod store;
mod time;

pub use digest::SecretDigest;
pub use entropy::{Entropy, EntropyError, SystemEntropy, make_bytes};
pub use error::{Error, ErrorKind, Failure};
pub use id::{AccountId, BatchId, EventId, IdError, MessageId, SessionHandle, SubjectId};
pub use keyring::{KeyId, KeyPurpose, KeyRing, KeyRingBuilder, KeyRingError};
pub use kv::MemoryStore;
pub use problem::{Actor, Audience, Entry, EntryError, FactEntry, Registered, Remedy, Stage, TRY_AGAIN};
pub use realm::Realm;
pub use secret::{Secret, equal_in_constant_time};
pub use store::batch::{Batch, BatchError};
pub use store::commit::{BoxFuture, Commit, Landed, Shared, commit_known, dynamic};
pub use store::error::{CorruptRow, StoreError, StoreErrorKind};
pub use store::write::{Lower, Memory, RowName, Verdict, Write, WriteKind};
pub use time::{Clock, SystemClock, Timestamp};

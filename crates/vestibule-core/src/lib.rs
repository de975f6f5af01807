#![doc = include_str!("../README.md")]

mod digest;
mod entropy;
mod id;
mod keyring;
mod realm;
mod secret;
mod time;

pub use digest::SecretDigest;
pub use entropy::{Entropy, EntropyError, SystemEntropy, make_bytes};
pub use id::{AccountId, BatchId, EventId, IdError, MessageId, SessionHandle, SubjectId};
pub use keyring::{KeyId, KeyPurpose, KeyRing, KeyRingBuilder, KeyRingError};
pub use realm::Realm;
pub use secret::{Secret, equal_in_constant_time};
pub use time::{Clock, SystemClock, Timestamp};

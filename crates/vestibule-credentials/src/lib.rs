#![doc = include_str!("../README.md")]

mod arena;
mod blocklist;
mod breached;
mod context;
mod legacy;
#[cfg(feature = "legacy-bcrypt")]
mod legacy_bcrypt;
mod oneshot;
mod params;
mod phc;
mod place;
mod policy;
mod pool;
mod prepare;
mod problem;
mod service;
mod store;
pub mod tries;
mod worker;

pub use breached::{BreachAnswer, BreachedPasswords, NoBreachData, WhenBreachUnknown};
pub use context::{ContextWord, PasswordUse, PolicyContext};
pub use legacy::{ForeignHash, ForeignHashError};
#[cfg(feature = "legacy-bcrypt")]
pub use legacy_bcrypt::BcryptHash;
pub use params::{HashParams, HashParamsError};
pub use phc::{StoredHash, StoredHashError};
pub use place::{
    ForeignStored, HashAnswer, HashError, HashSalt, PasswordVerdict, Place, ProvenPassword, Verification,
};
pub use policy::{AcceptedPassword, PasswordPolicy, PasswordRejection, PolicyError};
pub use pool::{Busy, HashPool, HashPoolConfig, PoolStartError, UnusableHash};
pub use prepare::{PreparationError, PreparedPassword};
pub use problem::{ENTRIES, Problem};
pub use service::{
    PasswordProof, Passwords, Verified, hash_fault, import, marked_must_change, rehashed, set, verify_in,
};
pub use store::{CredentialsGuard, CredentialsRead, CredentialsWrite, Lane, Password, Tries, dynamic};
pub use tries::TakenTry;

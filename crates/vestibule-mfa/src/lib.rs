#![doc = include_str!("../README.md")]

mod authenticator;
mod bridge;
mod crockford;
pub mod decide;
mod enrolment;
mod factor;
mod name;
mod problem;
mod proof;
#[cfg(feature = "qr")]
mod qr;
mod recovery;
mod reset;
mod service;
mod service_enrol;
mod store;
#[cfg(test)]
mod testing;
mod totp;
mod tries;
mod write;

pub use authenticator::{Authenticator, AuthenticatorId, MAX_AUTHENTICATORS};
pub use enrolment::PendingEnrolment;
pub use factor::{Factor, Judged, Judging, RecoveryCodes, Totp};
pub use name::{AuthenticatorName, NameError};
pub use problem::{Problem, registry};
pub use proof::{FactorProof, ProvenBy};
#[cfg(feature = "qr")]
pub use qr::QrError;
pub use recovery::{CODES, CodeRow, RecoveryCode, RecoverySheet};
pub use reset::{Course, LEAST_RESET_WAITS, MOST_RESET_WAITS, RESET_WAITS, Reset};
pub use service::{Mfa, Proven};
pub use service_enrol::{AuthenticatorView, PENDING_FOR};
pub use store::{MfaRead, dynamic};
pub use totp::{Algorithm, Parameters, SKEW, TypedCode, WINDOW, code_at};
pub use tries::{STOPS_AT, TakenTry, Tries, take};
pub use write::{MfaGuard, MfaWrite};

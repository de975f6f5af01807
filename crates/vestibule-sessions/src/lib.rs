#![doc = include_str!("../README.md")]

mod bridge;
mod check;
pub mod decide;
mod device;
mod evidence;
mod label;
mod policy;
mod problem;
mod service;
mod service_devices;
mod session;
mod slot;
mod store;
#[cfg(test)]
mod testing;
mod token;
mod write;

pub use check::{AdmissionState, Standing, Validated};
pub use device::{Device, KnownDevice};
pub use evidence::{Amr, AssertedEvidence, Evidence};
pub use label::{DeviceLabel, LabelError};
pub use policy::{Limits, MAX_SLOTS, PolicyError, SessionPolicy};
pub use problem::{Problem, registry};
pub use service::{Found, NewSession, SessionView, Sessions};
pub use service_devices::Remembered;
pub use session::{AdmissionStamp, MAX_ADMISSIONS, Session};
pub use store::{SessionsRead, dynamic};
pub use token::{DeviceToken, SessionToken};
pub use write::{SessionsGuard, SessionsWrite};

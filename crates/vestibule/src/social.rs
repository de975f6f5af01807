//! Social accounts: a person as an identity provider names them. The key is the issuer and its subject, and nothing else.

mod answer;
mod audit;
mod connect;
mod link;
mod links;
mod problem;
mod provider;
mod sign_in;
mod sign_up;
mod vet;

pub use answer::{EmailVerified, ProviderAnswer, ProviderIdentity};
pub use audit::{AuditedProfile, LinkAudit, Repair, SharedAddress, SharedBy};
pub use connect::ConnectRequest;
pub use links::{OwnLink, OwnLinks};
pub(crate) use problem::ENTRIES;
pub use problem::SocialProblem;
pub use provider::{Provider, ProviderError};
pub use sign_in::{ProviderSignIn, ProviderSignInRequest, UnknownLink};
pub use sign_up::{ProviderSignUp, ProviderSignUpRequest};

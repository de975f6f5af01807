#![doc = include_str!("../README.md")]

mod account;
mod asking;
mod builder;
mod case;
mod chosen;
mod clock;
mod entering;
mod factor;
mod import;
mod links;
mod login;
mod mailbox;
mod member;
mod notice;
mod outbox;
mod password;
mod permit;
mod phone;
mod problem;
mod recover;
mod recovery;
mod refuse;
mod register;
mod registry;
mod session;
mod sign_in;
mod sign_up;
mod social;
mod store;
mod telling;
mod vestibule;
mod views;
mod writes;

pub use account::{Acting, Reason, ReasonError};
pub use builder::{BuildError, Builder};
pub use case::{CaseReport, look_up_case};
pub use clock::ClockCheck;
pub use factor::{
    AccessAsked, Completed, Enrolled, Enrolling, FactorAnswer, FactorProblem, FactorResetPage, NextStep,
    OwnDevice, OwnFactor, PendingSignIn, ResetAsked, ResetStarted, Resumed, TurnFactorOff,
};
pub use import::{
    ImportField, ImportProblem, Imported, ImportedAccount, ImportedMembership, ImportedPerson, Skipped,
};
pub use links::{BaseUrlError, BaseUrls};
pub use login::{
    FreezePage, LeavingLogin, LoginChange, LoginChangePage, LoginProblem, OwnLogin, OwnLogins, Propagation,
};
pub use member::{FactorSeen, LoginSeen, MemberSeen, MemberView};
pub use notice::{Notice, NoticeKind, WaitingMessage, WaitingMessages};
pub use permit::ChangePermit;
pub use phone::{CodeSent, PhoneCodes, Sent};
pub use problem::{RecoveryProblem, SignInProblem};
pub use recover::{Advice, OpenSession, RecoveryPage};
pub use recovery::{RecoveryRequest, UnknownAddressNotice};
pub use register::NewPerson;
pub use registry::registry;
pub use session::{Authenticated, OwnSession};
pub use sign_in::{SignIn, SignInRequest, SignedIn};
pub use sign_up::{SignUpAsked, SignUpPage, SignUpRequest};
pub use social::{AuditedProfile, LinkAudit, Repair, SharedAddress, SharedBy};
pub use social::{
    ConnectRequest, EmailVerified, OwnLink, OwnLinks, Provider, ProviderAnswer, ProviderError,
    ProviderIdentity, ProviderSignIn, ProviderSignInRequest, ProviderSignUp, ProviderSignUpRequest,
    SocialProblem, UnknownLink,
};
pub use store::{DynStore, ErasedStore, Store, erase};
pub use vestibule::Vestibule;
pub use views::{SessionView, SignInQuestion, SignInView, Views, session_view_of, sign_in_view_of};
pub use writes::{AnyGuard, AnyWrite};

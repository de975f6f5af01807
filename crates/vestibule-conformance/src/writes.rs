//! Every write there is, by name: what goes over all of them is held to this list.

use vestibule_checkword::CheckwordWrite;
use vestibule_credentials::CredentialsWrite;
use vestibule_journal::JournalWrite;
use vestibule_mfa::MfaWrite;
use vestibule_profiles::ProfilesWrite;
use vestibule_sessions::SessionsWrite;

use crate::joined::JoinedWrite;

macro_rules! names {
    ($($domain:ident of $write:ident: $($name:ident)+;)+) => {
        /// Every name.
        pub(crate) const NAMES: &[&str] = &[$($(concat!(stringify!($domain), "::", stringify!($name))),+),+];

        /// The name of a write. A write that is not listed does not compile.
        pub(crate) const fn name(write: &JoinedWrite) -> &'static str {
            match write {
                $($(JoinedWrite::$domain($write::$name { .. }) => {
                    concat!(stringify!($domain), "::", stringify!($name))
                })+)+
            }
        }
    };
}

names! {
    Checkword of CheckwordWrite: Bury Consume Put Rotate Wipe;
    Credentials of CredentialsWrite: PutPassword RequirePassword ResetTries SettleTry TakeTry;
    Journal of JournalWrite: FoldCase QueueMessage RecordEvent RecordPersonal;
    Mfa of MfaWrite:
        AdvanceStep ClearCode NoteProven PutAuthenticator PutCode RemoveAuthenticator ResetTries SetCourse SettleTry
        TakeTry;
    Profiles of ProfilesWrite:
        AddMembership BumpEpoch CountAdministrators CountProfile CountSeats CountWays CreateAccount CreateProfile
        EditPolicy ForgetLeaving LeaveIdentifier MoveContact MoveMembership NotePending ReleaseIdentifier
        RequireIdentifier RequireMembership RequireProfile RequireSettings SetBlock SetContact SetFactor SetFreeze
        SetPrimary SetState TakeIdentifier TouchMembership;
    Sessions of SessionsWrite: EndSession PutDevice PutSession RequireSession StampAdmissions TouchSession;
}

/// Those that never refuse; the model's test sees to it that it is their guard which says so.
pub(crate) const UNREFUSED: [&str; 14] = [
    "Checkword::Bury",
    "Checkword::Rotate",
    "Checkword::Wipe",
    "Credentials::ResetTries",
    "Credentials::SettleTry",
    "Journal::FoldCase",
    "Journal::QueueMessage",
    "Journal::RecordPersonal",
    "Mfa::NoteProven",
    "Mfa::ResetTries",
    "Mfa::SettleTry",
    "Profiles::NotePending",
    "Profiles::TouchMembership",
    "Sessions::TouchSession",
];

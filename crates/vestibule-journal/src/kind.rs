//! What happened, by name.

use core::fmt;

use vestibule_core::CorruptRow;

use crate::code::{Code, CodeError};

/// The kind of an event: a stable dotted code. Those of Vestibule are constants here; hosts add theirs under
/// `host.`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind(Code);

macro_rules! kinds {
    ($($name:ident $code:literal $doc:literal,)+) => {
        impl EventKind {
            $(#[doc = $doc] pub const $name: Self = Self(Code::known($code));)+

            /// Every kind that Vestibule itself records.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
        }
    };
}

kinds! {
    ACCOUNT_CLOSED "account.closed" "An account was closed.",
    ACCOUNT_CREATED "account.created" "An account was created.",
    ACCOUNT_POLICY_CHANGED "account.policy_changed" "An account's policy was changed.",
    ACCESS_ASKED "access.asked" "A person without their second factor asked the administrators of an account for access.",
    ADDRESS_CONNECTED "address.connected" "A profile without an address connected one, and set a first password.",
    AUTHENTICATOR_REMOVED "factor.authenticator_removed" "A person removed an authenticator.",
    AUTHENTICATOR_RENAMED "factor.authenticator_renamed" "A person called an authenticator something else.",
    CASE_VIEWED "case.viewed" "The operator looked up a case of an account as its administrators do.",
    DEVICE_FORGOTTEN "device.forgotten" "A person had a remembered device forgotten.",
    DEVICE_REMEMBERED "device.remembered" "A person showed the second factor and had the device remembered.",
    FACTOR_BEGUN "factor.begun" "A person began to set an authenticator up.",
    FACTOR_CONFIRMED "factor.confirmed" "A person confirmed an authenticator.",
    FACTOR_OFF "factor.off" "A person turned the second factor off.",
    FACTOR_RESET "factor.reset" "A lost second factor was reset: it and its recovery codes are gone.",
    FACTOR_RESET_BEGUN "factor.reset_begun" "A person began the reset of a lost second factor.",
    FACTOR_RESET_STOPPED "factor.reset_stopped" "The reset of a second factor was stopped.",
    FACTOR_SHOWN "factor.shown" "A person showed the second factor alone, to stop a reset of it.",
    LOGIN_ADDED "login.added" "A person added a login.",
    LOGIN_CHANGE_CANCELLED "login.change_cancelled" "A person took a pending change of a login back.",
    LOGIN_CHANGE_REQUESTED "login.change_requested" "A person asked for a change of a login.",
    LOGIN_MADE_PRIMARY "login.made_primary" "A person made a login the primary one.",
    LOGIN_RELEASED "login.released" "A login that was given up was given free before its window was over.",
    LOGIN_RELEASE_REQUESTED "login.release_requested" "A person asked for a login to be given free at once.",
    LOGIN_REMOVED "login.removed" "A person removed a login.",
    LOGIN_REPLACED "login.replaced" "A person replaced a login by another.",
    MEMBERSHIP_ADDED "membership.added" "A member was added.",
    MEMBERSHIP_APPROVED "membership.approved" "A waiting member was approved.",
    MEMBERSHIP_EXEMPTED "membership.exempted" "A member's exemption from the second factor was set or ended.",
    MEMBERSHIP_CONTACT_CHANGED "membership.contact_changed" "A member's contact address followed a login of theirs.",
    MEMBERSHIP_DECLINED "membership.declined" "A waiting member was declined.",
    MEMBERSHIP_DISMISSED "membership.dismissed" "A member was dismissed.",
    MEMBERSHIP_REINSTATED "membership.reinstated" "A dismissed member was reinstated.",
    MEMBERSHIP_ROLE_CHANGED "membership.role_changed" "A member's role was changed.",
    MEMBERSHIP_VIEWED "membership.viewed" "The operator looked at a member as an administrator does.",
    PASSWORD_CHANGED "password.changed" "A password was changed.",
    PASSWORD_MARKED "password.marked" "A password was marked: it must be changed.",
    PASSWORD_RECOVERED "password.recovered" "A password was set by a recovery link.",
    PASSWORD_STOPPED "password.stopped" "A password stopped after too many failures.",
    PROFILE_BLOCKED "profile.blocked" "The operator blocked a profile.",
    PROFILE_FROZEN "profile.frozen" "An address that was given up objected, and the profile was frozen.",
    PROFILE_IMPORTED "profile.imported" "A profile was imported.",
    PROFILE_REGISTERED "profile.registered" "A profile was registered.",
    PROFILE_UNBLOCKED "profile.unblocked" "The operator unblocked a profile.",
    PROFILE_UNFROZEN "profile.unfrozen" "The freeze of a profile was lifted.",
    RECOVERY_CODE_USED "factor.recovery_code_used" "A recovery code was used, and another took its place.",
    RECOVERY_CODES_RENEWED "factor.recovery_codes_renewed" "A person made new recovery codes.",
    RECOVERY_SENT "recovery.sent" "An administrator had a recovery link sent to a member.",
    REFUSED "operation.refused" "An operation was refused after proof; the event's code says why.",
    SESSION_ENDED "session.ended" "A session was ended.",
    SESSIONS_ENDED "session.all_ended" "All sessions of a person were ended.",
    SESSION_STEPPED_UP "session.stepped_up" "A session went on with a fresh proof, under a new token.",
    SIGN_IN_ADMITTED "sign_in.admitted" "A signed-in person was admitted to an account.",
    SIGN_IN_BY_DEVICE "sign_in.by_device" "A person signed in on a remembered device, without the second factor.",
    SIGN_IN_SUCCEEDED "sign_in.succeeded" "A person signed in.",
    SOCIAL_LINKED "social.linked" "A social account was linked to a profile.",
    SOCIAL_MOVED_AWAY "social.moved_away" "A social account was moved from a profile to another one.",
    SOCIAL_UNLINKED "social.unlinked" "A social account was taken away from a profile.",
}

impl EventKind {
    /// A host's own kind: a code that begins with `host.`.
    ///
    /// # Errors
    ///
    /// [`CodeError`].
    pub fn host(code: &str) -> Result<Self, CodeError> {
        if code.starts_with("host.") { Code::parse(code).map(Self) } else { Err(CodeError) }
    }

    /// A kind as it stands in a row. A newer version may have written kinds that this one does not know.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] when it is no code.
    pub fn from_row(code: &str) -> Result<Self, CorruptRow> {
        Code::parse(code).map(Self).map_err(|_| CorruptRow("kind"))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventKind({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_own_kind_is_a_code_of_its_own() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_row(kind.as_str()).as_ref(), Ok(kind));
        }
        assert_eq!(EventKind::ALL.iter().collect::<BTreeSet<_>>().len(), EventKind::ALL.len());
    }

    #[test]
    fn a_host_cannot_pose_as_vestibule() {
        assert!(EventKind::host("host.coupon.used").is_ok());
        assert_eq!(EventKind::host("password.changed"), Err(CodeError));
    }
}

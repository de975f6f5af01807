//! What a person is told by mail or phone about what was done to them: sealed, in the commit that did it.

use vestibule_checkword::decide::inspect;
use vestibule_checkword::{CheckwordRead, code_of, purpose, read_link};
use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{
    AccountId, AddressKind, CorruptRow, Error, Identifier, MessageId, Secret, SubjectId, Timestamp,
};
use vestibule_journal::{Code, Contents, JournalRead, Message, MessageState, open_message};
use vestibule_profiles::{Move, ProfilesRead};

use crate::outbox::Outgoing;
use crate::vestibule::{Inner, Vestibule};
use crate::writes::AnyWrite;

/// What happened, as the person concerned is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoticeKind {
    /// Somebody without their second factor asked you, an administrator, for access to the account (R26).
    AccessAsked,
    /// A further authenticator was confirmed (R24).
    AuthenticatorAdded,
    /// An authenticator was removed.
    AuthenticatorRemoved,
    /// The second factor was turned off.
    FactorOff,
    /// The person has a second factor from now on (R24).
    FactorOn,
    /// The lost second factor was reset (R33).
    FactorReset,
    /// The reset of a lost second factor was begun: a link ends it (R33).
    FactorResetBegun,
    /// Somebody who knows a password that does not count says that the second factor is lost: a code counts beside the link (R33).
    FactorResetCode,
    /// Somebody who knows the password says that the second factor is lost: a link begins its reset (R33).
    FactorResetLink,
    /// A reset of the second factor waits still: a link ends it (R33).
    FactorResetWaits,
    /// A reset of the second factor was stopped (R33).
    FactorResetStopped,
    /// An administrator asks the person for no second factor until a date (R23).
    MemberExempted,
    /// An exemption from the second factor was ended (R23).
    MemberExemptionEnded,
    /// New recovery codes were made; the old ones are void (R25).
    RecoveryCodesRenewed,
    /// A recovery code was used (R22).
    RecoveryCodeUsed,
    /// An address was connected, and a first password set (R19).
    AddressConnected,
    /// A sign-up was asked for, and the address is a login already (P7, P9).
    AlreadyALogin,
    /// Somebody signed in by a social account wants to connect the address: a link does (R19).
    ConnectLink,
    /// The address has a profile that signed up without a password: a link sets the first one (P5, P6, R19).
    FirstPasswordLink,
    /// The address belongs to nobody here (P3).
    NobodyHere,
    /// The password was changed.
    PasswordChanged,
    /// The operator marked the password: it is good for one change only (N2).
    PasswordChangeRequired,
    /// The password was set by a recovery link (R4).
    PasswordRecovered,
    /// A recovery was asked for, and the operator keeps the person out (P1f).
    RecoveryWhileBlocked,
    /// A recovery was asked for, and the profile is frozen: this address shows nothing about whose it is (R18).
    RecoveryWhileFrozen,
    /// The number has a profile: a code leads to a new password (R2).
    RecoveryCode,
    /// The address has a profile: a link sets a new password (R1).
    RecoveryLink,
    /// A number signs up: a code confirms it.
    SignUpCode,
    /// A sign-up waits: a link confirms the address and chooses the password (N3).
    SignUpLink,
    /// A login was added (R18).
    LoginAdded,
    /// A number is to become a login: a code confirms it (R18, R19).
    LoginCode,
    /// A change of a login waits: a link confirms the new address (R18).
    LoginChangeLink,
    /// The address of a change is a login of the same profile already.
    LoginIsYours,
    /// The address is a login no more: a link freezes the profile (R18).
    LoginLeaves,
    /// An address that was given up is to be free at once: a link says so (R18).
    LoginReleaseLink,
    /// A login that was given up is free.
    LoginReleased,
    /// A login was removed (R18).
    LoginRemoved,
    /// A login was replaced (R18).
    LoginReplaced,
    /// The address of a change was given up by another profile and is not free yet.
    LoginStillLeaving,
    /// The address of a change is the login of another profile (P7).
    LoginTaken,
    /// An account has a new member: this person.
    MemberAdded,
    /// The person was added to an account and waits for approval (N7).
    MemberAwaitsApproval,
    /// A membership that waited was approved (M7).
    MemberApproved,
    /// A membership that waited was declined (M8).
    MemberDeclined,
    /// The person was dismissed from an account (M9, P4).
    MemberDismissed,
    /// The person is back in an account (M10).
    MemberReinstated,
    /// The person's role in an account, or whether they administer it, was changed.
    MemberRoleChanged,
    /// The operator keeps the person out (P1f, N13).
    ProfileBlocked,
    /// The operator lifted that.
    ProfileUnblocked,
    /// A social account was linked (R20).
    SocialLinked,
    /// A social account was moved to another profile (R20).
    SocialMovedAway,
    /// A social account was taken away (R20).
    SocialUnlinked,
    /// An address that was given up objected (R18).
    ProfileFrozen,
    /// The freeze was lifted.
    ProfileUnfrozen,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::AccessAsked,
        Self::AuthenticatorAdded,
        Self::AuthenticatorRemoved,
        Self::FactorOff,
        Self::FactorOn,
        Self::FactorReset,
        Self::FactorResetBegun,
        Self::FactorResetCode,
        Self::FactorResetLink,
        Self::FactorResetStopped,
        Self::FactorResetWaits,
        Self::MemberExempted,
        Self::MemberExemptionEnded,
        Self::RecoveryCodesRenewed,
        Self::RecoveryCodeUsed,
        Self::AddressConnected,
        Self::ConnectLink,
        Self::SocialLinked,
        Self::SocialMovedAway,
        Self::SocialUnlinked,
        Self::AlreadyALogin,
        Self::FirstPasswordLink,
        Self::NobodyHere,
        Self::PasswordChanged,
        Self::PasswordChangeRequired,
        Self::PasswordRecovered,
        Self::RecoveryWhileBlocked,
        Self::RecoveryWhileFrozen,
        Self::RecoveryCode,
        Self::RecoveryLink,
        Self::SignUpCode,
        Self::SignUpLink,
        Self::LoginAdded,
        Self::LoginCode,
        Self::LoginChangeLink,
        Self::LoginIsYours,
        Self::LoginLeaves,
        Self::LoginReleaseLink,
        Self::LoginReleased,
        Self::LoginRemoved,
        Self::LoginReplaced,
        Self::LoginStillLeaving,
        Self::LoginTaken,
        Self::MemberAdded,
        Self::MemberAwaitsApproval,
        Self::MemberApproved,
        Self::MemberDeclined,
        Self::MemberDismissed,
        Self::MemberReinstated,
        Self::MemberRoleChanged,
        Self::ProfileBlocked,
        Self::ProfileUnblocked,
        Self::ProfileFrozen,
        Self::ProfileUnfrozen,
    ];

    /// The stable dotted purpose of the message: `notice.password_changed`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AccessAsked => "notice.access_asked",
            Self::AuthenticatorAdded => "notice.authenticator_added",
            Self::AuthenticatorRemoved => "notice.authenticator_removed",
            Self::FactorOff => "notice.factor_off",
            Self::FactorOn => "notice.factor_on",
            Self::FactorReset => "notice.factor_reset",
            Self::FactorResetBegun => "mailbox.factor_reset_begun",
            Self::FactorResetWaits => "mailbox.factor_reset_waits",
            Self::FactorResetLink => "mailbox.factor_reset_link",
            Self::FactorResetStopped => "notice.factor_reset_stopped",
            Self::MemberExempted => "notice.member_exempted",
            Self::MemberExemptionEnded => "notice.member_exemption_ended",
            Self::RecoveryCodesRenewed => "notice.recovery_codes_renewed",
            Self::RecoveryCodeUsed => "notice.recovery_code_used",
            Self::AddressConnected => "notice.address_connected",
            Self::ConnectLink => "mailbox.connect_link",
            Self::SocialLinked => "notice.social_linked",
            Self::SocialMovedAway => "notice.social_moved_away",
            Self::SocialUnlinked => "notice.social_unlinked",
            Self::AlreadyALogin => "mailbox.already_a_login",
            Self::SignUpLink => "mailbox.sign_up_link",
            Self::FirstPasswordLink => "mailbox.first_password_link",
            Self::NobodyHere => "mailbox.nobody_here",
            Self::RecoveryWhileBlocked => "mailbox.recovery_while_blocked",
            Self::RecoveryWhileFrozen => "mailbox.recovery_while_frozen",
            Self::FactorResetCode => "phone.factor_reset_code",
            Self::LoginCode => "phone.login_code",
            Self::RecoveryCode => "phone.recovery_code",
            Self::SignUpCode => "phone.sign_up_code",
            Self::RecoveryLink => "mailbox.recovery_link",
            Self::PasswordRecovered => "notice.password_recovered",
            Self::PasswordChanged => "notice.password_changed",
            Self::PasswordChangeRequired => "notice.password_change_required",
            Self::LoginAdded => "notice.login_added",
            Self::LoginChangeLink => "mailbox.login_change_link",
            Self::LoginIsYours => "mailbox.login_is_yours",
            Self::LoginLeaves => "mailbox.login_leaves",
            Self::LoginReleaseLink => "mailbox.login_release_link",
            Self::LoginReleased => "notice.login_released",
            Self::LoginRemoved => "notice.login_removed",
            Self::LoginReplaced => "notice.login_replaced",
            Self::LoginStillLeaving => "mailbox.login_still_leaving",
            Self::LoginTaken => "mailbox.login_taken",
            Self::MemberAdded => "notice.member_added",
            Self::MemberAwaitsApproval => "notice.member_awaits_approval",
            Self::MemberApproved => "notice.member_approved",
            Self::MemberDeclined => "notice.member_declined",
            Self::MemberDismissed => "notice.member_dismissed",
            Self::MemberReinstated => "notice.member_reinstated",
            Self::MemberRoleChanged => "notice.member_role_changed",
            Self::ProfileBlocked => "notice.profile_blocked",
            Self::ProfileUnblocked => "notice.profile_unblocked",
            Self::ProfileFrozen => "notice.profile_frozen",
            Self::ProfileUnfrozen => "notice.profile_unfrozen",
        }
    }

    /// What the person is told, in English; a sender with templates of its own goes by [`code`](Self::code).
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::PasswordChanged => {
                "Your password was changed and you were signed out everywhere else. If this was not you, ask support."
            }
            Self::AccessAsked => {
                "A member of your account cannot show their second factor and asks for access. Make sure that it is them, by a way you know; then you may exempt them until a date. It opens this account and nothing else."
            }
            Self::AuthenticatorAdded => {
                "A further authenticator was added to your profile and you were signed out everywhere else. If this was not you, remove it and ask support."
            }
            Self::AuthenticatorRemoved => {
                "An authenticator was removed from your profile and you were signed out everywhere else. If this was not you, ask support."
            }
            Self::FactorOff => {
                "The second factor of your profile was turned off and you were signed out everywhere else. If this was not you, set a new password and ask support."
            }
            Self::FactorOn => {
                "Your profile has a second factor from now on, and you were signed out everywhere else. If this was not you, set a new password and ask support."
            }
            Self::FactorReset => {
                "The second factor of your profile was reset, its recovery codes too, and you were signed out everywhere. At the next sign-in you set up a new one. If this was not you, set a new password and ask support."
            }
            Self::FactorResetWaits => {
                "The second factor of your profile is about to be reset, as you were told. If you still have it, or did not ask for \
                 this, open this link and type the code beside it: the reset ends."
            }
            Self::FactorResetBegun => {
                "Somebody who knows your password began the reset of your second factor. If this was not you, open the link and type the code beside it, or sign in with your second factor: either ends the reset. If it was you, do nothing and wait."
            }
            Self::FactorResetLink => {
                "Somebody who knows your password, perhaps you, says that your second factor is lost. Open the link in the browser in which you are signing in; a waiting time begins then. If it was not you, do nothing and set a new password."
            }
            Self::FactorResetStopped => {
                "The reset of your second factor was stopped; the factor stays. If you did not begin it, set a new password: somebody knows the present one."
            }
            Self::MemberExempted => {
                "An administrator of an account asks you for no second factor there for a time. It opens this account and nothing else."
            }
            Self::MemberExemptionEnded => "An account asks you for your second factor again.",
            Self::RecoveryCodesRenewed => {
                "New recovery codes were made for your profile; the old ones are void. If this was not you, set a new password and ask support."
            }
            Self::RecoveryCodeUsed => {
                "A recovery code of your profile was used, and another took its place. If this was not you, set a new password, make new codes and ask support."
            }
            Self::AddressConnected => {
                "This address was connected to your profile and a password was set; the social account stays. If this was not \
                 you, ask support."
            }
            Self::ConnectLink => {
                "Somebody who is signed in by a social account, perhaps you, wants to sign in with this address, too. Open the \
                 link in the browser in which you are signed in, and choose a password. If it was not you, do nothing."
            }
            Self::SocialLinked => {
                "A social account was linked to your profile, and signs you in from now on. You were signed out everywhere \
                 else. If this was not you, set a new password and ask support."
            }
            Self::SocialMovedAway => {
                "A social account was moved from your profile to another one, and you were signed out everywhere. If this was \
                 not you, set a new password and ask support."
            }
            Self::SocialUnlinked => {
                "A social account was taken away from your profile and signs you in no more. You were signed out everywhere \
                 else. If this was not you, set a new password and ask support."
            }
            Self::AlreadyALogin => {
                "Somebody, perhaps you, wanted to sign up with this address, or to connect it to another profile. It is the login \
                 of a profile already: sign in with it, or ask for a recovery link if you do not know the password."
            }
            Self::SignUpLink => {
                "This link confirms your address and lets you choose a password; only then is there a profile. If you did not sign \
                 up, do nothing."
            }
            Self::FirstPasswordLink => {
                "Your profile has no password yet: you signed up in another way. This link sets the first one; after that you \
                 sign in with this address, too. If you did not ask for it, do nothing."
            }
            Self::NobodyHere => {
                "Somebody asked for a new password for this address, and nobody has a profile here under it. If it was you, try \
                 another address, your phone number or the social account you signed up with."
            }
            Self::PasswordRecovered => {
                "Your password was set by a link from your mailbox, and you were signed out everywhere. If this was not you, ask \
                 for a new link at once and ask support."
            }
            Self::RecoveryWhileBlocked => {
                "Somebody asked for a new password for this address. Its profile is blocked by the operator, and no password opens \
                 it. Ask support."
            }
            Self::RecoveryWhileFrozen => {
                "Somebody asked for a new password for this address. Its profile is frozen, because an address that was removed \
                 from it objected. Ask at a login that the profile had long before, or ask support."
            }
            Self::FactorResetCode => {
                "Somebody, perhaps you, lost the second factor of the profile with this number. Type this code on that page if it \
                 was you, and tell it to nobody, whoever asks. If it was not you, change your password at once."
            }
            Self::LoginCode => {
                "Somebody, perhaps you, makes this number a login of their profile. Type this code on that page if it was you, \
                 and tell it to nobody, whoever asks."
            }
            Self::RecoveryCode => {
                "Somebody, perhaps you, forgot the password of the profile with this number. Type this code on that page if it \
                 was you, and tell it to nobody, whoever asks: it leads to a new password."
            }
            Self::SignUpCode => {
                "Somebody, perhaps you, signs up with this number. Type this code on that page if it was you, and tell it to \
                 nobody, whoever asks."
            }
            Self::RecoveryLink => {
                "This link sets a new password. If you did not ask for it, do nothing: your password stays as it is."
            }
            Self::PasswordChangeRequired => {
                "Your password must be changed: sign in once more and choose a new one."
            }
            Self::LoginAdded => {
                "A login was added to your profile. If this was not you, change your password at once and ask support."
            }
            Self::LoginChangeLink => {
                "This link makes this address a login of the profile whose owner asked for it, in the browser in which they are \
                 signed in. If it was not you, do nothing."
            }
            Self::LoginIsYours => {
                "Somebody who is signed in to your profile asked to make this address a login of it. It is one already."
            }
            Self::LoginLeaves => {
                "This address is no login of your profile any more: it was removed in a session of yours. If it was not you, open \
                 this link and type the code beside it: all sessions end, and nothing about the profile is changed until it is \
                 known who is right."
            }
            Self::LoginReleaseLink => {
                "This link gives this address free at once, so that it can become a login of another profile. It works only in \
                 the browser in which the login was changed. If it was not you, do nothing."
            }
            Self::LoginReleased => "A login that was removed from your profile is free now.",
            Self::LoginRemoved => {
                "A login was removed from your profile. If this was not you, change your password at once and ask support."
            }
            Self::LoginReplaced => {
                "A login of your profile was replaced by another. If this was not you, change your password at once and ask \
                 support."
            }
            Self::LoginStillLeaving => {
                "Somebody asked to make this address the login of a profile. Another profile has given it up a short time ago: it \
                 is free a week after that, or at once if that profile's owner gives it free."
            }
            Self::LoginTaken => {
                "Somebody, perhaps you, asked to make this address a login of their profile. It is the login of another profile. \
                 If that is yours too: sign in there, or ask for a recovery link; give it another address, give this one free, \
                 and ask again."
            }
            Self::MemberAdded => "You were added to an account.",
            Self::MemberAwaitsApproval => {
                "You were added to an account; an administrator of it has yet to approve you."
            }
            Self::MemberApproved => "Your access to an account was approved.",
            Self::MemberDeclined => "Your request for access to an account was declined.",
            Self::MemberDismissed => {
                "You no longer have access to an account; your profile and your other accounts stay yours. If this \
                 address belongs to that company, add a private one to your profile while you can."
            }
            Self::MemberReinstated => {
                "You have access to an account again, with the same login and password."
            }
            Self::MemberRoleChanged => "Your role in an account was changed.",
            Self::ProfileBlocked => {
                "Your profile was blocked by the operator. Ask support if you do not know why."
            }
            Self::ProfileUnblocked => "Your profile is no longer blocked.",
            Self::ProfileFrozen => {
                "An address that was removed from your profile objected. You were signed out everywhere, and nothing about the \
                 profile is changed until it is known who is right: ask for a recovery link at a login that you had long before, \
                 or ask support."
            }
            Self::ProfileUnfrozen => "Your profile is no longer frozen. You were signed out everywhere.",
        }
    }

    /// Whether the message carries a link; all others carry no secret (U-22).
    #[must_use]
    pub const fn carries_link(self) -> bool {
        matches!(
            self,
            Self::ConnectLink
                | Self::FactorResetBegun
                | Self::FactorResetLink
                | Self::FactorResetWaits
                | Self::FirstPasswordLink
                | Self::LoginChangeLink
                | Self::LoginLeaves
                | Self::LoginReleaseLink
                | Self::RecoveryLink
                | Self::SignUpLink
        )
    }

    /// Whether the message is a code that is typed on the page that asked for it (R2).
    #[must_use]
    pub const fn carries_code(self) -> bool {
        matches!(self, Self::FactorResetCode | Self::LoginCode | Self::RecoveryCode | Self::SignUpCode)
    }

    pub(crate) const fn of_move(step: Move) -> Self {
        match step {
            Move::Approve => Self::MemberApproved,
            Move::Decline => Self::MemberDeclined,
            Move::Dismiss => Self::MemberDismissed,
            _ => Self::MemberReinstated,
        }
    }
}

/// One notice. It carries no secret: no code, no token (U-22). The link of a message that has one stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// What happened.
    pub kind: NoticeKind,
    /// When.
    pub at: Timestamp,
    /// In which account, if in one.
    pub account: Option<AccountId>,
    /// Until when it, or the link of the message, holds, if that was set.
    pub until: Option<Timestamp>,
}

impl Notice {
    /// What the person is told, in English, with the end of a block that has one.
    #[must_use]
    pub fn text(&self) -> String {
        match self.until {
            Some(until) if self.kind.carries_link() => {
                format!("{} The link works once, until {until}.", self.kind.text())
            }
            Some(until) if self.kind.carries_code() => {
                format!("{} It is good until {until}.", self.kind.text())
            }
            Some(until) => format!("{} It ends at {until}.", self.kind.text()),
            None => self.kind.text().to_owned(),
        }
    }

    pub(crate) const fn new(kind: NoticeKind, at: Timestamp) -> Self {
        Self { kind, at, account: None, until: None }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .time(self.at)
            .maybe(self.account.as_ref(), |row, account| row.bytes(account.as_bytes()))
            .maybe(self.until, RecordWriter::time)
            .finish()
    }

    pub(crate) fn decode(purpose: &Code, payload: &[u8]) -> Result<Self, CorruptRow> {
        let kind = NoticeKind::ALL.iter().copied().find(|kind| kind.code() == purpose.as_str());
        let mut row = RecordReader::new(payload, 1)?;
        let notice = Self {
            kind: kind.ok_or(CorruptRow("purpose"))?,
            at: row.time("at")?,
            account: row.maybe("account", |row| row.account("account"))?,
            until: row.maybe("until", |row| row.time("until"))?,
        };
        row.finish()?;
        Ok(notice)
    }
}

/// A message that waits to be sent, opened.
#[derive(Debug)]
#[non_exhaustive]
pub struct WaitingMessage {
    /// This message among those that had its slot.
    pub id: MessageId,
    /// By what kind of address.
    pub by: AddressKind,
    /// The e-mail address as its owner typed it, or the number in the form of E.164: `+15550100`.
    pub recipient: Secret<String>,
    /// What it says.
    pub notice: Notice,
    /// The link it carries, if it carries one. Put it into the fragment of a page's address, never into a query: see
    /// [`Vestibule::address_of`].
    pub link: Option<Secret<String>>,
    /// The code of a message to a phone; or the one that is typed beside the link, where one is: say it in the message, apart
    /// from the link. Mail scanners open links and submit forms; they type nothing.
    pub code: Option<Secret<String>>,
}

/// A page of the messages that wait to be sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct WaitingMessages {
    /// Those that could be opened.
    pub messages: Vec<WaitingMessage>,
    /// Those that could not: sealed by a key that is gone, changed, or of a later version.
    pub unreadable: Vec<MessageId>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<[u8; 32]>,
}

impl Vestibule {
    /// The messages that are due to be sent, opened: a page of at most `limit` rows, in the order of their slots. Reminders become due
    /// day by day, and are dropped once what they remind of is over.
    ///
    /// # Errors
    ///
    /// [`Error`] when the store has a fault.
    pub async fn waiting_messages(
        &self,
        after: Option<[u8; 32]>,
        limit: u32,
    ) -> Result<WaitingMessages, Error> {
        let inner = self.inner();
        let rows = inner.store.messages(after, limit).await?;
        let full = u32::try_from(rows.len()).is_ok_and(|found| found >= limit && limit > 0);
        let next = if full { rows.last().map(|row| row.slot) } else { None };
        let mut page = WaitingMessages { messages: Vec::new(), unreadable: Vec::new(), next };
        let now = inner.clock.now();
        let due = |row: &&Message| row.state == MessageState::Queued && !row.not_before.is_after(now);
        for row in rows.iter().filter(due) {
            match inner.open(row) {
                Some(message) if inner.is_moot(&message, now).await? => {}
                Some(message) => page.messages.push(message),
                None => page.unreadable.push(row.id),
            }
        }
        Ok(page)
    }
}

impl Inner {
    /// Whether a reminder was overtaken: the link that it carries is worth nothing any more, since what it reminds of is over.
    async fn is_moot(&self, message: &WaitingMessage, now: Timestamp) -> Result<bool, Error> {
        let (NoticeKind::FactorResetWaits, Some(link)) = (message.notice.kind, &message.link) else {
            return Ok(false);
        };
        // EXPOSE: looked up by its digest.
        let Ok(digest) = read_link(&self.ring, link.expose(), purpose::FACTOR_KEEP) else { return Ok(true) };
        let found = self.store.found(digest).await?;
        Ok(inspect(found.as_ref(), purpose::FACTOR_KEEP, now).is_err())
    }

    fn open(&self, row: &Message) -> Option<WaitingMessage> {
        let Contents { recipient, payload } = open_message(&self.ring, row).ok()?;
        let (notice, link) = crate::mailbox::read(&row.purpose, &payload).ok()?;
        let (link, code) = if notice.kind.carries_code() {
            (None, link)
        } else {
            let beside = match notice.kind {
                NoticeKind::LoginLeaves => Some(purpose::FREEZE),
                NoticeKind::FactorResetBegun | NoticeKind::FactorResetWaits => Some(purpose::FACTOR_KEEP),
                _ => None,
            };
            let code = link.as_ref().zip(beside).and_then(|(link, of)| {
                // EXPOSE: the code that stands beside it is made of it, and becomes part of the same message.
                code_of(&self.ring, link.expose(), of)
            });
            (link, code)
        };
        Some(WaitingMessage { id: row.id, by: row.to, recipient, notice, link, code })
    }

    /// The writes that tell a person at every verified address. A notice of an account has a slot of its own per
    /// account, so that none hides another's.
    pub(crate) async fn notices(&self, subject: SubjectId, notice: Notice) -> Result<Vec<AnyWrite>, Error> {
        let identifiers = self.store.identifiers(subject).await?;
        let mut writes = Vec::with_capacity(identifiers.len());
        for own in identifiers.iter().filter(|own| own.verified_at.is_some() && !own.is_social()) {
            writes.push(self.letter(&own.identifier, notice)?);
        }
        Ok(writes)
    }

    /// The write that tells it at one address.
    pub(crate) fn letter(&self, to: &Identifier, notice: Notice) -> Result<AnyWrite, Error> {
        let mut owner = to.key().as_bytes().to_vec();
        if let Some(account) = &notice.account {
            owner.extend_from_slice(account.as_bytes());
        }
        self.queue(Outgoing {
            slot: (notice.kind.code(), &owner),
            to,
            kind: notice.kind,
            payload: Secret::new(notice.encode()),
            suppressed: false,
            language: None,
            at: notice.at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_comes_back_as_it_was() {
        for &kind in NoticeKind::ALL {
            let mut notice = Notice::new(kind, Timestamp::EPOCH);
            notice.account = Some(AccountId::from(7));
            notice.until = Some(Timestamp::from_unix_micros(9));
            let purpose = Code::parse(kind.code()).unwrap();
            assert_eq!(Notice::decode(&purpose, &notice.encode()), Ok(notice));
        }
    }

    #[test]
    fn another_purpose_is_no_notice() {
        let notice = Notice::new(NoticeKind::ProfileBlocked, Timestamp::EPOCH);
        assert!(Notice::decode(&Code::parse("notice.other").unwrap(), &notice.encode()).is_err());
        assert!(Notice::decode(&Code::parse(notice.kind.code()).unwrap(), &[1, 2]).is_err());
    }
}

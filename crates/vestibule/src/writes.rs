//! The writes of every domain, joined, so that a decision that spans them lands in one commit.

use vestibule_checkword::CheckwordWrite;
use vestibule_credentials::CredentialsWrite;
use vestibule_journal::JournalWrite;
use vestibule_mfa::MfaWrite;
use vestibule_profiles::ProfilesWrite;
use vestibule_sessions::SessionsWrite;

vestibule_core::union_of_writes! {
    /// What an operation writes, whichever domains it spans: a password change, the sessions it ends and the audit
    /// event of it are one batch of these.
    pub enum AnyWrite / AnyGuard {
        /// People, accounts, memberships.
        Profiles(ProfilesWrite),
        /// Links that are redeemed once.
        Checkword(CheckwordWrite),
        /// Passwords and their tries.
        Credentials(CredentialsWrite),
        /// Authenticators, recovery codes, their tries, and the reset of a lost factor.
        Mfa(MfaWrite),
        /// Sessions and known devices.
        Sessions(SessionsWrite),
        /// Audit events, cases, messages.
        Journal(JournalWrite),
    }
}

//! Every domain's writes in one batch.

use vestibule_checkword::CheckwordWrite;
use vestibule_credentials::CredentialsWrite;
use vestibule_journal::JournalWrite;
use vestibule_mfa::MfaWrite;
use vestibule_profiles::ProfilesWrite;
use vestibule_sessions::SessionsWrite;

vestibule_core::union_of_writes! {
    /// The writes of every domain that the kit checks: a decision that spans domains lands in one commit.
    pub enum JoinedWrite / JoinedGuard {
        /// Of checkwords.
        Checkword(CheckwordWrite),
        /// Of passwords.
        Credentials(CredentialsWrite),
        /// Of the journal.
        Journal(JournalWrite),
        /// Of the second factor.
        Mfa(MfaWrite),
        /// Of the linking model.
        Profiles(ProfilesWrite),
        /// Of sessions and known devices.
        Sessions(SessionsWrite),
    }
}

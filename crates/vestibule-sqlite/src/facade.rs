//! Reads that span domains, each of one instant.

use vestibule::{SessionView, SignInQuestion, SignInView, Views};
use vestibule_core::{SecretDigest, StoreError};
use vestibule_credentials::Lane;
use vestibule_sql::{credentials, profiles, sessions, views};

use crate::SqliteStore;

impl Views for SqliteStore {
    async fn sign_in_view(&self, question: SignInQuestion) -> Result<SignInView, StoreError> {
        let realm = self.realm();
        self.snapshot(|snapshot| {
            let owner = snapshot.one(&profiles::identifier_owner(realm, question.kind, question.key))?;
            let owner = owner.map(|own| own.subject);
            let subject = owner.unwrap_or(question.decoy);
            let device = match question.device {
                None => None,
                Some(digest) => snapshot.one(&sessions::device(realm, digest))?,
            };
            let device = device.filter(|device| device.subject == subject);
            let lane = device.as_ref().map(|device| Lane::Device(device.handle));
            Ok(SignInView {
                owner,
                profile: snapshot.one(&profiles::profile(realm, subject))?,
                password: snapshot.one(&credentials::password(realm, subject))?,
                tries: snapshot.one(&credentials::tries(realm, subject, Lane::Everybody))?,
                device_tries: match lane {
                    None => None,
                    Some(lane) => snapshot.one(&credentials::tries(realm, subject, lane))?,
                },
                device,
                account: match question.account {
                    None => None,
                    Some(account) => snapshot.one(&profiles::account(realm, account))?,
                },
                membership: match question.account {
                    None => None,
                    Some(account) => snapshot.one(&profiles::membership(realm, account, subject))?,
                },
            })
        })
    }

    async fn session_view(&self, digest: SecretDigest) -> Result<Option<SessionView>, StoreError> {
        let found = self.query_one(&views::session_view(self.realm(), digest))?;
        Ok(found.map(|(session, profile, password_generation)| SessionView {
            session,
            profile,
            password_generation,
        }))
    }
}

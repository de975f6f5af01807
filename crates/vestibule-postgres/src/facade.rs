//! Reads that span domains, each of one instant.

use vestibule::{SessionView, SignInQuestion, SignInView, Views};
use vestibule_core::{SecretDigest, StoreError};
use vestibule_credentials::Lane;
use vestibule_sql::{credentials, profiles, sessions, views};

use crate::PostgresStore;
use crate::store::corrupt;

impl Views for PostgresStore {
    async fn sign_in_view(&self, question: SignInQuestion) -> Result<SignInView, StoreError> {
        let realm = self.realm();
        let mut snapshot = self.snapshot().await?;
        let owner = profiles::identifier_owner(realm, question.kind, question.key);
        let mut answers = snapshot.ask(&[owner.statement()]).await?;
        let owner = owner.one(answers.take()?).map_err(corrupt)?.map(|own| own.subject);
        let subject = owner.unwrap_or(question.decoy);

        let profile = profiles::profile(realm, subject);
        let password = credentials::password(realm, subject);
        let tries = credentials::tries(realm, subject, Lane::Everybody);
        let device = question.device.map(|digest| sessions::device(realm, digest));
        let entry = question.account.map(|account| {
            (profiles::account(realm, account), profiles::membership(realm, account, subject))
        });
        let mut statements = vec![profile.statement(), password.statement(), tries.statement()];
        if let Some(device) = &device {
            statements.push(device.statement());
        }
        if let Some((account, membership)) = &entry {
            statements.extend([account.statement(), membership.statement()]);
        }
        let mut answers = snapshot.ask(&statements).await?;
        let profile = profile.one(answers.take()?).map_err(corrupt)?;
        let password = password.one(answers.take()?).map_err(corrupt)?;
        let tries = tries.one(answers.take()?).map_err(corrupt)?;
        let device = match device {
            None => None,
            Some(device) => device.one(answers.take()?).map_err(corrupt)?,
        };
        let device = device.filter(|device| device.subject == subject);
        let (account, membership) = match entry {
            None => (None, None),
            Some((account, membership)) => (
                account.one(answers.take()?).map_err(corrupt)?,
                membership.one(answers.take()?).map_err(corrupt)?,
            ),
        };

        let device_tries = match &device {
            None => None,
            Some(device) => {
                let tries = credentials::tries(realm, subject, Lane::Device(device.handle));
                let mut answers = snapshot.ask(&[tries.statement()]).await?;
                tries.one(answers.take()?).map_err(corrupt)?
            }
        };
        snapshot.end();
        Ok(SignInView { owner, profile, password, tries, device, device_tries, account, membership })
    }

    async fn session_view(&self, digest: SecretDigest) -> Result<Option<SessionView>, StoreError> {
        let found = self.query_one(&views::session_view(self.realm(), digest)).await?;
        Ok(found.map(|(session, profile, password_generation)| SessionView {
            session,
            profile,
            password_generation,
        }))
    }
}

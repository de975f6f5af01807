//! Reads that span domains, each of one instant.

use vestibule::{SessionView, SignInQuestion, SignInView, Views};
use vestibule_core::{SecretDigest, StoreError};
use vestibule_sql::views;

use crate::PostgresStore;

impl Views for PostgresStore {
    async fn sign_in_view(&self, question: SignInQuestion) -> Result<SignInView, StoreError> {
        let asked = views::sign_in(
            self.realm(),
            (question.kind, question.key),
            question.decoy,
            question.device,
            question.account,
        );
        let mut statements = vec![
            asked.owner.statement(),
            asked.profile.statement(),
            asked.password.statement(),
            asked.tries.statement(),
        ];
        if let Some((device, tries)) = &asked.device {
            statements.extend([device.statement(), tries.statement()]);
        }
        if let Some((account, membership)) = &asked.entry {
            statements.extend([account.statement(), membership.statement()]);
        }
        let mut answers = self.at_one_instant(&statements).await?;

        let owner = answers.one(&asked.owner)?.map(|own| own.subject);
        let subject = owner.unwrap_or(question.decoy);
        let profile = answers.one(&asked.profile)?;
        let password = answers.one(&asked.password)?;
        let tries = answers.one(&asked.tries)?;
        let (device, device_tries) = match &asked.device {
            None => (None, None),
            Some((device, tries)) => (answers.one(device)?, answers.one(tries)?),
        };
        let (account, membership) = match &asked.entry {
            None => (None, None),
            Some((account, membership)) => (answers.one(account)?, answers.one(membership)?),
        };
        let device = device.filter(|device| device.subject == subject);
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

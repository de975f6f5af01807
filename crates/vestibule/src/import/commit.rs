//! Load, decide, commit: a person in one commit, each membership in one of its own.

use vestibule_core::{BatchId, Error, Failure, Identifier, SubjectId, Timestamp};
use vestibule_credentials::{CredentialsRead, CredentialsWrite, import as import_password};
use vestibule_journal::EventKind;
use vestibule_profiles::{Problem, ProfileIdentifier, ProfilesGuard, ProfilesRead};

use super::answer::Skipped;
use super::given::{ImportedMembership, ImportedPerson};
use super::problem::ImportProblem;
use super::{decide, refused};
use crate::account::{Acting, Reason};
use crate::vestibule::{Inner, ROUNDS, busy};
use crate::writes::{AnyGuard, AnyWrite};

impl Inner {
    /// Profile, identifiers and password in one commit, unless there is a profile. Whether it was made here, and what was
    /// left out.
    pub(super) async fn import_profile(
        &self,
        person: &ImportedPerson,
        reason: &Reason,
        now: Timestamp,
    ) -> Result<(bool, Vec<Skipped>), Failure<ImportProblem>> {
        let subject = person.subject;
        for _ in 0..ROUNDS {
            if self.store.profile(subject).await?.is_some() {
                return Ok((false, self.compare(person).await?));
            }
            let (mut free, mut skipped) = (Vec::new(), Vec::new());
            for identifier in &person.identifiers {
                let identifier = identifier.clone();
                if self.is_taken(&identifier, subject).await? {
                    skipped.push(Skipped::IdentifierTaken { identifier });
                } else {
                    free.push(identifier);
                }
            }
            if free.is_empty() && !skipped.is_empty() {
                return refused(Problem::IdentifierTaken);
            }
            let writes = match decide::person(person, free, now) {
                Ok(writes) => writes,
                Err(problem) => return refused(problem),
            };
            let id = self.batch_id(now)?;
            let password = self.import_password(person, &mut skipped, id, now).await?;
            let event = Acting::Operator(reason).draft(EventKind::PROFILE_IMPORTED).subject(subject);
            let mut batch = self.record(event, id, now)?;
            batch.extend(writes.into_iter().map(AnyWrite::from));
            batch.extend(password.map(AnyWrite::from));
            // Whoever was faster, with the profile or with an identifier, is seen at the top.
            if self.land(id, now, batch).await?.is_none() {
                return Ok((true, skipped));
            }
        }
        Err(busy().into())
    }

    /// The row of the given password, unless there is one: a host may have used passwords before it used profiles.
    async fn import_password(
        &self,
        person: &ImportedPerson,
        skipped: &mut Vec<Skipped>,
        id: BatchId,
        now: Timestamp,
    ) -> Result<Option<CredentialsWrite>, Error> {
        let Some(given) = &person.password else { return Ok(None) };
        // EXPOSE: it becomes the row, as it is.
        let given = given.expose();
        if let Some(stored) = self.store.password(person.subject).await? {
            if !decide::is_same_password(&stored, given) {
                skipped.push(Skipped::Password);
            }
            return Ok(None);
        }
        Ok(Some(import_password(person.subject, None, given.clone(), person.must_change, id, now)))
    }

    /// What of the given person a profile that is there does not have.
    async fn compare(&self, person: &ImportedPerson) -> Result<Vec<Skipped>, Error> {
        let mut skipped = Vec::new();
        if !person.identifiers.is_empty() {
            let own = self.store.identifiers(person.subject).await?;
            for identifier in &person.identifiers {
                let has =
                    |one: &ProfileIdentifier| one.verified_at.is_some() && one.identifier == *identifier;
                if own.iter().any(has) {
                    continue;
                }
                let identifier = identifier.clone();
                skipped.push(if self.is_taken(&identifier, person.subject).await? {
                    Skipped::IdentifierTaken { identifier }
                } else {
                    Skipped::IdentifierNotAdded { identifier }
                });
            }
        }
        if let Some(given) = &person.password {
            let stored = self.store.password(person.subject).await?;
            // EXPOSE: compared with what rests, a hash like it.
            let given = given.expose();
            if !stored.is_some_and(|stored| decide::is_same_password(&stored, given)) {
                skipped.push(Skipped::Password);
            }
        }
        Ok(skipped)
    }

    async fn is_taken(&self, identifier: &Identifier, subject: SubjectId) -> Result<bool, Error> {
        let owner = self.store.identifier_owner(identifier.kind(), identifier.key()).await?;
        Ok(owner.is_some_and(|owner| owner.subject != subject))
    }

    /// One membership in one commit: whether it was added, or what stands in the way.
    pub(super) async fn import_membership(
        &self,
        subject: SubjectId,
        given: &ImportedMembership,
        reason: &Reason,
        now: Timestamp,
    ) -> Result<Result<bool, Problem>, Failure<ImportProblem>> {
        let role = given.role.clone().map_err(Failure::Refused)?;
        let contact = given.contact.clone().map_err(Failure::Refused)?;
        for _ in 0..ROUNDS {
            let Some(account) = self.store.account(given.account).await? else {
                return Ok(Err(Problem::AccountUnknown));
            };
            if let Some(stored) = self.store.membership(given.account, subject).await? {
                let exists = Problem::AlreadyMember { status: stored.standing.status };
                let same = decide::is_same_membership(&stored, given, &role);
                return Ok(if same { Ok(false) } else { Err(exists) });
            }
            let new = (role.clone(), contact.clone());
            let writes = match decide::membership(&account, subject, given, new, now) {
                Ok(writes) => writes,
                Err(problem) => return Ok(Err(problem)),
            };
            let id = self.batch_id(now)?;
            let event = Acting::Operator(reason)
                .draft(EventKind::MEMBERSHIP_ADDED)
                .field("status", given.status.as_str())
                .subject(subject)
                .account(given.account);
            let mut batch = self.record(event, id, now)?;
            batch.extend(writes.into_iter().map(AnyWrite::from));
            match self.land(id, now, batch).await? {
                None => return Ok(Ok(true)),
                Some(AnyGuard::Profiles(ProfilesGuard::Contact)) => return Ok(Err(Problem::ContactTaken)),
                Some(_) => {}
            }
        }
        Err(busy().into())
    }
}

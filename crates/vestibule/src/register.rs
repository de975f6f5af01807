//! People for whom the host vouches.

use vestibule_core::{Error, Failure, Identifier, Refusal, Secret, SubjectId};
use vestibule_credentials::{PasswordUse, set};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{Problem, ProfilesGuard, decide};

use crate::chosen::OwnWords;
use crate::vestibule::{Inner, Vestibule};
use crate::writes::{AnyGuard, AnyWrite};

/// A person to register, with identifiers that the host has verified.
#[derive(Debug)]
#[non_exhaustive]
pub struct NewPerson {
    /// The host's id of the person; made here if there is none.
    pub subject: Option<SubjectId>,
    /// What the person signs in with; the host vouches that it is theirs.
    pub identifiers: Vec<Identifier>,
    /// A first password.
    pub password: Option<Secret<String>>,
}

impl NewPerson {
    /// A person with one verified identifier and no password.
    #[must_use]
    pub fn verified_by_host(identifier: impl Into<Identifier>) -> Self {
        Self { subject: None, identifiers: vec![identifier.into()], password: None }
    }

    /// With the host's id.
    #[must_use]
    pub const fn subject(mut self, subject: SubjectId) -> Self {
        self.subject = Some(subject);
        self
    }

    /// With one more verified identifier.
    #[must_use]
    pub fn also(mut self, identifier: impl Into<Identifier>) -> Self {
        self.identifiers.push(identifier.into());
        self
    }

    /// With a first password.
    #[must_use]
    pub fn password(mut self, password: impl Into<Secret<String>>) -> Self {
        self.password = Some(password.into());
        self
    }
}

impl Vestibule {
    /// Registers a person: profile, identifiers and password come into being in one commit, or none of them.
    ///
    /// The host vouches for the identifiers: it has proof that they are the person's. (Proving an address here comes with
    /// recovery.)
    ///
    /// # Errors
    ///
    /// `identifier.taken`, `profile.taken`, `identifier.last_way_in` (no identifier), `identifier.too_many`,
    /// `password.rejected`.
    pub async fn register_verified(&self, person: NewPerson) -> Result<SubjectId, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let subject = match person.subject {
            Some(subject) => subject,
            None => SubjectId::make(&*inner.entropy, now)?,
        };
        let id = inner.batch_id(now)?;
        let password = match person.password {
            None => None,
            Some(password) => {
                let words = OwnWords::of(&person.identifiers);
                match inner.hash_new(password, &words, PasswordUse::Alone).await? {
                    Ok(hash) => Some(set(subject, None, &hash, id, now)),
                    Err(rejection) => {
                        let problem = vestibule_credentials::Problem::Rejected(rejection);
                        return Err(inner.refuse_registration(&problem, subject).await?);
                    }
                }
            }
        };
        let writes = match decide::register(subject, person.identifiers, now) {
            Ok(writes) => writes,
            Err(problem) => return Err(inner.refuse_registration(&problem, subject).await?),
        };
        let event = Draft::new(EventKind::PROFILE_REGISTERED, EventActor::System).subject(subject);
        let mut batch = inner.record(event, id, now)?;
        batch.extend(writes.into_iter().map(AnyWrite::from));
        batch.extend(password.map(AnyWrite::from));
        let problem = match inner.land(id, now, batch).await? {
            None => return Ok(subject),
            Some(AnyGuard::Profiles(ProfilesGuard::IdentifierFree)) => Problem::IdentifierTaken,
            Some(_) => Problem::ProfileTaken,
        };
        Err(inner.refuse_registration(&problem, subject).await?)
    }
}

impl Inner {
    async fn refuse_registration(
        &self,
        problem: &(dyn vestibule_core::Registered + Sync),
        subject: SubjectId,
    ) -> Result<Failure<Refusal>, Error> {
        let now = self.clock.now();
        let refusal = self.refuse_after_proof(problem, EventActor::System, Some(subject), None, now).await?;
        Ok(Failure::Refused(refusal))
    }
}

//! What a person sees of their own logins, and which of them is the primary one.

use vestibule_checkword::{CheckwordRead, purpose};
use vestibule_core::{Failure, Refusal, Timestamp};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{ProfilesRead, ProfilesWrite};

use super::bound::Change;
use super::primary_of;
use crate::session::Authenticated;
use crate::vestibule::{ROUNDS, Vestibule, busy};

/// A login of the person who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnLogin {
    /// The address or number, as it was typed.
    pub login: String,
    /// Since when it is theirs.
    pub verified_at: Timestamp,
    /// Whether it is the primary one.
    pub primary: bool,
}

/// A login that the person has given up and that nobody else can take yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeavingLogin {
    /// The address or number, as it was typed.
    pub login: String,
    /// The first instant at which it is free.
    pub free_at: Timestamp,
    /// Whether it was given up in the session that looks: only there it can be given free at once.
    pub given_up_here: bool,
}

/// A person's logins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnLogins {
    /// Those that open the profile.
    pub logins: Vec<OwnLogin>,
    /// Those that do not any more.
    pub leaving: Vec<LeavingLogin>,
    /// The login that waits to be confirmed, whatever is true of its address.
    pub pending: Option<String>,
}

impl Vestibule {
    /// The person's own logins.
    ///
    /// # Errors
    ///
    /// `session.*`.
    pub async fn list_logins(&self, who: &Authenticated) -> Result<OwnLogins, Failure<Refusal>> {
        let inner = self.inner();
        let who = &inner.whole(who).await?;
        let (now, subject) = (inner.clock.now(), who.subject());
        let own = inner.store.identifiers(subject).await?;
        let primary = primary_of(&who.profile, &own).map(|own| own.identifier.key());
        let logins = own.iter().filter(|own| !own.is_social()).filter_map(|own| {
            Some(OwnLogin {
                login: own.identifier.as_typed().to_owned(),
                verified_at: own.verified_at?,
                primary: Some(own.identifier.key()) == primary,
            })
        });
        let leaving = inner.store.leaving_of(subject).await?;
        let leaving = leaving.into_iter().filter(|leaving| leaving.holds(now)).map(|leaving| LeavingLogin {
            login: leaving.identifier.as_typed().to_owned(),
            free_at: leaving.until,
            given_up_here: leaving.session == who.session(),
        });
        let word = inner.store.checkword(subject, purpose::CONFIRM_ADDRESS.as_str().to_owned()).await?;
        let pending = word.filter(|word| word.is_live(now)).and_then(|word| Change::decode(&word.bound).ok());
        Ok(OwnLogins {
            logins: logins.collect(),
            leaving: leaving.collect(),
            pending: pending.map(|change| change.new.as_typed().to_owned()),
        })
    }

    /// Makes one of the person's logins the primary one.
    ///
    /// # Errors
    ///
    /// `login.not_yours`, `login.proof_too_old`, `profile.frozen`, `session.revoked`.
    pub async fn set_primary_login(&self, who: &Authenticated, login: &str) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let who = &inner.may_change_logins(who).await?;
        let (now, subject) = (inner.clock.now(), who.subject());
        for _ in 0..ROUNDS {
            let own = inner.own_login(who, login, now).await?.identifier;
            let (kind, key) = (own.kind(), own.key());
            let id = inner.batch_id(now)?;
            let event =
                Draft::new(EventKind::LOGIN_MADE_PRIMARY, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event.field("login", &own.masked()), id, now)?;
            let epoch = who.profile.epoch;
            batch.push(ProfilesWrite::SetPrimary { subject, epoch, primary: key }.into());
            batch.push(ProfilesWrite::RequireIdentifier { subject, kind, key, leaving_until: None }.into());
            batch.push(vestibule_sessions::decide::require(&who.session).into());
            match inner.land(id, now, batch).await? {
                None => return Ok(()),
                Some(guard) => inner.still_theirs(who, guard).await?,
            }
        }
        Err(busy().into())
    }
}

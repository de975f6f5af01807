//! Getting back in, second half: a link is looked at, and redeemed with a new password.

use vestibule_checkword::decide::{self, Live};
use vestibule_checkword::{
    CheckwordRead, Intent, Problem as WordProblem, Rotation, decide::rotate, purpose, read_link,
};
use vestibule_core::{
    AddressKey, Failure, Purpose, Refusal, Registered, Secret, SecretDigest, SubjectId, Timestamp,
};
use vestibule_credentials::{
    CredentialsRead, CredentialsWrite, Lane, PasswordRejection, PasswordUse, PreparedPassword,
    Problem as PasswordProblem, set,
};
use vestibule_journal::{Draft, EventActor, EventKind, RefusedBy};
use vestibule_profiles::{Problem, ProfileIdentifier, ProfilesRead, ProfilesWrite};

use crate::factor::usage_of;
use crate::notice::{Notice, NoticeKind};
use crate::refuse::Attempt;
use crate::telling::bound_to;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};

/// What a link to a new password is for, whichever of them it is.
const PURPOSES: [Purpose; 2] = [purpose::RECOVERY, purpose::SET_FIRST_PASSWORD];

/// What a new password makes worthless: every other link by which the profile could be changed (U-4, U-8).
pub(crate) const ROTATED: [Purpose; 5] = [
    purpose::CONFIRM_ADDRESS,
    purpose::CONFIRM_REMOVAL,
    purpose::FACTOR_RESET,
    purpose::RECOVERY,
    purpose::SET_FIRST_PASSWORD,
];

/// Whose session the browser holds in which a link was opened (P8c).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a page that overlooks one would spend a link for the wrong person"
)]
pub enum OpenSession {
    /// Nobody's.
    Nobody,
    /// That of somebody else.
    OtherPerson {
        /// Who is signed in, as they would recognise it: `b***@e***.com`.
        signed_in_as: String,
    },
    /// That of the person the link is for.
    SamePerson,
}

/// What a page does about an [`OpenSession`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the three things there are to do")]
pub enum Advice {
    /// Show the form.
    Continue,
    /// Offer to sign out and to go on as the person the link is for (R6). Nothing was spent.
    OfferSwitch,
    /// Refuse, and spend nothing.
    Refuse,
}

impl OpenSession {
    /// What to do while the link is looked at.
    #[must_use]
    pub const fn at_inspection(&self) -> Advice {
        match self {
            Self::Nobody | Self::SamePerson => Advice::Continue,
            Self::OtherPerson { .. } => Advice::OfferSwitch,
        }
    }

    /// What is done when the form comes back.
    #[must_use]
    pub const fn at_redemption(&self) -> Advice {
        match self {
            Self::Nobody | Self::SamePerson => Advice::Continue,
            Self::OtherPerson { .. } => Advice::Refuse,
        }
    }
}

/// A link to a new password, as its page may show it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryPage {
    /// The address it was sent to, as its owner would recognise it.
    pub address: String,
    /// Whether the profile had no password when the link was made.
    pub first_password: bool,
    /// The first instant at which it is refused.
    pub expires_at: Timestamp,
    /// Whose session the browser holds.
    pub session: OpenSession,
}

impl Vestibule {
    /// Looks at a link to a new password: what its page shows. It reads only; a mail scanner may do it a thousand times
    /// (ATK-C12).
    ///
    /// # Errors
    ///
    /// `checkword.expired`, `checkword.used`, `checkword.superseded`, `checkword.rotated`, `checkword.wrong_purpose`,
    /// `checkword.malformed`, `checkword.unknown` (P8).
    pub async fn inspect_recovery(
        &self,
        link: &Secret<String>,
        session: Option<&Secret<String>>,
    ) -> Result<RecoveryPage, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let (digest, purpose) = inner.read_link_for(link, &PURPOSES, now).await?;
        let live = inner.live_link(digest, purpose, now).await?;
        let address = inner.bound_address(&live).await?;
        let Some(address) = address else {
            let problem = WordProblem::Rotated { at: now, by: Rotation::AddressRemoved };
            return inner.refuse_link(&problem, Some(digest), now).await;
        };
        if let Some(profile) = inner.store.profile(live.holder).await?
            && let Err(problem) = Inner::recovers(&profile, address.verified_at)
        {
            return inner.refuse_link(&problem, Some(digest), now).await;
        }
        Ok(RecoveryPage {
            address: address.identifier.masked(),
            first_password: purpose == purpose::SET_FIRST_PASSWORD,
            expires_at: live.expires_at,
            session: self.open_session(live.holder, session).await?,
        })
    }

    /// Sets a new password by a link (R4). In this order: the link is looked at, the password judged and hashed, then one
    /// commit: the link is used up, the password replaced, every session and every other link of the person ended, every
    /// verified address told. What is refused before that commit spends nothing (PR-11).
    ///
    /// It signs nobody in, and replaces no second factor (ASVS 6.3.6, 6.4.3).
    ///
    /// # Errors
    ///
    /// As [`inspect_recovery`](Self::inspect_recovery); `checkword.other_person` when the browser holds somebody else's session;
    /// `password.rejected`; `profile.blocked`; `profile.frozen` where the address proves nothing about whose the profile is (one
    /// that does lifts the freeze). [`Failure::Fault`] of kind `Busy` when too many passwords are being hashed.
    pub async fn recover(
        &self,
        link: &Secret<String>,
        new: impl Into<Secret<String>>,
        session: Option<&Secret<String>>,
    ) -> Result<(), Failure<Refusal>> {
        let new = new.into();
        let inner = self.inner();
        let now = inner.clock.now();
        let (digest, purpose) = inner.read_link_for(link, &PURPOSES, now).await?;
        let live = inner.live_link(digest, purpose, now).await?;
        let holder = live.holder;
        if self.open_session(holder, session).await?.at_redemption() == Advice::Refuse {
            return inner.refuse_link(&WordProblem::OtherPerson, Some(digest), now).await;
        }
        let words = inner.words_of(holder).await?;
        let usage = match inner.store.profile(holder).await? {
            Some(profile) => usage_of(&profile),
            None => PasswordUse::Alone,
        };
        let prepared = match PreparedPassword::prepare(new) {
            Ok(prepared) => prepared,
            Err(error) => return inner.reject_at_link(error.into(), digest, now).await,
        };
        let (have, min) = (prepared.code_points(), inner.passwords.min(PasswordUse::Alone));
        let hash = match inner.hash_prepared(prepared, &words, usage).await? {
            Ok(hash) => hash,
            Err(rejection) => return inner.reject_at_link(rejection, digest, now).await,
        };
        for _ in 0..ROUNDS {
            let found = inner.store.found(digest).await?;
            let redemption = match decide::redeem(found.as_ref(), purpose, Intent::NewPassword, now) {
                Ok(redemption) => redemption,
                Err(problem) => return inner.refuse_link(&problem, Some(digest), now).await,
            };
            let address = inner.bound_address(&live).await?;
            let (Some(address), Some(profile)) = (address, inner.store.profile(holder).await?) else {
                let problem = WordProblem::Rotated { at: now, by: Rotation::AddressRemoved };
                return inner.refuse_link(&problem, Some(digest), now).await;
            };
            if let Some(block) = profile.blocked_at(now) {
                // A block makes links worthless: of one that landed meanwhile the link itself says so.
                let _ = inner.live_link(digest, purpose, now).await?;
                return inner.refuse_link(&Problem::Blocked { until: block.until }, Some(digest), now).await;
            }
            // A password that was accepted beside a second factor stands alone only if it is long enough for that.
            if usage_of(&profile) == PasswordUse::Alone && have < min {
                let rejection = PasswordRejection::TooShort { min, have };
                return inner.reject_at_link(rejection, digest, now).await;
            }
            let (ends, lifted) = match Inner::recovers(&profile, address.verified_at) {
                Ok(ends) => ends,
                Err(problem) => return inner.refuse_link(&problem, Some(digest), now).await,
            };
            let stored = inner.store.password(holder).await?;
            let id = inner.batch_id(now)?;
            let event = Draft::new(EventKind::PASSWORD_RECOVERED, EventActor::Person(holder)).subject(holder);
            let mut batch = inner.record(event, id, now)?;
            if lifted.is_some() {
                let event =
                    Draft::new(EventKind::PROFILE_UNFROZEN, EventActor::Person(holder)).subject(holder);
                batch.extend(inner.record_further(event, id, now)?);
            }
            batch.push(redemption.write.into());
            // The mailbox is the proof: it must be theirs still when this lands.
            let (kind, key) = (address.identifier.kind(), address.identifier.key());
            let held = ProfilesWrite::RequireIdentifier { subject: holder, kind, key, leaving_until: None };
            batch.push(held.into());
            let others: Vec<Purpose> = ROTATED.into_iter().filter(|other| *other != purpose).collect();
            batch.extend(rotate(holder, &others, Rotation::PasswordSet, now).into_iter().map(Into::into));
            batch.push(set(holder, stored.as_ref(), &hash, id, now).into());
            batch.push(CredentialsWrite::ResetTries { subject: holder, lane: Lane::Everybody }.into());
            batch.push(ends.into());
            batch.extend(inner.notices(holder, Notice::new(NoticeKind::PasswordRecovered, now)).await?);
            batch.extend(inner.withdrawals(holder, now).await?);
            batch.extend(inner.drops_reset(&profile, EventActor::Person(holder), id, now).await?);
            if inner.land(id, now, batch).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy().into())
    }

    pub(crate) async fn open_session(
        &self,
        holder: SubjectId,
        session: Option<&Secret<String>>,
    ) -> Result<OpenSession, Failure<Refusal>> {
        let Some(session) = session else { return Ok(OpenSession::Nobody) };
        let who = match self.authenticate(session).await {
            Ok(who) => who.subject(),
            // A session that is over holds nobody.
            Err(Failure::Refused(_)) => return Ok(OpenSession::Nobody),
            Err(fault) => return Err(fault),
        };
        if who == holder {
            return Ok(OpenSession::SamePerson);
        }
        let own = self.inner().store.identifiers(who).await?;
        let verified = own.iter().find(|own| own.verified_at.is_some());
        let signed_in_as = verified.map_or_else(String::new, |own| own.identifier.masked());
        Ok(OpenSession::OtherPerson { signed_in_as })
    }
}

impl Inner {
    /// The digest of a link's text, and which of these purposes it is for. No store is asked.
    pub(crate) async fn read_link_for(
        &self,
        link: &Secret<String>,
        purposes: &[Purpose],
        now: Timestamp,
    ) -> Result<(SecretDigest, Purpose), Failure<Refusal>> {
        let mut problem = WordProblem::Malformed;
        for &purpose in purposes {
            // EXPOSE: read as the text it must be.
            match read_link(&self.ring, link.expose(), purpose) {
                Ok(digest) => return Ok((digest, purpose)),
                Err(why) => problem = why,
            }
            if problem != WordProblem::WrongPurpose {
                break;
            }
        }
        self.refuse_link(&problem, None, now).await
    }

    pub(crate) async fn live_link(
        &self,
        digest: SecretDigest,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Live, Failure<Refusal>> {
        let found = self.store.found(digest).await?;
        match decide::inspect(found.as_ref(), purpose, now) {
            Ok(live) => Ok(live),
            Err(problem) => self.refuse_link(&problem, Some(digest), now).await,
        }
    }

    /// The address that the link was sent to, while it is still a verified one of the person's.
    pub(crate) async fn bound_address(
        &self,
        live: &Live,
    ) -> Result<Option<ProfileIdentifier>, vestibule_core::Error> {
        let own = self.store.identifiers(live.holder).await?;
        Ok(own.into_iter().find(|own| own.verified_at.is_some() && bound_to(&own.identifier) == live.bound))
    }

    /// The new password is not good enough. Nothing of this spends the link.
    async fn reject_at_link<T>(
        &self,
        rejection: PasswordRejection,
        digest: SecretDigest,
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        self.refuse_link(&PasswordProblem::Rejected(rejection), Some(digest), now).await
    }

    /// A link opens nothing, or what was brought with it is not good. Whoever holds it is told the truth; the rows are folded
    /// by link and hour, and those of texts that are none into one.
    pub(crate) async fn refuse_link<T>(
        &self,
        problem: &(dyn Registered + Sync),
        digest: Option<SecretDigest>,
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        let of = digest.map_or_else(Vec::new, |digest| digest.as_bytes().to_vec());
        let key = self.ring.digest_current("checkword.case", &[&of]);
        let key = AddressKey::from_bytes(*key.as_bytes());
        let attempt = Attempt { key, client: None, account: None, now };
        let refusal = self.refuse_before_proof(problem, attempt, RefusedBy::Window, Vec::new()).await?;
        Err(Failure::Refused(refusal))
    }
}

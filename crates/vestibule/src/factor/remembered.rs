//! A device on which the second factor was shown, remembered in the place of it: where an account's policy accepts that, and
//! for no step-up (P13).

use vestibule_core::{
    ClientAddress, Error, ErrorKind, Failure, Refusal, Secret, SecretDigest, SessionHandle, Timestamp,
};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_mfa::{CodeRow, MfaRead};
use vestibule_profiles::{Profile, ProfilesWrite};
use vestibule_sessions::{Device, SessionsRead, decide};

use super::FactorProblem;
use super::narrow::Narrow;
use crate::session::Authenticated;
use crate::sign_in::SignedIn;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::AnyWrite;

/// How many of its sessions end in one commit with a device: a row and a token each, within what every database does in one step.
const ENDED_AT_ONCE: usize = 8;

/// A remembered device in its owner's list. The token is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnDevice {
    /// Its public name, for [`Vestibule::forget_device`].
    pub handle: SessionHandle,
    /// The host's name of it.
    pub label: String,
    /// When the second factor was last shown on it: from then on counts for how long an account accepts it.
    pub remembered_since: Timestamp,
}

impl Vestibule {
    /// Enters the account that the sign-in named by a remembered device, without the second factor. The session opens accounts
    /// whose policy accepts such a device ([`AccountPolicy::remembers_devices`](vestibule_profiles::AccountPolicy)) for as long as it
    /// does, counted from the code, and no other; it changes nothing about the profile and steps nothing up (PR-14).
    ///
    /// A device is remembered by [`complete_and_remember`](Self::complete_and_remember). It is forgotten with every change of the
    /// factor, a renewal of the recovery codes, a reset, a new password, a sign-out everywhere, and by
    /// [`forget_device`](Self::forget_device).
    ///
    /// # Errors
    ///
    /// `factor.sign_in_over` (also when this sign-in was used so already), `factor.device_not_remembered`,
    /// `factor.device_not_accepted`, `password.must_change`, `profile.blocked`, `profile.blocked_until`, `admission.*`.
    pub async fn enter_remembered(
        &self,
        pending: &Secret<String>,
        device: &Secret<String>,
        client: Option<ClientAddress>,
    ) -> Result<SignedIn, Failure<Refusal>> {
        self.inner().enter_narrow(pending, Narrow::Remembered(device), client).await
    }

    /// The person's remembered devices.
    ///
    /// # Errors
    ///
    /// `factor.required`, `session.revoked`.
    pub async fn list_remembered_devices(
        &self,
        who: &Authenticated,
    ) -> Result<Vec<OwnDevice>, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let who = inner.whole(who).await?;
        let codes = inner.store.codes(who.subject()).await?;
        let own = inner.store.devices(who.subject()).await?.into_iter().filter_map(|device| {
            let remembered_since = remembered_since(&device, &who.profile, &codes, now)?;
            Some(OwnDevice { handle: device.handle, label: device.label, remembered_since })
        });
        Ok(own.collect())
    }

    /// Forgets one remembered device: it stands in for no factor any more, and the sessions that it opened end; so do those that any
    /// device opened before the factor was shown on it anew. It stays a known one, so that its tries are counted apart.
    ///
    /// # Errors
    ///
    /// `factor.device_not_remembered`, `factor.required`, `session.revoked`. After a fault whose outcome is unknown ask again:
    /// where the device was forgotten, the rest of what it opened ends.
    pub async fn forget_device(
        &self,
        who: &Authenticated,
        handle: SessionHandle,
    ) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let (now, subject) = (inner.clock.now(), who.subject());
        for _ in 0..ROUNDS {
            let who = inner.whole(who).await?;
            let codes = inner.store.codes(subject).await?;
            let own = inner.store.devices(subject).await?;
            let device = own.into_iter().find(|device| device.handle == handle);
            let since =
                device.as_ref().and_then(|device| remembered_since(device, &who.profile, &codes, now));
            let (Some(device), Some(since)) = (device, since) else {
                // Asked once more, where a fault kept it from its end.
                if inner.ends_forgotten((&who.profile, None), now).await? {
                    return Ok(());
                }
                return inner.refuse_own(&who, &FactorProblem::DeviceNotRemembered, now).await;
            };
            let id = inner.batch_id(now)?;
            let event = Draft::new(EventKind::DEVICE_FORGOTTEN, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event, id, now)?;
            let renamed = SessionHandle::make(&*inner.entropy, now)?;
            batch.push(decide::forget_device(&device, renamed, id).into());
            batch.extend(inner.forgotten(&who.profile, Some((handle, since)), now).await?);
            batch.push(ProfilesWrite::RequireProfile { subject, epoch: who.profile.epoch }.into());
            batch.push(decide::require(&who.session).into());
            if inner.land(id, now, batch).await?.is_some() {
                continue;
            }
            // From here on it opens nothing: whatever it opened while this was decided is there to be read.
            return match inner.ends_forgotten((&who.profile, Some((handle, since))), now).await {
                Ok(_) => Ok(()),
                Err(fault) => Err(Error::new(ErrorKind::OutcomeUnknown, fault).into()),
            };
        }
        Err(busy().into())
    }
}

impl Inner {
    /// The device of this digest, and when the factor was shown on it, if it is this person's and remembered.
    pub(super) async fn remembered_device(
        &self,
        digest: SecretDigest,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<Option<(Device, Timestamp)>, Error> {
        let Some(device) = self.store.device(digest).await? else { return Ok(None) };
        let codes = self.store.codes(profile.subject).await?;
        let since = remembered_since(&device, profile, &codes, now);
        Ok(since.map(|since| (device, since)))
    }

    /// Ends what devices opened that are forgotten. Whether there was anything.
    async fn ends_forgotten(
        &self,
        (profile, this): (&Profile, Option<(SessionHandle, Timestamp)>),
        now: Timestamp,
    ) -> Result<bool, Error> {
        for round in 0..ROUNDS {
            let left = self.forgotten(profile, this, now).await?;
            if left.is_empty() {
                return Ok(round > 0);
            }
            self.land(self.batch_id(now)?, now, left).await?;
        }
        Err(busy())
    }

    /// The ends of the sessions in which no factor was shown and that were opened by this device, on which one was shown then, or
    /// by one that is no longer remembered so; not too many at once.
    async fn forgotten(
        &self,
        profile: &Profile,
        this: Option<(SessionHandle, Timestamp)>,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        // Before the devices: whoever has one remembered meanwhile is found with it.
        let own = self.store.sessions(profile.subject).await?;
        let codes = self.store.codes(profile.subject).await?;
        let devices = self.store.devices(profile.subject).await?;
        let others = devices.iter().filter(|device| this.is_none_or(|(handle, _)| device.handle != handle));
        let kept: Vec<Timestamp> =
            others.filter_map(|device| remembered_since(device, profile, &codes, now)).collect();
        let is_over =
            |shown: Timestamp| this.is_some_and(|(_, since)| since == shown) || !kept.contains(&shown);
        let opened = own.iter().filter(|one| one.remembered_since().is_some_and(is_over));
        let narrow = opened.filter(|one| !one.has_two_factors());
        Ok(narrow.take(ENDED_AT_ONCE).map(|one| decide::end(one).into()).collect())
    }
}

/// When the factor was shown on a device, if it is this person's and remembered. Codes that were renewed since then were renewed
/// because somebody else may have them; one that was used and replaced by itself says nothing.
fn remembered_since(
    device: &Device,
    profile: &Profile,
    codes: &[CodeRow],
    now: Timestamp,
) -> Option<Timestamp> {
    let since = device.remembered(profile.epoch, now).filter(|_| device.subject == profile.subject)?;
    let renewed = codes.iter().map(|code| code.made_at).min();
    renewed.is_none_or(|renewed| !renewed.is_after(since)).then_some(since)
}

//! Load, decide, commit: known devices.

use vestibule_core::{BatchId, Commit, Error, Failure, SessionHandle, SubjectId, Timestamp};

use crate::decide::{self, Ids, RememberRequest};
use crate::device::{Device, KnownDevice};
use crate::problem::Problem;
use crate::service::{ROUNDS, Sessions, busy};
use crate::store::SessionsRead;
use crate::token::DeviceToken;
use crate::write::SessionsWrite;

/// A device that is known from now on.
#[derive(Debug)]
#[must_use = "the token is nowhere else"]
#[non_exhaustive]
pub struct Remembered {
    /// The token, for a cookie of its own.
    pub token: DeviceToken,
    /// The device.
    pub device: Device,
    /// The device that had to be forgotten, because the profile knew as many as it may know.
    pub evicted: Option<SessionHandle>,
}

impl<S: SessionsRead + Commit<SessionsWrite>> Sessions<S> {
    /// Makes the device known on which the person has just signed in.
    ///
    /// # Errors
    ///
    /// Faults only.
    pub async fn remember_device(
        &self,
        request: &RememberRequest,
        now: Timestamp,
    ) -> Result<Remembered, Failure<Problem>> {
        for _ in 0..ROUNDS {
            let existing = self.store.devices(request.subject()).await?;
            let token = DeviceToken::make(&*self.entropy, &self.ring)?;
            let ids = Ids {
                handle: SessionHandle::make(&*self.entropy, now)?,
                digest: token.digest(&self.ring)?,
                batch: BatchId::make(&*self.entropy, now)?,
            };
            let known = decide::remember(&self.policy, request, &existing, &ids, now);
            if self.land(ids.batch, vec![known.write], now).await?.is_none() {
                return Ok(Remembered { token, device: known.device, evicted: known.evicted });
            }
        }
        Err(busy())
    }

    /// Whether this token is of a device of this person. Whatever it is not, it is `None`: a sign-in without a known
    /// device is an ordinary one.
    ///
    /// # Errors
    ///
    /// Faults of the store.
    pub async fn recognise_device(
        &self,
        token: &str,
        subject: SubjectId,
        profile_epoch: u64,
        now: Timestamp,
    ) -> Result<Option<KnownDevice>, Error> {
        let Ok(token) = DeviceToken::parse(token) else { return Ok(None) };
        let Ok(digest) = token.digest(&self.ring) else { return Ok(None) };
        let device = self.store.device(digest).await?;
        let own = device.filter(|device| device.subject == subject && device.is_live(profile_epoch, now));
        Ok(own.as_ref().map(KnownDevice::of))
    }
}

//! A device becomes known, is remembered in the place of a second factor, or is only known again.

use vestibule_core::{BatchId, SessionHandle, SubjectId, Timestamp};

use super::Ids;
use crate::device::Device;
use crate::label::DeviceLabel;
use crate::policy::SessionPolicy;
use crate::slot::{Choice, Holder, choose};
use crate::write::SessionsWrite;

/// Whose device is to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct RememberRequest {
    subject: SubjectId,
    profile_epoch: u64,
    label: DeviceLabel,
    in_place_of: Option<SessionHandle>,
    remembered_since: Option<Timestamp>,
}

impl RememberRequest {
    /// A person who has just signed in, and the profile's epoch.
    pub fn new(subject: SubjectId, profile_epoch: u64) -> Self {
        Self {
            subject,
            profile_epoch,
            label: DeviceLabel::default(),
            in_place_of: None,
            remembered_since: None,
        }
    }

    /// The host's name of the device.
    pub fn label(mut self, label: DeviceLabel) -> Self {
        self.label = label;
        self
    }

    /// The device as it was recognised: it keeps its slot and gets a new token, so that one device never takes two.
    pub const fn in_place_of(mut self, handle: SessionHandle) -> Self {
        self.in_place_of = Some(handle);
        self
    }

    /// The second factor was shown on it at this instant, and its owner asks that it be remembered in the place of one. A device
    /// that was only known gets a new token by that (see [`in_place_of`](Self::in_place_of)): none that was given for less
    /// ever stands in for a factor.
    pub const fn remembered_since(mut self, shown: Timestamp) -> Self {
        self.remembered_since = Some(shown);
        self
    }

    /// Whose device.
    #[must_use]
    pub const fn subject(&self) -> SubjectId {
        self.subject
    }
}

/// A device that is known from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RememberedDevice {
    /// The row.
    pub device: Device,
    /// The write that puts it.
    pub write: SessionsWrite,
    /// The device that had to be forgotten, because the profile knew as many as it may know.
    pub evicted: Option<SessionHandle>,
}

/// Decides which slot the device takes: its own, an empty or a dead one, else that of the longest known.
#[must_use]
pub fn remember(
    policy: &SessionPolicy,
    request: &RememberRequest,
    existing: &[Device],
    ids: &Ids,
    now: Timestamp,
) -> RememberedDevice {
    let own = existing.iter().find(|device| Some(device.handle) == request.in_place_of);
    let choice = match own {
        Some(device) => Choice { slot: device.slot, replacing: Some(device.handle), evicts: false },
        None => {
            let holder = |device: &Device| Holder {
                slot: device.slot,
                handle: device.handle,
                live: device.is_live(request.profile_epoch, now),
                last_used_at: device.made_at,
            };
            let holders: Vec<Holder> = existing.iter().map(holder).collect();
            choose(&holders, policy.devices_at_most(), ids.handle)
        }
    };
    let device = Device {
        slot: choice.slot,
        handle: ids.handle,
        digest: ids.digest,
        subject: request.subject,
        profile_epoch: request.profile_epoch,
        made_at: now,
        ends_at: now.plus(policy.device_lasts()),
        remembered_since: request.remembered_since.map(|shown| shown.min(now)),
        label: request.label.clone().into_string(),
        set_by: ids.batch,
    };
    let write = SessionsWrite::PutDevice { device: device.clone(), replacing: choice.replacing };
    RememberedDevice { device, write, evicted: choice.replacing.filter(|_| choice.evicts) }
}

/// Relies on the device by which somebody enters: it is put in its own place again, as it is, so that it has not been forgotten
/// meanwhile.
#[must_use]
pub fn rely_on_device(device: &Device) -> SessionsWrite {
    SessionsWrite::PutDevice { device: device.clone(), replacing: Some(device.handle) }
}

/// Forgets that a device is remembered; it stays known, by the same token. The handle is new, so that whoever is about to enter
/// by it loses.
#[must_use]
pub fn forget_device(device: &Device, handle: SessionHandle, batch: BatchId) -> SessionsWrite {
    let known = Device { handle, remembered_since: None, set_by: batch, ..device.clone() };
    SessionsWrite::PutDevice { device: known, replacing: Some(device.handle) }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::testing::{EPOCH, NOW, ids, subject};

    #[test]
    fn a_dead_device_goes_before_the_longest_known_and_nobody_is_evicted() {
        let policy = SessionPolicy::default();
        let request = RememberRequest::new(subject(), EPOCH);
        let mut devices: Vec<Device> = Vec::new();
        for n in 0..16 {
            let now = NOW.plus(Duration::from_secs(n));
            let known = remember(&policy, &request, &devices, &ids(u8::try_from(n).unwrap()), now);
            assert_eq!(known.evicted, None);
            devices.push(known.device);
        }
        let longest = devices.iter().min_by_key(|device| device.made_at).unwrap().handle;
        assert_eq!(remember(&policy, &request, &devices, &ids(99), NOW).evicted, Some(longest));
        let dead = devices.iter_mut().find(|device| device.slot == 9).unwrap();
        dead.profile_epoch -= 1;
        let known = remember(&policy, &request, &devices, &ids(99), NOW);
        assert_eq!((known.device.slot, known.evicted), (9, None));
    }

    #[test]
    fn what_is_remembered_is_dated_by_the_factor_and_never_by_the_future() {
        let policy = SessionPolicy::default();
        let request = RememberRequest::new(subject(), EPOCH);
        assert_eq!(remember(&policy, &request, &[], &ids(1), NOW).device.remembered_since, None);
        let earlier = NOW.minus(Duration::from_secs(5));
        for (shown, since) in [(earlier, earlier), (NOW.plus(Duration::from_secs(5)), NOW)] {
            let request = request.clone().remembered_since(shown);
            let device = remember(&policy, &request, &[], &ids(1), NOW).device;
            assert_eq!((device.remembered_since, device.made_at), (Some(since), NOW));
        }
    }

    #[test]
    fn a_known_device_that_is_remembered_keeps_its_slot_and_gets_a_new_token() {
        let policy = SessionPolicy::default();
        let request = RememberRequest::new(subject(), EPOCH);
        let known = remember(&policy, &request, &[], &ids(1), NOW).device;
        let request = request.in_place_of(known.handle).remembered_since(NOW);
        let remembered = remember(&policy, &request, std::slice::from_ref(&known), &ids(2), NOW).device;
        assert_eq!(remembered.slot, known.slot);
        assert_ne!((remembered.handle, remembered.digest), (known.handle, known.digest));
    }

    #[test]
    fn a_device_that_is_forgotten_is_known_by_its_token_under_a_new_name() {
        let policy = SessionPolicy::default();
        let request = RememberRequest::new(subject(), EPOCH).remembered_since(NOW);
        let device = remember(&policy, &request, &[], &ids(1), NOW).device;
        let SessionsWrite::PutDevice { device: known, replacing } =
            forget_device(&device, ids(2).handle, ids(2).batch)
        else {
            panic!("it is put")
        };
        assert_eq!(replacing, Some(device.handle));
        assert_eq!((known.remembered_since, known.handle), (None, ids(2).handle));
        assert_eq!((known.digest, known.ends_at, known.slot), (device.digest, device.ends_at, device.slot));
    }
}

//! A device becomes known.

use vestibule_core::{SessionHandle, SubjectId, Timestamp};

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
}

impl RememberRequest {
    /// A person who has just signed in, and the profile's epoch.
    pub fn new(subject: SubjectId, profile_epoch: u64) -> Self {
        Self { subject, profile_epoch, label: DeviceLabel::default(), in_place_of: None }
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
        label: request.label.clone().into_string(),
        set_by: ids.batch,
    };
    let write = SessionsWrite::PutDevice { device: device.clone(), replacing: choice.replacing };
    RememberedDevice { device, write, evicted: choice.replacing.filter(|_| choice.evicts) }
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
}

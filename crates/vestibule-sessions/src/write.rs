//! The writes of sessions, with their meaning and guards.

use vestibule_core::kv::{Halt, Key, Rows};
use vestibule_core::{
    BatchId, Memory, RowName, SessionHandle, SubjectId, Timestamp, Verdict, Write, WriteKind,
};

use crate::bridge::{keys, pointer};
use crate::device::Device;
use crate::session::{AdmissionStamp, Session};

/// Why a write of this domain is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new guard must fail to compile wherever refusals are explained"
)]
pub enum SessionsGuard {
    /// It never refuses.
    Always,
    /// The device slot holds exactly the device that is replaced; without one, none that is still worth something.
    DeviceSlot,
    /// The slot holds exactly this session.
    SessionLive,
    /// The slot holds exactly this session, of the version that was read.
    SessionVersion,
    /// The slot holds exactly the session that is replaced; without one, none that still opens anything.
    Slot,
}

/// The writes of this domain: each one guarded fact about one row.
///
/// A row stores the batch that lands it as its `set_by`, whatever the value in the write.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new write must fail to compile in every SQL store")]
pub enum SessionsWrite {
    /// Removes a session, and that its token is found.
    EndSession {
        /// Whose.
        subject: SubjectId,
        /// In which slot.
        slot: u16,
        /// Which.
        handle: SessionHandle,
    },
    /// Puts a known device into its slot; the token of the one replaced is found no more, unless it is the very same: a device
    /// is put in its own place again by who relies on it, and by who only renames it.
    PutDevice {
        /// The row.
        device: Device,
        /// Which device it takes the slot of; `None`: of none, or of one that is over ([`Device::is_over`]) at this one's
        /// epoch when this one was made.
        replacing: Option<SessionHandle>,
    },
    /// Puts a session into its slot; the token of the one replaced is found no more.
    PutSession {
        /// The row.
        session: Session,
        /// Which session it takes the slot of; `None`: of none, or of one that is over ([`Session::is_over`]) at this one's
        /// epoch when this one began.
        replacing: Option<SessionHandle>,
    },
    /// Relies on the session being there: whoever acts by it has not signed out meanwhile.
    RequireSession {
        /// Whose.
        subject: SubjectId,
        /// In which slot.
        slot: u16,
        /// Which.
        handle: SessionHandle,
    },
    /// Sets the admissions and moves the version.
    StampAdmissions {
        /// Whose.
        subject: SubjectId,
        /// In which slot.
        slot: u16,
        /// Which.
        handle: SessionHandle,
        /// The version that was read.
        from: u64,
        /// What they become.
        admissions: Vec<AdmissionStamp>,
    },
    /// Notes a use: the later of both instants stays. A session that is gone, or was replaced, stays so.
    TouchSession {
        /// Whose.
        subject: SubjectId,
        /// In which slot.
        slot: u16,
        /// Which.
        handle: SessionHandle,
        /// When it was used.
        at: Timestamp,
    },
}

const SESSIONS: u16 = 600;
const DEVICES: u16 = 601;

impl Write for SessionsWrite {
    type Guard = SessionsGuard;

    fn row(&self) -> RowName {
        let name = |rank, subject: &SubjectId, slot: u16| {
            RowName::new(rank, &[subject.as_bytes(), &slot.to_be_bytes()])
        };
        match self {
            Self::EndSession { subject, slot, .. }
            | Self::RequireSession { subject, slot, .. }
            | Self::StampAdmissions { subject, slot, .. }
            | Self::TouchSession { subject, slot, .. } => name(SESSIONS, subject, *slot),
            Self::PutDevice { device, .. } => name(DEVICES, &device.subject, device.slot),
            Self::PutSession { session, .. } => name(SESSIONS, &session.subject, session.slot),
        }
    }

    fn guard(&self) -> SessionsGuard {
        match self {
            Self::EndSession { .. } | Self::RequireSession { .. } => SessionsGuard::SessionLive,
            Self::PutDevice { .. } => SessionsGuard::DeviceSlot,
            Self::PutSession { .. } => SessionsGuard::Slot,
            Self::StampAdmissions { .. } => SessionsGuard::SessionVersion,
            Self::TouchSession { .. } => SessionsGuard::Always,
        }
    }

    fn kind(&self) -> WriteKind {
        match self {
            Self::RequireSession { .. } => WriteKind::Require,
            Self::EndSession { .. }
            | Self::PutDevice { .. }
            | Self::PutSession { .. }
            | Self::StampAdmissions { .. }
            | Self::TouchSession { .. } => WriteKind::Effect,
        }
    }

    fn apply(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Verdict, Halt> {
        match self {
            Self::EndSession { subject, slot, handle } => {
                let key = keys::session(*subject, *slot);
                let Some(session) = held(rows, &key, *handle)? else { return Ok(Verdict::Refused) };
                clear(rows, keys::token(&session.digest))?;
                rows.delete(key);
                Ok(Verdict::Lands)
            }
            Self::PutDevice { device, replacing } => {
                let key = keys::device(device.subject, device.slot);
                let old = rows.get(&key)?.map(Device::decode).transpose()?;
                // What the batch has put itself does not give way to it: sent again, it is recognised.
                let gives_way = old.as_ref().is_none_or(|old| {
                    old.is_over(device.profile_epoch, device.made_at) && old.set_by != batch
                });
                if !is_vacant(old.as_ref().map(|old| old.handle), *replacing, gives_way) {
                    return Ok(Verdict::Refused);
                }
                if let Some(old) = old {
                    clear(rows, keys::device_token(&old.digest))?;
                }
                point(rows, keys::device_token(&device.digest), device.subject, device.slot)?;
                rows.put(key, Device { set_by: batch, ..device.clone() }.encode());
                Ok(Verdict::Lands)
            }
            Self::PutSession { session, replacing } => {
                let key = keys::session(session.subject, session.slot);
                let old = session_at(rows, &key)?;
                let gives_way = old.as_ref().is_none_or(|old| {
                    old.is_over(session.profile_epoch, session.created_at) && old.set_by != batch
                });
                if !is_vacant(old.as_ref().map(|old| old.handle), *replacing, gives_way) {
                    return Ok(Verdict::Refused);
                }
                if let Some(old) = old {
                    clear(rows, keys::token(&old.digest))?;
                }
                point(rows, keys::token(&session.digest), session.subject, session.slot)?;
                rows.put(key, Session { set_by: batch, ..session.clone() }.encode());
                Ok(Verdict::Lands)
            }
            Self::RequireSession { subject, slot, handle } => {
                let found = held(rows, &keys::session(*subject, *slot), *handle)?;
                Ok(Verdict::when(found.is_some()))
            }
            Self::StampAdmissions { subject, slot, handle, from, admissions } => {
                let key = keys::session(*subject, *slot);
                let Some(session) = held(rows, &key, *handle)?.filter(|session| session.version == *from)
                else {
                    return Ok(Verdict::Refused);
                };
                let Some(version) = from.checked_add(1) else { return Ok(Verdict::Refused) };
                let admissions = admissions.clone();
                rows.put(key, Session { admissions, version, set_by: batch, ..session }.encode());
                Ok(Verdict::Lands)
            }
            Self::TouchSession { subject, slot, handle, at } => {
                let key = keys::session(*subject, *slot);
                let earlier = held(rows, &key, *handle)?.filter(|session| session.last_used_at < *at);
                if let Some(session) = earlier {
                    rows.put(key, Session { last_used_at: *at, ..session }.encode());
                }
                Ok(Verdict::Lands)
            }
        }
    }

    fn memory(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Memory, Halt> {
        match self {
            // What is gone remembers nothing; a use may be noted twice.
            Self::EndSession { .. } | Self::RequireSession { .. } | Self::TouchSession { .. } => {
                Ok(Memory::Silent)
            }
            Self::PutDevice { device, .. } => {
                let row =
                    rows.get(&keys::device(device.subject, device.slot))?.map(Device::decode).transpose()?;
                Ok(Memory::when(row.is_some_and(|row| row.set_by == batch)))
            }
            Self::PutSession { session, .. } => {
                let row = session_at(rows, &keys::session(session.subject, session.slot))?;
                Ok(Memory::when(row.is_some_and(|row| row.set_by == batch)))
            }
            Self::StampAdmissions { subject, slot, .. } => {
                let row = session_at(rows, &keys::session(*subject, *slot))?;
                Ok(Memory::when(row.is_some_and(|row| row.set_by == batch)))
            }
        }
    }

    fn carries(&self, _batch: BatchId) -> bool {
        false
    }
}

/// Whether what is in a slot is what is replaced; where nothing is, whether it gives way.
fn is_vacant(holder: Option<SessionHandle>, replacing: Option<SessionHandle>, gives_way: bool) -> bool {
    replacing.map_or(gives_way, |replacing| holder == Some(replacing))
}

fn session_at(rows: &mut Rows<'_>, key: &Key) -> Result<Option<Session>, Halt> {
    Ok(rows.get(key)?.map(Session::decode).transpose()?)
}

/// The session in this slot, if it is this one.
fn held(rows: &mut Rows<'_>, key: &Key, handle: SessionHandle) -> Result<Option<Session>, Halt> {
    Ok(session_at(rows, key)?.filter(|session| session.handle == handle))
}

fn clear(rows: &mut Rows<'_>, key: Key) -> Result<(), Halt> {
    rows.has(&key)?;
    rows.delete(key);
    Ok(())
}

fn point(rows: &mut Rows<'_>, key: Key, subject: SubjectId, slot: u16) -> Result<(), Halt> {
    rows.has(&key)?;
    rows.put(key, pointer(subject, slot));
    Ok(())
}

//! The writes of the second factor, with their meaning and guards.

use vestibule_core::kv::{Halt, Rows};
use vestibule_core::{
    BatchId, Memory, RowName, Sealed, SecretDigest, SubjectId, Timestamp, Verdict, Write, WriteKind,
};

use crate::authenticator::{Authenticator, AuthenticatorId};
use crate::bridge::keys;
use crate::recovery::CodeRow;
use crate::reset::{Course, Reset};
use crate::tries::Tries;

/// Why a write of this domain is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new guard must fail to compile wherever refusals are explained"
)]
pub enum MfaGuard {
    /// It never refuses.
    Always,
    /// The slot holds exactly this authenticator.
    AuthenticatorLive,
    /// The slot holds the row of the version that was read, or is empty as read.
    AuthenticatorVersion,
    /// The slot holds exactly the code that was read, or is empty as read.
    CodeLive,
    /// The reset stands as it was read.
    ResetVersion,
    /// The slot holds exactly this authenticator, confirmed, and no code of this step or a later one was accepted.
    StepUnused,
    /// The tries stand as they were read, and are not stopped.
    TryNumber,
}

/// The writes of this domain: each one guarded fact about one row.
///
/// A row stores the batch that lands it as its `set_by`, whatever the value in the write.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new write must fail to compile in every SQL store")]
pub enum MfaWrite {
    /// Accepts the code of a step: of this and all earlier steps none is accepted again (PR-7). It moves the version,
    /// so that nobody writes the row back as it was before.
    AdvanceStep {
        /// Whose.
        subject: SubjectId,
        /// In which slot.
        slot: u8,
        /// Which.
        id: AuthenticatorId,
        /// The step.
        to: u64,
        /// The secret under the current key, where it rested under an older one.
        resealed: Option<Sealed>,
    },
    /// Removes a code; with the last authenticator they all go.
    ClearCode {
        /// Whose.
        subject: SubjectId,
        /// In which slot.
        slot: u8,
        /// The code that was read.
        digest: SecretDigest,
    },
    /// Notes that the factor was shown with a password of this generation. It moves no version.
    NoteProven {
        /// Whose.
        subject: SubjectId,
        /// The generation of the password.
        generation: u64,
    },
    /// Begins, confirms or renames an authenticator.
    PutAuthenticator {
        /// The row as it becomes.
        row: Authenticator,
        /// The version that was read; `None`: the slot was empty.
        from: Option<u64>,
    },
    /// Puts a code into its slot, in the place of the one that was spent there or of an older set's.
    PutCode {
        /// The row as it becomes.
        row: CodeRow,
        /// The code that was read; `None`: the slot was empty.
        replacing: Option<SecretDigest>,
    },
    /// Removes an authenticator.
    RemoveAuthenticator {
        /// Whose.
        subject: SubjectId,
        /// In which slot.
        slot: u8,
        /// Which.
        id: AuthenticatorId,
    },
    /// An authenticator was bound anew: all earlier tries are settled and the stop is lifted.
    ResetTries {
        /// Whose.
        subject: SubjectId,
    },
    /// Begins, cancels or ends the reset of a lost factor.
    SetCourse {
        /// Whose.
        subject: SubjectId,
        /// The version that was read; zero if there was no row, or none of a reset ever.
        from: u64,
        /// What waits from now on.
        course: Option<Course>,
    },
    /// This try succeeded. It lifts a stop only if no later try was taken.
    SettleTry {
        /// Whose.
        subject: SubjectId,
        /// The try's number.
        number: u64,
    },
    /// Takes the next try, before anything is compared.
    TakeTry {
        /// Whose.
        subject: SubjectId,
        /// The number of the last try, as read; zero if there was no row.
        from: u64,
        /// When.
        at: Timestamp,
        /// With how many consecutive failures it stops.
        stops_at: u64,
    },
}

const AUTHENTICATORS: u16 = 400;
const TRIES: u16 = 401;
const CODES: u16 = 402;
const RESETS: u16 = 403;

impl Write for MfaWrite {
    type Guard = MfaGuard;

    fn row(&self) -> RowName {
        let slotted =
            |rank, subject: &SubjectId, slot: u8| RowName::new(rank, &[subject.as_bytes(), &[slot]]);
        match self {
            Self::AdvanceStep { subject, slot, .. } | Self::RemoveAuthenticator { subject, slot, .. } => {
                slotted(AUTHENTICATORS, subject, *slot)
            }
            Self::PutAuthenticator { row, .. } => slotted(AUTHENTICATORS, &row.subject, row.slot),
            Self::ClearCode { subject, slot, .. } => slotted(CODES, subject, *slot),
            Self::PutCode { row, .. } => slotted(CODES, &row.subject, row.slot),
            Self::NoteProven { subject, .. } | Self::SetCourse { subject, .. } => {
                RowName::new(RESETS, &[subject.as_bytes()])
            }
            Self::ResetTries { subject }
            | Self::SettleTry { subject, .. }
            | Self::TakeTry { subject, .. } => RowName::new(TRIES, &[subject.as_bytes()]),
        }
    }

    fn guard(&self) -> MfaGuard {
        match self {
            Self::AdvanceStep { .. } => MfaGuard::StepUnused,
            Self::ClearCode { .. } | Self::PutCode { .. } => MfaGuard::CodeLive,
            Self::PutAuthenticator { .. } => MfaGuard::AuthenticatorVersion,
            Self::RemoveAuthenticator { .. } => MfaGuard::AuthenticatorLive,
            Self::NoteProven { .. } | Self::ResetTries { .. } | Self::SettleTry { .. } => MfaGuard::Always,
            Self::SetCourse { .. } => MfaGuard::ResetVersion,
            Self::TakeTry { .. } => MfaGuard::TryNumber,
        }
    }

    fn kind(&self) -> WriteKind {
        WriteKind::Effect
    }

    fn apply(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Verdict, Halt> {
        match self {
            Self::AdvanceStep { subject, slot, id, to, resealed } => {
                let Some(found) = authenticator(rows, *subject, *slot)? else { return Ok(Verdict::Refused) };
                let unused = found.last_step.is_some_and(|last| last < *to);
                let (true, true, true, Some(version)) =
                    (found.id == *id, found.is_confirmed(), unused, found.version.checked_add(1))
                else {
                    return Ok(Verdict::Refused);
                };
                let sealed = resealed.clone().unwrap_or_else(|| found.sealed.clone());
                let row = Authenticator { sealed, last_step: Some(*to), version, set_by: batch, ..found };
                rows.put(keys::authenticator(*subject, *slot), row.encode());
                Ok(Verdict::Lands)
            }
            Self::ClearCode { subject, slot, digest } => {
                let found = code(rows, *subject, *slot)?;
                if found.is_none_or(|found| found.digest != *digest) {
                    return Ok(Verdict::Refused);
                }
                rows.delete(keys::code(*subject, *slot));
                Ok(Verdict::Lands)
            }
            Self::NoteProven { subject, generation } => {
                let mut row = reset(rows, *subject, batch)?;
                row.proven = Some(*generation);
                rows.put(keys::reset(*subject), row.encode());
                Ok(Verdict::Lands)
            }
            Self::PutAuthenticator { row, from } => {
                let found = authenticator(rows, row.subject, row.slot)?;
                if found.map(|found| found.version) != *from {
                    return Ok(Verdict::Refused);
                }
                let key = keys::authenticator(row.subject, row.slot);
                rows.put(key, Authenticator { set_by: batch, ..row.clone() }.encode());
                Ok(Verdict::Lands)
            }
            Self::PutCode { row, replacing } => {
                let found = code(rows, row.subject, row.slot)?;
                if found.map(|found| found.digest) != *replacing {
                    return Ok(Verdict::Refused);
                }
                rows.put(
                    keys::code(row.subject, row.slot),
                    CodeRow { set_by: batch, ..row.clone() }.encode(),
                );
                Ok(Verdict::Lands)
            }
            Self::RemoveAuthenticator { subject, slot, id } => {
                let found = authenticator(rows, *subject, *slot)?;
                if found.is_none_or(|found| found.id != *id) {
                    return Ok(Verdict::Refused);
                }
                rows.delete(keys::authenticator(*subject, *slot));
                Ok(Verdict::Lands)
            }
            Self::ResetTries { subject } => change_tries(rows, *subject, |tries| {
                tries.settled = tries.taken;
                tries.stopped_at = None;
            }),
            Self::SetCourse { subject, from, course } => {
                let found = reset(rows, *subject, batch)?;
                let (true, Some(version)) = (found.version == *from, found.version.checked_add(1)) else {
                    return Ok(Verdict::Refused);
                };
                let row = Reset { course: *course, version, set_by: batch, ..found };
                rows.put(keys::reset(*subject), row.encode());
                Ok(Verdict::Lands)
            }
            Self::SettleTry { subject, number } => change_tries(rows, *subject, |tries| {
                tries.settled = tries.settled.max(*number).min(tries.taken);
                if *number == tries.taken {
                    tries.stopped_at = None;
                }
            }),
            Self::TakeTry { subject, from, at, stops_at } => {
                let mut tries = tries(rows, *subject)?.unwrap_or(Tries {
                    subject: *subject,
                    taken: 0,
                    settled: 0,
                    stopped_at: None,
                    last_at: *at,
                    set_by: batch,
                });
                let (true, None, Some(taken)) =
                    (tries.taken == *from, tries.stopped_at, tries.taken.checked_add(1))
                else {
                    return Ok(Verdict::Refused);
                };
                (tries.taken, tries.last_at, tries.set_by) = (taken, *at, batch);
                if tries.consecutive_failures() >= *stops_at {
                    tries.stopped_at = Some(*at);
                }
                rows.put(keys::tries(*subject), tries.encode());
                Ok(Verdict::Lands)
            }
        }
    }

    fn memory(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Memory, Halt> {
        let set_by = match self {
            // What is gone remembers nothing; settling twice is settling once.
            Self::ClearCode { .. }
            | Self::NoteProven { .. }
            | Self::RemoveAuthenticator { .. }
            | Self::ResetTries { .. }
            | Self::SettleTry { .. } => return Ok(Memory::Silent),
            Self::AdvanceStep { subject, slot, .. } => {
                authenticator(rows, *subject, *slot)?.map(|row| row.set_by)
            }
            Self::PutAuthenticator { row, .. } => {
                authenticator(rows, row.subject, row.slot)?.map(|row| row.set_by)
            }
            Self::PutCode { row, .. } => code(rows, row.subject, row.slot)?.map(|row| row.set_by),
            // Before the first reset there is no batch to remember: the version tells.
            Self::SetCourse { subject, .. } => {
                let found = rows.get(&keys::reset(*subject))?.map(Reset::decode).transpose()?;
                found.filter(|row| row.version > 0).map(|row| row.set_by)
            }
            Self::TakeTry { subject, .. } => tries(rows, *subject)?.map(|row| row.set_by),
        };
        Ok(Memory::when(set_by == Some(batch)))
    }

    fn carries(&self, _batch: BatchId) -> bool {
        false
    }
}

fn authenticator(rows: &mut Rows<'_>, subject: SubjectId, slot: u8) -> Result<Option<Authenticator>, Halt> {
    Ok(rows.get(&keys::authenticator(subject, slot))?.map(Authenticator::decode).transpose()?)
}

fn code(rows: &mut Rows<'_>, subject: SubjectId, slot: u8) -> Result<Option<CodeRow>, Halt> {
    Ok(rows.get(&keys::code(subject, slot))?.map(CodeRow::decode).transpose()?)
}

fn tries(rows: &mut Rows<'_>, subject: SubjectId) -> Result<Option<Tries>, Halt> {
    Ok(rows.get(&keys::tries(subject))?.map(Tries::decode).transpose()?)
}

/// The row of resets, or what it is before there is one.
fn reset(rows: &mut Rows<'_>, subject: SubjectId, batch: BatchId) -> Result<Reset, Halt> {
    let found = rows.get(&keys::reset(subject))?.map(Reset::decode).transpose()?;
    Ok(found.unwrap_or(Reset { subject, proven: None, course: None, version: 0, set_by: batch }))
}

fn change_tries(
    rows: &mut Rows<'_>,
    subject: SubjectId,
    change: impl FnOnce(&mut Tries),
) -> Result<Verdict, Halt> {
    if let Some(mut found) = tries(rows, subject)? {
        change(&mut found);
        rows.put(keys::tries(subject), found.encode());
    }
    Ok(Verdict::Lands)
}

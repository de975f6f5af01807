//! The writes of checkwords, with their meaning and guards.

use vestibule_core::kv::{Halt, Key, Rows};
use vestibule_core::{BatchId, Memory, RowName, SubjectId, Timestamp, Verdict, Write, WriteKind};

use crate::bridge::{keys, pointer};
use crate::checkword::Checkword;
use crate::former::Former;
use crate::state::{Rotation, State};

/// Why a write of this domain is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new guard must fail to compile wherever refusals are explained"
)]
pub enum CheckwordGuard {
    /// It never refuses.
    Always,
    /// The slot holds this generation, and it is live at the instant of the write.
    Live,
    /// The slot is of the version that was read, or empty as read.
    Version,
}

/// The writes of this domain: each one guarded fact about one row.
///
/// A slot stores the batch that puts or uses it as its `set_by`, whatever the value in the write; rotating and wiping
/// leave that as it is, so that a lost answer is still recognised after them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new write must fail to compile in every SQL store")]
pub enum CheckwordWrite {
    /// Keeps what is left of an earlier checkword, in the place of the oldest. It stands beside the
    /// [`Put`](Self::Put) that supersedes it.
    Bury {
        /// The row.
        former: Former,
    },
    /// Uses a checkword up and wipes its sealed text.
    Consume {
        /// Whose.
        holder: SubjectId,
        /// For what.
        purpose: String,
        /// Which.
        generation: u64,
        /// When.
        at: Timestamp,
    },
    /// Puts the slot: a newer checkword, or the same one sent again.
    Put {
        /// The row as it becomes.
        checkword: Checkword,
        /// The version that was read; `None`: there was no row.
        from: Option<u64>,
    },
    /// Makes the newest checkword worthless, whichever it is by then, and wipes its sealed text. One that is over stays
    /// as it is. The version moves in any case: a request decided before the change does not land after it.
    Rotate {
        /// Whose.
        holder: SubjectId,
        /// For what.
        purpose: String,
        /// When.
        at: Timestamp,
        /// By which change.
        by: Rotation,
    },
    /// Wipes the sealed text of this generation, which is past its half-life.
    Wipe {
        /// Whose.
        holder: SubjectId,
        /// For what.
        purpose: String,
        /// Which.
        generation: u64,
    },
}

const SLOTS: u16 = 300;
const FORMER_ROWS: u16 = 301;

impl Write for CheckwordWrite {
    type Guard = CheckwordGuard;

    fn row(&self) -> RowName {
        let slot =
            |holder: &SubjectId, purpose: &str| RowName::new(SLOTS, &[holder.as_bytes(), purpose.as_bytes()]);
        match self {
            Self::Bury { former } => RowName::new(
                FORMER_ROWS,
                &[former.holder.as_bytes(), former.purpose.as_bytes(), &former.place().to_be_bytes()],
            ),
            Self::Put { checkword, .. } => slot(&checkword.holder, &checkword.purpose),
            Self::Consume { holder, purpose, .. }
            | Self::Rotate { holder, purpose, .. }
            | Self::Wipe { holder, purpose, .. } => slot(holder, purpose),
        }
    }

    fn guard(&self) -> CheckwordGuard {
        match self {
            Self::Bury { .. } | Self::Rotate { .. } | Self::Wipe { .. } => CheckwordGuard::Always,
            Self::Consume { .. } => CheckwordGuard::Live,
            Self::Put { .. } => CheckwordGuard::Version,
        }
    }

    fn kind(&self) -> WriteKind {
        WriteKind::Effect
    }

    fn apply(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Verdict, Halt> {
        match self {
            Self::Bury { former } => {
                let key = keys::former(former.holder, &former.purpose, former.place());
                if let Some(oldest) = rows.get(&key)?.map(Former::decode).transpose()? {
                    clear(rows, keys::digest(&oldest.digest))?;
                }
                point(rows, &former.digest, pointer(former.holder, &former.purpose, Some(former.place())))?;
                rows.put(key, former.encode());
                Ok(Verdict::Lands)
            }
            Self::Consume { holder, purpose, generation, at } => {
                let key = keys::slot(*holder, purpose);
                let live =
                    slot_at(rows, &key)?.filter(|row| row.generation == *generation && row.is_live(*at));
                let Some(row) = live else { return Ok(Verdict::Refused) };
                // Whoever used one has read it: the messages are counted anew.
                let row = Checkword { state: State::Used { at: *at }, sends: 0, set_by: batch, ..row };
                put(rows, key, row);
                Ok(Verdict::Lands)
            }
            Self::Put { checkword, from } => {
                let key = keys::slot(checkword.holder, &checkword.purpose);
                let old = slot_at(rows, &key)?;
                if old.as_ref().map(|old| old.version) != *from {
                    return Ok(Verdict::Refused);
                }
                if let Some(old) = old.filter(|old| old.digest != checkword.digest) {
                    clear(rows, keys::digest(&old.digest))?;
                }
                point(rows, &checkword.digest, pointer(checkword.holder, &checkword.purpose, None))?;
                rows.put(key, Checkword { set_by: batch, ..checkword.clone() }.encode());
                Ok(Verdict::Lands)
            }
            Self::Rotate { holder, purpose, at, by } => {
                let key = keys::slot(*holder, purpose);
                if let Some(row) = slot_at(rows, &key)? {
                    let state = match row.state {
                        State::Live => State::Rotated { at: *at, by: *by },
                        over => over,
                    };
                    put(rows, key, Checkword { state, ..row });
                }
                Ok(Verdict::Lands)
            }
            Self::Wipe { holder, purpose, generation } => {
                let key = keys::slot(*holder, purpose);
                let row = slot_at(rows, &key)?;
                if let Some(row) = row.filter(|row| row.generation == *generation && row.sealed.is_some()) {
                    put(rows, key, row);
                }
                Ok(Verdict::Lands)
            }
        }
    }

    fn memory(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Memory, Halt> {
        match self {
            // Twice is as once.
            Self::Bury { .. } | Self::Rotate { .. } | Self::Wipe { .. } => Ok(Memory::Silent),
            Self::Consume { holder, purpose, .. } => remembers(rows, *holder, purpose, batch),
            Self::Put { checkword, .. } => remembers(rows, checkword.holder, &checkword.purpose, batch),
        }
    }

    fn carries(&self, _batch: BatchId) -> bool {
        false
    }
}

fn slot_at(rows: &mut Rows<'_>, key: &Key) -> Result<Option<Checkword>, Halt> {
    Ok(rows.get(key)?.map(Checkword::decode).transpose()?)
}

/// Puts a slot that changed in its place: the version moves, the sealed text goes.
fn put(rows: &mut Rows<'_>, key: Key, row: Checkword) {
    let version = row.version.saturating_add(1);
    rows.put(key, Checkword { version, sealed: None, ..row }.encode());
}

fn remembers(rows: &mut Rows<'_>, holder: SubjectId, purpose: &str, batch: BatchId) -> Result<Memory, Halt> {
    let row = slot_at(rows, &keys::slot(holder, purpose))?;
    Ok(Memory::when(row.is_some_and(|row| row.set_by == batch)))
}

fn clear(rows: &mut Rows<'_>, key: Key) -> Result<(), Halt> {
    rows.has(&key)?;
    rows.delete(key);
    Ok(())
}

fn point(rows: &mut Rows<'_>, digest: &vestibule_core::SecretDigest, to: Vec<u8>) -> Result<(), Halt> {
    let key = keys::digest(digest);
    rows.has(&key)?;
    rows.put(key, to);
    Ok(())
}

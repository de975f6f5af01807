//! Random writes of checkwords.

use vestibule_checkword::{Checkword, CheckwordRead, CheckwordWrite, Former, Rotation, State, Tries};
use vestibule_core::{BatchId, MemoryStore, SecretDigest};

use super::draw::Draw;
use super::world::{PEOPLE, instant, person, text};
use crate::finding::Finding;
use crate::fixture::{ids, sealed};
use crate::harness::block_on;

/// For what, by place.
pub(super) const PURPOSES: [&str; 2] = ["recovery", "x-01234567890123456789-0"];

/// The digest of the secret of this generation: no two slots share one, nor two generations.
pub(super) fn digest(person: u8, place: u8, generation: u64) -> SecretDigest {
    ids(2_000_000 + 100_000 * u64::from(person % PEOPLE) + 10_000 * u64::from(place) + generation).digest
}

pub(super) fn meant(draw: &Draw, which: u8, store: &MemoryStore) -> Result<CheckwordWrite, Finding> {
    let place = draw.place % 2;
    let holder = person(draw.who)?;
    let purpose = PURPOSES.get(usize::from(place)).copied().unwrap_or_default().to_owned();
    let row = block_on(store.checkword(holder, purpose.clone()))?;
    let newest = row.as_ref().map_or(0, |row| row.generation);
    let change = Rotation::ALL.get(usize::from(draw.n)).copied().unwrap_or(Rotation::Withdrawn);
    let (at, rotated) = (instant(draw.by.0), State::Rotated { at: instant(draw.by.1), by: change });
    Ok(match which {
        43 if newest > 1 => {
            // What is buried is never the newest: a store may look at either first.
            let generation = newest - 1 - u64::from(draw.n).min(newest - 2);
            let digest = digest(draw.who, place, generation);
            let state = match draw.who {
                0 => State::Superseded { at },
                1 => State::Used { at },
                _ => rotated,
            };
            let former = Former { holder, purpose, generation, digest, issued_at: instant(draw.by.1), state };
            CheckwordWrite::Bury { former }
        }
        44 => CheckwordWrite::Consume { holder, purpose, generation: draw.beside(newest), at },
        // With nothing to bury there is one made that can be, later.
        43 | 45 => {
            let read = row.map(|row| row.version);
            let from = if draw.exact() { read } else { Some(draw.beside(read.unwrap_or(5))) };
            let generation = (newest + u64::from(draw.flag || which == 43)).max(1);
            let state = match draw.by {
                (-2, -2) => rotated,
                (-2, 2) => State::Used { at },
                _ => State::Live,
            };
            let checkword = Checkword {
                holder,
                purpose,
                generation,
                digest: digest(draw.who, place, generation),
                bound: text(draw.n).into_bytes(),
                issued_at: instant(draw.by.0),
                // Mostly later than any instant at which it is used.
                expires_at: instant(if draw.n > 0 { 2 } else { draw.by.1 }),
                state,
                sealed: (draw.flag && state == State::Live).then(sealed),
                sends: draw.n.into(),
                last_sent_at: instant(draw.by.1),
                is_code: draw.flag,
                tries: Tries {
                    of_code: draw.n.into(),
                    of_day: draw.who.into(),
                    day_began_at: instant(draw.by.0),
                },
                version: from.map_or(0, |from| from + 1),
                // Whatever the value in the write: the store says which batch it was.
                set_by: BatchId::from_bytes([draw.n; 16]),
            };
            CheckwordWrite::Put { checkword, from }
        }
        46 => CheckwordWrite::Wipe { holder, purpose, generation: draw.beside(newest) },
        _ => CheckwordWrite::Rotate { holder, purpose, at, by: change },
    })
}

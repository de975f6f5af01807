//! Random writes of second factors.

use vestibule_core::{BatchId, KeyId, MemoryStore, Sealed, SecretDigest};
use vestibule_mfa::{
    Algorithm, Authenticator, AuthenticatorId, AuthenticatorName, CodeRow, Course, MfaRead, MfaWrite,
    Parameters,
};

use super::draw::Draw;
use super::world::{instant, person, text};
use crate::finding::Finding;
use crate::harness::block_on;

/// What is bound there, or was: the same few come back.
const fn binding(n: u8) -> AuthenticatorId {
    AuthenticatorId::from_bytes([n; 16])
}

const fn digest(n: u8) -> SecretDigest {
    SecretDigest::from_bytes([n; 32])
}

fn sealed(n: u8) -> Result<Sealed, Finding> {
    Ok(Sealed::from_bytes(&[&[1, 2, b's', b'1'][..], &[n; 24], &[n; 36]].concat())?)
}

fn algorithm(n: u8) -> Algorithm {
    match n {
        0 => Algorithm::Sha1,
        1 => Algorithm::Sha256,
        _ => Algorithm::Sha512,
    }
}

pub(super) fn meant(draw: &Draw, which: u8, store: &MemoryStore) -> Result<MfaWrite, Finding> {
    let (subject, slot) = (person(draw.who)?, draw.place);
    let here = block_on(store.authenticators(subject))?.into_iter().find(|row| row.slot == slot);
    let live = block_on(store.codes(subject))?.into_iter().find(|row| row.slot == slot);
    let taken = block_on(store.mfa_tries(subject))?.map_or(0, |row| row.taken);
    let own = here.as_ref().map_or(binding(99), |row| row.id);
    let id = if draw.by.0 < 2 { own } else { binding(98) };
    let code = live.as_ref().map_or(digest(99), |row| row.digest);
    let code = if draw.by.0 < 2 { code } else { digest(98) };
    Ok(match which {
        48 => {
            let last = here.as_ref().and_then(|row| row.last_step).unwrap_or(10);
            let resealed = if draw.flag { Some(sealed(draw.n)?) } else { None };
            // One above mostly.
            MfaWrite::AdvanceStep { subject, slot, id, to: draw.beside(last + 1), resealed }
        }
        49 => MfaWrite::ClearCode { subject, slot, digest: code },
        50 => {
            let read = here.map(|row| row.version);
            let from = if draw.exact() { read } else { Some(draw.beside(read.unwrap_or(5))) };
            // More of them are confirmed than not, or no step is ever advanced.
            let confirmed = draw.flag || draw.n > 0;
            let period = if draw.flag { 15 } else { 120 };
            let row = Authenticator {
                subject,
                slot,
                id: binding(draw.n),
                name: AuthenticatorName::parse(&format!("x{}", text(draw.n).replace('\0', "\u{7f}")))
                    .or_else(|_| AuthenticatorName::parse("'\"--; %_?1 \u{202e}\u{1f511}"))?,
                parameters: Parameters::from_stored(algorithm(draw.n), 6 + draw.n, period)?,
                sealed: sealed(draw.n)?,
                created_at: instant(draw.by.0),
                confirmed_at: confirmed.then(|| instant(draw.by.1)),
                last_step: confirmed.then_some(draw.n.into()),
                version: from.map_or(0, |from| from + 1),
                set_by: BatchId::from_bytes([draw.n; 16]),
            };
            MfaWrite::PutAuthenticator { row, from }
        }
        51 => {
            let replacing = live.as_ref().filter(|_| draw.exact()).map(|_| code);
            let key = KeyId::parse(if draw.flag { "k1" } else { "12345678" })?;
            // A code that takes the place of another is another: the same would not break its own guard.
            let same = replacing == Some(digest(3 * draw.who + draw.n));
            let row = CodeRow {
                subject,
                slot,
                key,
                digest: digest(3 * draw.who + draw.n + if same { 100 } else { 0 }),
                spent: live.filter(|_| draw.flag).map(|row| (row.key, row.digest)),
                version: draw.n.into(),
                made_at: instant(draw.by.1),
                set_by: BatchId::from_bytes([draw.n; 16]),
            };
            MfaWrite::PutCode { row, replacing }
        }
        52 => MfaWrite::RemoveAuthenticator { subject, slot, id },
        53 => MfaWrite::ResetTries { subject },
        54 => MfaWrite::SettleTry { subject, number: draw.beside(taken) },
        55 => MfaWrite::NoteProven { subject, generation: draw.n.into() },
        56 => {
            let version = block_on(store.factor_reset(subject))?.map_or(0, |row| row.version);
            let (begun_at, ends_at) = (instant(draw.by.0), instant(draw.by.1));
            // It ends after it began.
            let course = (begun_at < ends_at && draw.flag).then_some(Course {
                begun_at,
                ends_at,
                generation: draw.n.into(),
            });
            MfaWrite::SetCourse { subject, from: draw.beside(version), course }
        }
        _ => MfaWrite::TakeTry { subject, from: draw.beside(taken), at: instant(draw.by.0), stops_at: 3 },
    })
}

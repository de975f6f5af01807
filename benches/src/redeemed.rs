//! A link is made, and redeemed with a new password: the batches of both, as the facade makes them but for letters and events.

use core::time::Duration;

use vestibule::AnyWrite;
use vestibule_checkword::{Checkword, CheckwordWrite, Rotation, State, Tries, decide::rotate, purpose};
use vestibule_core::{Batch, BatchId, SubjectId, Timestamp};
use vestibule_credentials::{CredentialsWrite, Lane, Password};
use vestibule_profiles::ProfilesWrite;

use crate::Unmeasured;
use crate::crowd::{session_digest, subject};

/// An instant at which every link is live.
const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const HOUR: Duration = Duration::from_secs(3600);

/// The batches of one person in one round: the link, and what redeeming it writes. `password` is as it was before the first round.
///
/// # Errors
///
/// [`Unmeasured`] never.
pub fn redeemed(number: u32, password: &Password, round: u64) -> Result<[Batch<AnyWrite>; 2], Unmeasured> {
    let holder = subject(number)?;
    let id = |half: u64| {
        let number = (u128::from(number) << 64) | u128::from(2 * round + half);
        BatchId::from_bytes(number.to_be_bytes())
    };
    let batch =
        |half, writes| Batch::new(id(half), NOW, writes).map_err(|error| Unmeasured::at("a batch", &error));
    let made = CheckwordWrite::Put {
        checkword: link(holder, number, round, id(0)),
        // A redemption moves the version, too.
        from: round.checked_mul(2).filter(|from| *from > 0),
    };
    let consumed = CheckwordWrite::Consume {
        holder,
        purpose: purpose::RECOVERY.as_str().to_owned(),
        generation: round + 1,
        at: NOW,
    };
    let from = password.version + round;
    let set = Password {
        version: from + 1,
        generation: password.generation + round + 1,
        set_at: NOW,
        ..password.clone()
    };
    let others = [
        purpose::CONFIRM_ADDRESS,
        purpose::CONFIRM_REMOVAL,
        purpose::FACTOR_RESET,
        purpose::SET_FIRST_PASSWORD,
    ];
    let mut writes = vec![
        AnyWrite::from(consumed),
        CredentialsWrite::PutPassword { password: set, from: Some(from) }.into(),
        CredentialsWrite::ResetTries { subject: holder, lane: Lane::Everybody }.into(),
        ProfilesWrite::BumpEpoch { subject: holder, from: round }.into(),
    ];
    writes.extend(rotate(holder, &others, Rotation::PasswordSet, NOW).into_iter().map(AnyWrite::from));
    Ok([batch(0, vec![made.into()])?, batch(1, writes)?])
}

fn link(holder: SubjectId, number: u32, round: u64, set_by: BatchId) -> Checkword {
    let round_number = u32::try_from(round).unwrap_or(u32::MAX);
    Checkword {
        holder,
        purpose: purpose::RECOVERY.as_str().to_owned(),
        generation: round + 1,
        digest: session_digest(number ^ round_number.rotate_left(16)),
        bound: vec![7; 40],
        issued_at: NOW,
        expires_at: NOW.plus(HOUR),
        state: State::Live,
        sealed: None,
        sends: 1,
        last_sent_at: NOW,
        is_code: false,
        tries: Tries::NONE,
        version: 2 * round + 1,
        set_by,
    }
}

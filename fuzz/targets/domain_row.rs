//! Every row of every domain: arbitrary bytes are corrupt, or are the one form of what they are read as. A row of an earlier form
//! is written in the newest, and comes back from that.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_checkword::{Checkword, Former};
use vestibule_core::CorruptRow;
use vestibule_core::kv::RecordReader;
use vestibule_credentials::{Password, Tries};
use vestibule_journal::{Case, Event, Message, Personal};
use vestibule_mfa::{Authenticator, CodeRow, Reset, Tries as FactorTries};
use vestibule_profiles::{Account, AccountPolicy, Leaving, Membership, Profile, ProfileIdentifier};
use vestibule_sessions::{Device, Session};

const KINDS: u8 = 20;

macro_rules! reads {
    ($which:expr, $bytes:expr, $($number:literal $row:ty,)+) => {
        match $which {
            $($number => {
                if let Ok(row) = <$row>::decode($bytes) {
                    let written = row.encode();
                    if forms_of($which, $bytes) == forms_of($which, &written) {
                        assert_eq!(written, $bytes, "a row was read that would be written otherwise");
                    }
                    assert_eq!(<$row>::decode(&written), Ok(row));
                }
            })+
            KINDS.. => unreachable!("there are no more kinds"),
        }
    };
}

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    let which = which % KINDS;
    reads!(which, bytes,
        0 Profile, 1 ProfileIdentifier, 2 Account, 3 AccountPolicy, 4 Membership, 5 Password, 6 Tries, 7 Session,
        8 Device, 9 Event, 10 Case, 11 Message, 12 Leaving, 13 Personal, 14 Checkword, 15 Former, 16 Authenticator,
        17 CodeRow, 18 FactorTries, 19 Reset,
    );
});

/// The form of a row, and of the policy within an account, which has forms of its own.
fn forms_of(which: u8, bytes: &[u8]) -> (Option<u8>, Option<u8>) {
    let policy = if which == 2 { policy_of(bytes).ok() } else { None };
    (bytes.first().copied(), policy.and_then(|policy| policy.first().copied()))
}

fn policy_of(account: &[u8]) -> Result<&[u8], CorruptRow> {
    let mut row = RecordReader::new(account, 1)?;
    row.account("account")?;
    row.text("name")?;
    row.text("state")?;
    row.subject("primary")?;
    row.u64("seats")?;
    row.u64("administrators")?;
    row.bytes("policy")
}

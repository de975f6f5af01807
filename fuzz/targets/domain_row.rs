//! Every row of every domain: arbitrary bytes are corrupt, or are the one form of what they are read as.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_credentials::{Password, Tries};
use vestibule_journal::{Case, Event, Message, Personal};
use vestibule_profiles::{Account, AccountPolicy, Membership, Profile, ProfileIdentifier};
use vestibule_sessions::{Device, Session};

macro_rules! reads {
    ($which:expr, $bytes:expr, $($number:literal $row:ty,)+) => {
        match $which {
            $($number => {
                if let Ok(row) = <$row>::decode($bytes) {
                    let written = row.encode();
                    assert_eq!(<$row>::decode(&written).map(|row| row.encode()), Ok(written));
                }
            })+
            _ => {}
        }
    };
}

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    reads!(which % 12, bytes,
        0 Profile, 1 ProfileIdentifier, 2 Account, 3 AccountPolicy, 4 Membership, 5 Password, 6 Tries, 7 Session,
        8 Device, 9 Event, 10 Case, 11 Message,
    );
    let _ = Personal::decode(bytes);
});

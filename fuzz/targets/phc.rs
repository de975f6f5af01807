//! Stored password hashes: whatever the text, reading refuses or gives a hash of bounded cost, and one text only.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_credentials::{HashParams, StoredHash};

fuzz_target!(|text: &str| {
    let Ok(stored) = StoredHash::parse(text) else { return };
    assert_eq!(stored.to_text(), text, "two texts of one hash");
    assert!(text.len() <= StoredHash::MAX_LEN);
    assert!(stored.memory_kib() <= HashParams::MAX_MEMORY_KIB && stored.work() <= HashParams::MAX_WORK);
    let hash = text.rsplit('$').next().unwrap_or(text);
    assert!(!format!("{stored:?}").contains(hash), "Debug shows the hash");
});

//! A text is no secret of ours, or is the one text of its secret; a case reference is read forgivingly and written one
//! way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_core::{CaseReference, Purpose, SecretText};

fuzz_target!(|text: &str| {
    let purpose = Purpose::new("session").expect("a purpose");
    if let Ok(secret) = SecretText::parse(text, purpose) {
        // EXPOSE: compared with what was read.
        assert_eq!(secret.render().expose(), text);
    }
    if let Ok(case) = CaseReference::parse(text) {
        assert_eq!(CaseReference::parse(&case.to_string()), Ok(case));
    }
});

//! Whatever is typed as an address is refused, or is safe to write to and comes back from its stored form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vestibule_core::{Identifier, SocialSubject};

fuzz_target!(|text: &str| {
    if let Ok(login) = Identifier::parse_login(text) {
        let canonical = login.canonical();
        assert!(!canonical.contains(['\r', '\n', '\0', ',', ';', '<', '>', ' ']));
        assert!(canonical.matches('@').count() <= 1 && canonical.len() <= 254);
        let again = Identifier::from_stored(login.kind(), canonical, login.as_typed())
            .expect("a row of ours is read");
        assert_eq!(again.key(), login.key());
        let once_more = Identifier::parse_login(canonical).expect("the canonical form is an address");
        assert_eq!(once_more.key(), login.key());
    }
    if let Some((issuer, subject)) = text.split_once(' ')
        && let Ok(social) = SocialSubject::new(issuer, subject)
    {
        assert_eq!(
            SocialSubject::from_stored(social.canonical()).expect("a row of ours is read").key(),
            social.key()
        );
    }
});

//! Passwords that everybody tries first, built in.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::PreparedPassword;

/// The first eight bytes of SHA-256 of each entry, sorted. `data/README.md` says where the entries come from.
static DIGESTS: &[u8] = include_bytes!("../data/blocklist.bin");

type Prefix = [u8; 8];

/// Whether the whole password, with its ASCII letters made small, is on the list.
pub(crate) fn is_common(password: &PreparedPassword) -> bool {
    // EXPOSE: a folded copy, which is wiped, is compared with the list.
    let folded = Zeroizing::new(password.prepared().expose().to_ascii_lowercase());
    let (entries, _) = DIGESTS.as_chunks::<8>();
    entries.binary_search(&prefix(&folded)).is_ok()
}

fn prefix(text: &str) -> Prefix {
    let digest = Sha256::digest(text.as_bytes());
    let mut prefix = [0; 8];
    for (to, from) in prefix.iter_mut().zip(digest) {
        *to = from;
    }
    prefix
}

#[cfg(test)]
mod tests {
    use vestibule_core::Secret;

    use super::*;

    const SHORT: &str = include_str!("../data/short.txt");
    const LONG: &str = include_str!("../data/long.txt");

    fn prepared(text: &str) -> PreparedPassword {
        PreparedPassword::prepare(Secret::new(text.into())).unwrap()
    }

    fn common(text: &str) -> bool {
        is_common(&prepared(text))
    }

    #[test]
    fn the_digests_are_those_of_the_lists_and_nothing_else() {
        let mut expected: Vec<Prefix> = SHORT.lines().chain(LONG.lines()).map(prefix).collect();
        expected.sort_unstable();
        expected.dedup();
        let (entries, rest) = DIGESTS.as_chunks::<8>();
        assert_eq!((entries, rest), (expected.as_slice(), [].as_slice()));
    }

    #[test]
    fn every_entry_survives_preparation_and_its_length_and_is_found() {
        let mut found = [0, 0];
        for entry in SHORT.lines().chain(LONG.lines()) {
            let as_prepared = prepared(entry);
            // EXPOSE: a public list's entry.
            assert_eq!(as_prepared.prepared().expose(), entry);
            assert_eq!(entry.to_ascii_lowercase(), entry);
            assert!(is_common(&as_prepared), "{entry}");
            assert!(as_prepared.code_points() >= 8, "{entry}");
            found[usize::from(as_prepared.code_points() >= 15)] += 1;
        }
        assert!(found[0] >= 3_000 && found[1] >= 3_000, "{found:?}");
    }

    #[test]
    fn well_known_passwords_are_refused_in_any_case() {
        for known in [
            "password",
            "Password1",
            "12345678",
            "qwertyuiop",
            "iloveyou",
            "1q2w3e4r5t",
            "password1234567",
            "Password1234567",
            "123456789012345",
            "passwordpassword",
            "PASSWORDPASSWORD",
            "qwertyuiopasdfghjkl",
            "1qaz2wsx3edc4rfv",
            "aaaaaaaaaaaaaaa",
            "000000000000000",
            "iloveyouiloveyou",
            "correcthorsebatterystaple",
            "correct horse battery staple",
            "Correct\u{a0}Horse\u{a0}Battery\u{a0}Staple",
            "letmeinletmeinletmein",
            "987654321098765",
        ] {
            assert!(common(known), "{known}");
        }
    }

    #[test]
    fn other_passwords_pass() {
        for other in
            ["", "gnu harp mildew 41 obelisk", "Tr0ub4dor&3-not-listed", "ein langer deutscher Satz."]
        {
            assert!(!common(other), "{other}");
        }
    }
}

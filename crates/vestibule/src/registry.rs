//! Every code there is, from every domain.

use vestibule_core::Entry;

/// Every entry of the registry, in the order of their codes. Hosts' own entries (`host.*`) are the hosts' to list.
///
/// # Example
///
/// ```
/// assert!(vestibule::registry().iter().any(|entry| entry.code == "password.wrong"));
/// ```
#[must_use]
pub fn registry() -> Vec<&'static Entry> {
    let mut entries: Vec<&'static Entry> = [
        vestibule_checkword::registry(),
        vestibule_credentials::ENTRIES,
        vestibule_mfa::registry(),
        vestibule_profiles::ENTRIES,
        vestibule_sessions::registry(),
        vestibule_throttle::registry(),
        crate::factor::ENTRIES,
        crate::import::ENTRIES,
        crate::login::ENTRIES,
        crate::problem::ENTRIES,
        crate::social::ENTRIES,
    ]
    .concat();
    entries.sort_by_key(|entry| entry.code);
    entries
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_code_stands_twice_and_every_entry_keeps_the_form() {
        let entries = registry();
        assert_eq!(entries.iter().map(|entry| entry.code).collect::<BTreeSet<_>>().len(), entries.len());
        for entry in entries {
            assert_eq!(entry.check(), Ok(()), "{}", entry.code);
        }
    }
}

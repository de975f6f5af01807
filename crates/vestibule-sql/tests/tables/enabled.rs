//! The tables of each domain, in both SQL stores.

/// Those of the domains whose features are on, and those that every store has, by name.
pub(crate) fn tables() -> Vec<&'static str> {
    let mut tables = vec!["vestibule_batch", "vestibule_migration"];
    let mut has = |is_on: bool, own: &[&'static str]| tables.extend(own.iter().filter(|_| is_on));
    has(cfg!(feature = "checkword"), &["vestibule_checkword", "vestibule_checkword_former"]);
    has(cfg!(feature = "credentials"), &["vestibule_password", "vestibule_tries"]);
    has(
        cfg!(feature = "journal"),
        &["vestibule_case", "vestibule_event", "vestibule_event_personal", "vestibule_message"],
    );
    has(
        cfg!(feature = "mfa"),
        &[
            "vestibule_authenticator",
            "vestibule_factor_reset",
            "vestibule_factor_tries",
            "vestibule_recovery_code",
        ],
    );
    has(
        cfg!(feature = "profiles"),
        &[
            "vestibule_account",
            "vestibule_contact",
            "vestibule_identifier",
            "vestibule_identifier_owner",
            "vestibule_leaving",
            "vestibule_membership",
            "vestibule_profile",
        ],
    );
    has(cfg!(feature = "sessions"), &["vestibule_device", "vestibule_session"]);
    has(
        cfg!(feature = "throttle"),
        &["vestibule_window", "vestibule_window_population", "vestibule_window_shared"],
    );
    tables.sort_unstable();
    tables
}

//! What is known of the tables of both SQL stores, for who mutates their columns.

/// What a sign-in by both factors reads of a person, whole.
pub(crate) const OF_SIGN_IN: [&str; 6] = [
    "vestibule_account",
    "vestibule_authenticator",
    "vestibule_factor_tries",
    "vestibule_membership",
    "vestibule_password",
    "vestibule_profile",
];
/// By what a row is found that is no key of its table: with another value it is not there.
pub(crate) const FOUND_BY: (&str, &str) = ("vestibule_checkword_former", "digest");
/// What is never read, but counted, or met by its key.
pub(crate) const UNREAD: [&str; 4] =
    ["vestibule_batch", "vestibule_window", "vestibule_window_population", "vestibule_window_shared"];

//! The purposes this workspace knows. A host names its own with [`Purpose::new`].

use vestibule_core::Purpose;

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident $text:literal,)+) => {
        $(
            $(#[$doc])*
            // Judged when compiling: no such panic can be met at run time.
            pub const $name: Purpose = match Purpose::new($text) {
                Ok(purpose) => purpose,
                Err(_) => panic!("not a purpose"),
            };
        )+

        /// All of them.
        pub const ALL: &[Purpose] = &[$($name),+];
    };
}

purposes! {
    /// A number is connected to a profile without a password, by a code.
    CODE_CONNECT "code-connect",
    /// A lost second factor is to be reset, and the password alone does not count (R33): a code beside the link.
    CODE_FACTOR_RESET "code-factor-reset",
    /// A number becomes a login of a profile that is signed in, by a code.
    CODE_LOGIN "code-login",
    /// A forgotten password is to be replaced, by a code that a phone was sent (R2).
    CODE_RECOVERY "code-recovery",
    /// A sign-up with a number, by a code.
    CODE_SIGN_UP "code-sign-up",
    /// A new address is its owner's.
    CONFIRM_ADDRESS "confirm-address",
    /// An old address may be free at once.
    CONFIRM_REMOVAL "confirm-removal",
    /// Whose second factor is being reset still has it, or objects: the reset ends. It opens nothing.
    FACTOR_KEEP "factor-keep",
    /// A lost second factor is to be reset (R33).
    FACTOR_RESET "factor-reset",
    /// Whoever an address was taken from objects: the profile is frozen. It opens nothing.
    FREEZE "freeze",
    /// An account is to be joined.
    JOIN "join",
    /// A forgotten password is to be replaced (R4).
    RECOVERY "recovery",
    /// A profile without a password gets its first (R19).
    SET_FIRST_PASSWORD "set-first-password",
    /// A sign-up is confirmed.
    SIGN_UP "sign-up",
}

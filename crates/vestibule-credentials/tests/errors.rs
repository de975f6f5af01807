//! Every error prints in lower case and without a value.

#![cfg(test)]

use core::fmt::Display;

use vestibule_credentials::{
    ContextWord, ForeignHashError, HashError, HashParamsError, PasswordRejection, PolicyError,
    PoolStartError, PreparationError, StoredHashError, UnusableHash,
};

#[test]
fn every_error_prints_in_lower_case_and_without_a_value() {
    let which = ContextWord::Address;
    let errors: [&dyn Display; 31] = [
        &ForeignHashError::Malformed,
        &ForeignHashError::TooCostly,
        &HashError::Failed,
        &HashError::Foreign(ForeignHashError::Malformed),
        &HashError::PepperMissing,
        &HashError::Stopped,
        &HashError::TooCostly,
        &HashParamsError::TooCostly,
        &HashParamsError::TooWeak,
        &PasswordRejection::BreachUnknown,
        &PasswordRejection::Breached,
        &PasswordRejection::Common,
        &PasswordRejection::IsContextWord { which },
        &PasswordRejection::TooLong { max: 777, have: 778 },
        &PasswordRejection::TooManyBytes { max: 777 },
        &PasswordRejection::TooShort { min: 777, have: 776 },
        &PolicyError::Maximum,
        &PolicyError::Minimum,
        &PoolStartError::Memory,
        &PoolStartError::NoWorkers,
        &PoolStartError::Thread(std::io::Error::other("canary")),
        &PreparationError::TooManyBytes,
        &StoredHashError::Algorithm,
        &StoredHashError::Malformed,
        &StoredHashError::OutOfRange,
        &StoredHashError::Preparation,
        &StoredHashError::TooLong,
        &StoredHashError::UnknownFormat,
        &StoredHashError::Version,
        &UnusableHash::Unreadable(StoredHashError::Version),
        &UnusableHash::Unverifiable(HashError::TooCostly),
    ];
    for error in errors {
        let text = error.to_string();
        assert!(text.starts_with(|c: char| c.is_ascii_lowercase()), "{text}");
        assert!(!text.contains("77") && !text.contains("canary") && !text.ends_with('.'), "{text}");
    }
}

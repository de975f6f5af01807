//! People and accounts as they are named on the command line.

use core::fmt;
use core::str::FromStr;

use vestibule::ErasedStore;
use vestibule_core::{AccountId, Identifier, SubjectId};
use vestibule_profiles::ProfilesRead;

use crate::stop::Stop;

/// What an id looks like, for whoever mistyped one.
const ID_FORM: &str = "an id is its hexadecimal digits, or a text behind `=` in quotes, as in '=engines'";

/// A person: by a login, or by the id of the profile. Neither can be taken for the other.
#[derive(Debug, Clone)]
pub(crate) enum PersonName {
    Id(SubjectId),
    Login(Identifier),
}

impl PersonName {
    /// The id of the profile.
    pub(crate) async fn find(&self, store: &ErasedStore) -> Result<SubjectId, Stop> {
        match self {
            Self::Id(subject) => Ok(*subject),
            Self::Login(login) => match store.identifier_owner(login.kind(), login.key()).await? {
                Some(owner) => Ok(owner.subject),
                None => Err(Stop::No(format!("Nobody has the login {self}."))),
            },
        }
    }

    /// What the person signs in with: of somebody named by id, their first verified address.
    pub(crate) async fn login(&self, store: &ErasedStore) -> Result<Identifier, Stop> {
        let subject = match self {
            Self::Login(login) => return Ok(login.clone()),
            Self::Id(subject) => *subject,
        };
        store
            .identifiers(subject)
            .await?
            .into_iter()
            .filter(|own| own.verified_at.is_some() && !own.is_social())
            .min_by_key(|own| own.verified_at)
            .map(|own| own.identifier)
            .ok_or_else(|| Stop::No(format!("The profile {self} has no login, or there is no such profile.")))
    }
}

impl FromStr for PersonName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(subject) = SubjectId::parse(text) {
            return Ok(Self::Id(subject));
        }
        login(text).map(Self::Login).map_err(|error| format!("{error}; {ID_FORM}"))
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(subject) => subject.fmt(f),
            Self::Login(login) => f.write_str(login.as_typed()),
        }
    }
}

/// A login: an e-mail address or a phone number.
pub(crate) fn login(text: &str) -> Result<Identifier, String> {
    Identifier::parse_login(text).map_err(|error| format!("no e-mail address and no phone number: {error}"))
}

pub(crate) fn subject(text: &str) -> Result<SubjectId, String> {
    SubjectId::parse(text).map_err(|_| ID_FORM.to_owned())
}

pub(crate) fn account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|_| ID_FORM.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_by_login_or_by_id() {
        for (text, is_id) in [
            ("ada@example.com", false),
            ("+15550109999", false),
            ("=ada@example.com", true),
            ("0192f0c2", true),
            ("=ada", true),
        ] {
            let name: PersonName = text.parse().unwrap();
            assert_eq!(matches!(name, PersonName::Id(_)), is_id, "{text}");
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn a_text_that_is_neither_is_told_both_forms() {
        for text in ["ada", "0192F0C2", "5550109999x"] {
            let told = text.parse::<PersonName>().unwrap_err();
            assert!(told.contains("e-mail address") && told.contains("'=engines'"), "{told}");
        }
        assert!(account("engines").unwrap_err().contains("'=engines'"));
    }
}

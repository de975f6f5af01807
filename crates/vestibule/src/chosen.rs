//! A password that somebody chose: the policy, with what is known of them, and its hash.

use vestibule_core::{Error, Identifier, Secret, StoreErrorKind, SubjectId};
use vestibule_credentials::{
    HashSalt, PasswordRejection, PasswordUse, PolicyContext, PreparedPassword, StoredHash, hash_fault,
};
use vestibule_profiles::{ProfilesRead, Status};

use crate::vestibule::Inner;

/// Of so many of a person's accounts the names are no passwords of theirs.
const ACCOUNTS: u32 = 20;

/// What a password of somebody must not consist of.
pub(crate) struct OwnWords {
    addresses: Vec<String>,
    accounts: Vec<String>,
}

impl OwnWords {
    /// Of somebody who is in no account yet.
    pub(crate) fn of<'a>(identifiers: impl IntoIterator<Item = &'a Identifier>) -> Self {
        let addresses = identifiers.into_iter().map(|own| own.as_typed().to_owned()).collect();
        Self { addresses, accounts: Vec::new() }
    }

    /// And an address that is to become theirs.
    pub(crate) fn add(&mut self, address: &Identifier) {
        self.addresses.push(address.as_typed().to_owned());
    }

    fn context<'a>(&'a self, usage: PasswordUse, product: &'a str) -> PolicyContext<'a> {
        let context = PolicyContext::new(usage).product(product);
        let context = self.addresses.iter().fold(context, |context, address| context.address(address));
        self.accounts.iter().fold(context, |context, name| context.account(name))
    }
}

impl Inner {
    /// The addresses of a person, and the names of the accounts that they are in.
    pub(crate) async fn words_of(&self, subject: SubjectId) -> Result<OwnWords, Error> {
        let own = self.store.identifiers(subject).await?;
        let mut words = OwnWords::of(own.iter().map(|own| &own.identifier));
        for membership in self.store.memberships_of(subject, None, ACCOUNTS).await? {
            if membership.standing.status != Status::Active {
                continue;
            }
            match self.store.account(membership.account).await {
                Ok(account) => words.accounts.extend(account.map(|account| account.name)),
                // An account that cannot be read keeps nobody from a new password.
                Err(error) if error.kind() == StoreErrorKind::Corrupt => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(words)
    }

    /// Policy, then one hash in a place of its own. The inner error is the policy's.
    pub(crate) async fn hash_new(
        &self,
        password: Secret<String>,
        words: &OwnWords,
        usage: PasswordUse,
    ) -> Result<Result<StoredHash, PasswordRejection>, Error> {
        match PreparedPassword::prepare(password) {
            Ok(prepared) => self.hash_prepared(prepared, words, usage).await,
            Err(error) => Ok(Err(error.into())),
        }
    }

    /// The same of a password whose length the caller has looked at.
    pub(crate) async fn hash_prepared(
        &self,
        prepared: PreparedPassword,
        words: &OwnWords,
        usage: PasswordUse,
    ) -> Result<Result<StoredHash, PasswordRejection>, Error> {
        let context = words.context(usage, &self.product);
        let accepted = match self.passwords.accept(prepared, &context, &*self.breached) {
            Ok(accepted) => accepted,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let place = self.pool.reserve()?;
        let salt = HashSalt::make(&*self.entropy)?;
        Ok(Ok(place.hash(accepted, salt).await.map_err(hash_fault)?))
    }
}

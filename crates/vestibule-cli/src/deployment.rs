//! The deployment that a configuration describes, opened for one command.

use std::path::Path;

use vestibule::{Authenticated, ErasedStore, SignIn, SignInRequest, Vestibule};
use vestibule_core::{Identifier, Secret};
use vestibule_credentials::{HashParams, HashPoolConfig};

use crate::config::Config;
use crate::keys;
use crate::stop::Stop;

/// The facade, and its store for what a command reads by itself.
pub(crate) struct Deployment {
    pub(crate) vestibule: Vestibule,
    pub(crate) store: ErasedStore,
}

impl Deployment {
    /// Opens what the file describes, once every value in it is good.
    pub(crate) fn open(config: &Path) -> Result<Self, Stop> {
        let config = Config::read(config)?;
        config.check()?;
        Self::of(&config)
    }

    pub(crate) fn of(config: &Config) -> Result<Self, Stop> {
        let keys = keys::ring(&config.keys()?)?;
        let name = config.store()?;
        let store = name
            .open(config.realm()?)
            .map_err(|error| Stop::broken(format!("the store {name} could not be opened"), error))?;
        let mut builder = Vestibule::builder()
            .store(store.clone())
            .keys(keys)
            .product(config.product())
            // One command hashes one password at a time.
            .hashing(HashPoolConfig::new(HashParams::default(), 1));
        if let Some(links) = config.links()? {
            builder = builder.links(links);
        }
        let vestibule =
            builder.build().map_err(|error| Stop::broken("the deployment could not start", error))?;
        Ok(Self { vestibule, store })
    }

    /// A session of this person, by their password, as at any other door.
    pub(crate) async fn session(
        &self,
        login: &Identifier,
        password: Secret<String>,
    ) -> Result<Authenticated, Stop> {
        match self.vestibule.sign_in(request(login, password).leaving_no_device()).await? {
            SignIn::SignedIn(signed_in) => Ok(self.vestibule.authenticate(&signed_in.token).await?),
            SignIn::FactorNeeded(_) => Err(Stop::No(crate::sign_in::FACTOR_NEEDED.into())),
            SignIn::PasswordChangeNeeded { because, .. } => Err(because.into()),
        }
    }

    /// Ends a session whose token nobody was given. One that could not be ended stands in the person's list until it
    /// rests out, and opens nothing; what was done before it is done.
    pub(crate) async fn end(&self, who: &Authenticated) {
        let _ = self.vestibule.sign_out(who).await;
    }
}

/// A request that takes the password as it is, without another copy.
pub(crate) fn request(login: &Identifier, password: Secret<String>) -> SignInRequest {
    let mut request = SignInRequest::new(login.as_typed(), String::new());
    request.password = password;
    request
}

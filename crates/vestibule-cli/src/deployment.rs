//! The deployment that a configuration describes, opened for one command.

use std::io::Write;
use std::path::Path;

use vestibule::{
    Authenticated, ChangePermit, Completed, ErasedStore, NextStep, PendingSignIn, SignIn, SignInRequest,
    SignedIn, Vestibule,
};
use vestibule_core::{Identifier, Refusal, Secret};
use vestibule_credentials::{HashParams, HashPoolConfig};
use vestibule_mfa::RecoveryCode;

use crate::challenge::Challenge;
use crate::config::Config;
use crate::keys;
use crate::prompt::Codes;
use crate::stop::Stop;

/// The facade, and its store for what a command reads by itself.
pub(crate) struct Deployment {
    pub(crate) vestibule: Vestibule,
    pub(crate) store: ErasedStore,
    /// What an authenticator app lists it under.
    pub(crate) issuer: String,
}

/// Where a sign-in led, the second factor included.
pub(crate) enum Door {
    In(SignedIn),
    /// One change of the password is allowed, and nothing else.
    MustChange(ChangePermit, Refusal),
}

/// A door, and the recovery code that takes the place of one that was used at it.
pub(crate) struct Passed {
    pub(crate) door: Door,
    pub(crate) replacement: Option<RecoveryCode>,
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
        let issuer = if config.product().is_empty() { "Vestibule" } else { config.product() }.to_owned();
        Ok(Self { vestibule, store, issuer })
    }

    /// A request that takes the password as it is, without another copy.
    pub(crate) fn request(
        &self,
        login: &Identifier,
        password: Secret<String>,
        challenge: &Challenge,
    ) -> SignInRequest {
        let mut request = SignInRequest::new(login.as_typed(), String::new());
        request.password = password;
        request.challenge = challenge.passed(login, &self.vestibule);
        request
    }

    /// A session of this person, by their password and their second factor, as at any other door.
    pub(crate) async fn session(
        &self,
        login: &Identifier,
        password: Secret<String>,
        (codes, challenge): (&Codes, &Challenge),
        out: &mut impl Write,
    ) -> Result<Authenticated, Stop> {
        let request = self.request(login, password, challenge).leaving_no_device();
        let passed = self.at_door(request, login, codes).await?;
        show(passed.replacement.as_ref(), out)?;
        self.of_session(passed.door).await
    }

    /// The session behind a door that let somebody in.
    pub(crate) async fn of_session(&self, door: Door) -> Result<Authenticated, Stop> {
        match door {
            Door::In(signed_in) => Ok(self.vestibule.authenticate(&signed_in.token).await?),
            Door::MustChange(_, because) => Err(because.into()),
        }
    }

    /// Signs somebody in; the second factor is asked for where it is needed.
    pub(crate) async fn at_door(
        &self,
        request: SignInRequest,
        login: &Identifier,
        codes: &Codes,
    ) -> Result<Passed, Stop> {
        match self.vestibule.sign_in(request).await? {
            SignIn::FactorNeeded(pending) if pending.next == NextStep::SetUp => Err(Stop::No(format!(
                "The password is right. The second factor was reset, and a new one is set up before anything else.\n\
                 Next: vestibule mfa enrol {}",
                login.as_typed()
            ))),
            SignIn::FactorNeeded(pending) => self.second(&pending, login, codes).await,
            SignIn::SignedIn(signed_in) => Ok(Passed { door: Door::In(signed_in), replacement: None }),
            SignIn::PasswordChangeNeeded { proof, because } => {
                Ok(Passed { door: Door::MustChange(proof, because), replacement: None })
            }
        }
    }

    /// Asks for the second factor at a sign-in that waits for it.
    pub(crate) async fn second(
        &self,
        pending: &PendingSignIn,
        login: &Identifier,
        codes: &Codes,
    ) -> Result<Passed, Stop> {
        let answer = codes.present(login.as_typed())?;
        let Completed { outcome, replacement, .. } =
            self.vestibule.complete_sign_in(&pending.token, answer, None).await?;
        let door = match outcome {
            SignIn::SignedIn(signed_in) => Door::In(signed_in),
            SignIn::PasswordChangeNeeded { proof, because } => Door::MustChange(proof, because),
            SignIn::FactorNeeded(_) => return Err(Stop::No("A third factor is needed.".into())),
        };
        Ok(Passed { door, replacement })
    }

    /// Ends a session whose token nobody was given. One that could not be ended stands in the person's list until it
    /// rests out, and opens nothing; what was done before it is done.
    pub(crate) async fn end(&self, who: &Authenticated) {
        let _ = self.vestibule.sign_out(who).await;
    }
}

/// Shows the recovery code that takes the place of one that was used; nobody can read it again.
pub(crate) fn show(replacement: Option<&RecoveryCode>, out: &mut impl Write) -> Result<(), Stop> {
    if let Some(code) = replacement {
        // EXPOSE: shown once, to whoever used the one before.
        writeln!(out, "New recovery code, in place of the one that was used: {}", code.render().expose())?;
    }
    Ok(())
}

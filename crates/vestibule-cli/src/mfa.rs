//! `vestibule mfa`: the second factor, by its person, and reset by the operator.

use std::io::Write;
use std::path::Path;

use vestibule::{Authenticated, Enrolled, Enrolling, NextStep, Resumed, SignIn};
use vestibule_core::{Identifier, Secret};
use vestibule_mfa::{AuthenticatorName, PendingEnrolment, RecoverySheet};

use crate::challenge::Challenge;
use crate::deployment::{Deployment, Door, show};
use crate::operate;
use crate::prompt::{Codes, Passwords};
use crate::stop::Stop;
use crate::{person, run};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Sets up an authenticator app, and with the first one prints the recovery codes.
    Enrol(Enrol),
    /// Makes a new set of recovery codes; the old ones are void.
    Codes(Own),
    /// Resets a lost second factor: the next sign-in sets up a new one.
    Reset(operate::On),
}

/// Whose, and what they show.
#[derive(Debug, clap::Args)]
pub(crate) struct Own {
    /// What the person signs in with. Their password is asked, and their second factor if they have one.
    #[arg(value_name = "LOGIN", value_parser = person::login)]
    login: Identifier,
    #[command(flatten)]
    passwords: Passwords,
    #[command(flatten)]
    codes: Codes,
    #[command(flatten)]
    challenge: Challenge,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Enrol {
    #[command(flatten)]
    own: Own,
    /// What the person calls it.
    #[arg(long, value_name = "NAME", default_value = "app", value_parser = AuthenticatorName::parse)]
    name: AuthenticatorName,
}

pub(crate) fn run(command: &Command, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let deployment = Deployment::open(config)?;
    run::block_on(async {
        match command {
            Command::Enrol(options) => enrol(options, &deployment, out).await,
            Command::Codes(own) => codes(own, &deployment, out).await,
            Command::Reset(on) => operate::reset_factor(on, &deployment, out).await,
        }
    })
}

async fn enrol(options: &Enrol, deployment: &Deployment, out: &mut impl Write) -> Result<(), Stop> {
    let own = &options.own;
    let password = own.passwords.present(own.login.as_typed())?;
    let request = deployment.request(&own.login, password, &own.challenge).leaving_no_device();
    let door = match deployment.vestibule.sign_in(request).await? {
        SignIn::FactorNeeded(pending) if pending.next == NextStep::SetUp => {
            let enrolled = set_up(options, deployment, Enrolling::Pending(&pending.token), out).await?;
            return finish(options, deployment, enrolled, out).await;
        }
        SignIn::FactorNeeded(pending) => {
            let passed = deployment.second(&pending, &own.login, &own.codes).await?;
            show(passed.replacement.as_ref(), out)?;
            passed.door
        }
        SignIn::SignedIn(signed_in) => Door::In(signed_in),
        SignIn::PasswordChangeNeeded { because, .. } => return Err(because.into()),
    };
    let who = deployment.of_session(door).await?;
    match set_up(options, deployment, Enrolling::Session(&who), out).await {
        Ok(enrolled) => finish(options, deployment, enrolled, out).await,
        Err(stop) => {
            deployment.end(&who).await;
            Err(stop)
        }
    }
}

/// Shows the key, and asks for the first code of it.
async fn set_up(
    options: &Enrol,
    deployment: &Deployment,
    by: Enrolling<'_>,
    out: &mut impl Write,
) -> Result<Enrolled, Stop> {
    let own = &options.own;
    let begun = deployment.vestibule.begin_authenticator(by, &options.name).await?;
    print_key(&begun, deployment, &own.login, out)?;
    let code = own.codes.first(own.login.as_typed())?;
    Ok(deployment.vestibule.confirm_authenticator(by, begun.id(), &code, None).await?)
}

fn print_key(
    begun: &PendingEnrolment,
    deployment: &Deployment,
    login: &Identifier,
    out: &mut impl Write,
) -> Result<(), Stop> {
    writeln!(out, "Put this key into an authenticator app, by typing it or as a QR code of the URI:")?;
    // EXPOSE: shown once, for the app.
    writeln!(out, "  key  {}", begun.manual_key().expose())?;
    // EXPOSE: shown once, for the app.
    writeln!(out, "  uri  {}", begun.uri(&deployment.issuer, login.as_typed()).expose())?;
    Ok(out.flush()?)
}

async fn finish(
    options: &Enrol,
    deployment: &Deployment,
    enrolled: Enrolled,
    out: &mut impl Write,
) -> Result<(), Stop> {
    let login = options.own.login.as_typed();
    writeln!(out, "Set up the second factor of {login}; every other session of theirs has ended.")?;
    if let Some(sheet) = &enrolled.sheet {
        print_sheet(sheet, login, out)?;
    }
    let token: Secret<String> = match enrolled.resumed {
        Resumed::Session { token, .. } => token,
        Resumed::SignedIn(signed_in) => signed_in.token,
        Resumed::PasswordChangeNeeded { because, .. } => return Err(because.into()),
    };
    // Nobody holds its token.
    let who: Authenticated = deployment.vestibule.authenticate(&token).await?;
    deployment.end(&who).await;
    Ok(())
}

async fn codes(own: &Own, deployment: &Deployment, out: &mut impl Write) -> Result<(), Stop> {
    let password = own.passwords.present(own.login.as_typed())?;
    let request = deployment.request(&own.login, password, &own.challenge).leaving_no_device();
    let passed = deployment.at_door(request, &own.login, &own.codes).await?;
    let who = match passed.door {
        Door::In(signed_in) => deployment.vestibule.authenticate(&signed_in.token).await?,
        Door::MustChange(_, because) => {
            show(passed.replacement.as_ref(), out)?;
            return Err(because.into());
        }
    };
    let renewed = deployment.vestibule.renew_recovery_codes(&who).await;
    deployment.end(&who).await;
    match renewed {
        // One that was used at the door has no place on the new sheet.
        Ok(sheet) => print_sheet(&sheet, own.login.as_typed(), out),
        Err(failure) => {
            show(passed.replacement.as_ref(), out)?;
            Err(failure.into())
        }
    }
}

fn print_sheet(sheet: &RecoverySheet, login: &str, out: &mut impl Write) -> Result<(), Stop> {
    let heading = format!("Recovery codes of {login}: each works once, and nobody can show them again.");
    // EXPOSE: shown once, to be printed or written down.
    write!(out, "{}", sheet.print(&heading).expose())?;
    Ok(())
}

//! `vestibule change-password`: the person's own act (R5), also where the password was good for one change only (N2).

use std::io::Write;
use std::path::Path;

use vestibule_core::{Identifier, Secret};

use crate::challenge::Challenge;
use crate::deployment::{Deployment, Door, show};
use crate::prompt::{Codes, Passwords};
use crate::stop::Stop;
use crate::{person, run};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What the person signs in with. The present password is asked first, then the second factor if there
    /// is one, then the new password.
    #[arg(value_name = "LOGIN", value_parser = person::login)]
    login: Identifier,
    #[command(flatten)]
    passwords: Passwords,
    #[command(flatten)]
    codes: Codes,
    #[command(flatten)]
    challenge: Challenge,
}

pub(crate) fn run(options: &Options, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let deployment = Deployment::open(config)?;
    let vestibule = &deployment.vestibule;
    let login = options.login.as_typed();
    let present = options.passwords.present(login)?;
    run::block_on(async {
        let request = deployment.request(&options.login, copy(&present), &options.challenge);
        let passed = deployment.at_door(request, &options.login, &options.codes).await?;
        show(passed.replacement.as_ref(), out)?;
        match passed.door {
            Door::In(signed_in) => {
                let who = vestibule.authenticate(&signed_in.token).await?;
                let changed = match options.passwords.chosen(login) {
                    Ok(new) => vestibule
                        .change_password(&who, plain(&present), plain(&new))
                        .await
                        .map_err(Stop::from),
                    Err(stop) => Err(stop),
                };
                match changed {
                    // The acting session went on under a new token, and ends here.
                    Ok(token) => {
                        let who = vestibule.authenticate(&token).await?;
                        deployment.end(&who).await;
                    }
                    Err(stop) => {
                        deployment.end(&who).await;
                        return Err(stop);
                    }
                }
            }
            Door::MustChange(proof, _) => {
                let new = options.passwords.chosen(login)?;
                vestibule.replace_password(proof, plain(&new)).await?;
            }
        }
        writeln!(out, "The password of {login} was changed, and every session of theirs has ended.")?;
        Ok(())
    })
}

fn copy(secret: &Secret<String>) -> Secret<String> {
    Secret::new(plain(secret))
}

fn plain(secret: &Secret<String>) -> String {
    // EXPOSE: handed to the facade, which wraps it again.
    secret.expose().clone()
}

//! The operator's acts on a person: `block`, `unblock`, `require-password-change`, `mfa reset`.

use std::io::Write;
use std::path::Path;

use vestibule_core::Timestamp;

use crate::actor::Operator;
use crate::deployment::Deployment;
use crate::person::PersonName;
use crate::stop::Stop;
use crate::{instant, run};

/// On whom, and why.
#[derive(Debug, clap::Args)]
pub(crate) struct On {
    /// Which person, by login or profile id.
    #[arg(value_name = "PERSON")]
    person: PersonName,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Block {
    #[command(flatten)]
    on: On,
    /// Until when, as in 2027-01-31T12:00:00Z or in seconds since 1970; without it, until `unblock`.
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    until: Option<Timestamp>,
}

pub(crate) fn block(options: &Block, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let deployment = Deployment::open(config)?;
    if options.until.is_some_and(|until| !until.is_after(deployment.vestibule.now())) {
        return Err(Stop::Usage("--until is in the past: nobody would be blocked".into()));
    }
    run::block_on(async {
        let subject = options.on.person.find(&deployment.store).await?;
        deployment.vestibule.block(&options.on.operator.reason, subject, options.until).await?;
        let until = options.until.map_or_else(String::new, |until| format!(" until {until}"));
        writeln!(out, "Blocked {}{until}. Every session of theirs has ended.", options.on.person)?;
        Ok(())
    })
}

pub(crate) fn unblock(options: &On, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let deployment = Deployment::open(config)?;
    run::block_on(async {
        let subject = options.person.find(&deployment.store).await?;
        deployment.vestibule.unblock(&options.operator.reason, subject).await?;
        writeln!(out, "Unblocked {}.", options.person)?;
        Ok(())
    })
}

pub(crate) fn require_password_change(options: &On, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let deployment = Deployment::open(config)?;
    run::block_on(async {
        let subject = options.person.find(&deployment.store).await?;
        deployment.vestibule.require_password_change(&options.operator.reason, subject).await?;
        writeln!(out, "The password of {} is good for one change only.", options.person)?;
        writeln!(
            out,
            "Next: vestibule change-password {}",
            options.person.login(&deployment.store).await?.as_typed()
        )?;
        Ok(())
    })
}

pub(crate) async fn reset_factor(
    options: &On,
    deployment: &Deployment,
    out: &mut impl Write,
) -> Result<(), Stop> {
    let subject = options.person.find(&deployment.store).await?;
    deployment.vestibule.reset_factor(&options.operator.reason, subject).await?;
    writeln!(
        out,
        "Reset the second factor of {}. Every session of theirs has ended; they set up a new one before anything else.",
        options.person
    )?;
    writeln!(out, "Next: vestibule mfa enrol {}", options.person.login(&deployment.store).await?.as_typed())?;
    Ok(())
}

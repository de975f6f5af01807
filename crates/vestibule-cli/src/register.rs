//! `vestibule register`: a person for whom the operator vouches.

use std::io::Write;
use std::path::Path;

use vestibule::NewPerson;
use vestibule_core::{Identifier, SubjectId};

use crate::deployment::Deployment;
use crate::prompt::Passwords;
use crate::stop::Stop;
use crate::{person, run};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What the person signs in with: an e-mail address or a phone number. You vouch that it is theirs.
    #[arg(value_name = "LOGIN", value_parser = person::login)]
    login: Identifier,
    /// The id that your application has for the person; made if there is none.
    #[arg(long, value_name = "ID", value_parser = person::subject)]
    id: Option<SubjectId>,
    #[command(flatten)]
    passwords: Passwords,
}

pub(crate) fn run(options: &Options, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let deployment = Deployment::open(config)?;
    let login = options.login.as_typed();
    let mut person = NewPerson::verified_by_host(options.login.clone());
    person.subject = options.id;
    person.password = Some(options.passwords.chosen(login)?);
    let subject = run::block_on(deployment.vestibule.register_verified(person))?;
    writeln!(out, "Registered {login}.")?;
    writeln!(out, "  profile  {subject}")?;
    writeln!(out, "Next: vestibule sign-in {login}")?;
    Ok(())
}

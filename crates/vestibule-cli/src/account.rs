//! `vestibule account`: companies' spaces.

use std::io::Write;
use std::path::Path;

use vestibule_core::{AccountId, SystemEntropy};
use vestibule_profiles::{NewAccount, Role};

use crate::actor::{Actor, Operator};
use crate::challenge::Challenge;
use crate::deployment::Deployment;
use crate::person::PersonName;
use crate::prompt::{Codes, Passwords};
use crate::stop::Stop;
use crate::{person, run};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Creates an account; whoever creates it becomes its primary administrator.
    Create(Create),
    /// Closes an account for ever.
    Close(Close),
    /// Lets nobody enter an account until it is opened again.
    Suspend(Suspend),
    /// Opens a suspended account again.
    Open(Suspend),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// What people call the account.
    #[arg(value_name = "NAME")]
    name: String,
    /// The id that your application has for the account; made if there is none.
    #[arg(long, value_name = "ID", value_parser = person::account)]
    id: Option<AccountId>,
    /// The creator's role, a word of your application.
    #[arg(long, value_name = "ROLE", default_value = "administrator", value_parser = Role::parse)]
    role: Role,
    /// Who creates it, by login or profile id; their password is asked, and their second factor.
    #[arg(long = "as", value_name = "PROFILE")]
    creator: PersonName,
    #[command(flatten)]
    passwords: Passwords,
    #[command(flatten)]
    codes: Codes,
    #[command(flatten)]
    challenge: Challenge,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Close {
    /// Which account.
    #[arg(value_name = "ACCOUNT", value_parser = person::account)]
    account: AccountId,
    #[command(flatten)]
    actor: Actor,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Suspend {
    /// Which account.
    #[arg(value_name = "ACCOUNT", value_parser = person::account)]
    account: AccountId,
    #[command(flatten)]
    operator: Operator,
}

pub(crate) fn run(command: &Command, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let deployment = Deployment::open(config)?;
    let vestibule = &deployment.vestibule;
    run::block_on(async {
        match command {
            Command::Create(options) => return create(options, &deployment, out).await,
            Command::Close(options) => {
                let close =
                    async |by: vestibule::Acting<'_>| vestibule.close_account(by, options.account).await;
                options.actor.act(&deployment, out, close).await?;
                writeln!(out, "Closed {}.", options.account)?;
            }
            Command::Suspend(options) => {
                vestibule.suspend_account(&options.operator.reason, options.account, true).await?;
                writeln!(out, "Suspended {}.", options.account)?;
            }
            Command::Open(options) => {
                vestibule.suspend_account(&options.operator.reason, options.account, false).await?;
                writeln!(out, "Opened {}.", options.account)?;
            }
        }
        Ok(())
    })
}

async fn create(options: &Create, deployment: &Deployment, out: &mut impl Write) -> Result<(), Stop> {
    let vestibule = &deployment.vestibule;
    let account = match options.id {
        Some(account) => account,
        None => AccountId::make(&SystemEntropy, vestibule.now())?,
    };
    let login = options.creator.login(&deployment.store).await?;
    let password = options.passwords.present(&options.creator.to_string())?;
    let who = deployment.session(&login, password, (&options.codes, &options.challenge), out).await?;
    let new = NewAccount::new(account, options.name.as_str(), options.role.clone());
    let created = vestibule.create_account(&who, new).await;
    deployment.end(&who).await;
    created?;
    writeln!(out, "Created {}.", options.name)?;
    writeln!(out, "  account  {account}")?;
    writeln!(out, "Next: vestibule member add '{account}' LOGIN --as {}", options.creator)?;
    Ok(())
}

//! `vestibule member`: who belongs to an account.

use std::io::Write;
use std::path::Path;

use vestibule::Acting;
use vestibule_core::{AccountId, ContactEmail};
use vestibule_profiles::{Move, NewMember, Role};

use crate::actor::Actor;
use crate::deployment::Deployment;
use crate::person::PersonName;
use crate::stop::Stop;
use crate::{person, run};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Adds a person who has a profile already.
    Add(Add),
    /// Approves a member who waits.
    Approve(Member),
    /// Declines a member who waits.
    Decline(Member),
    /// Dismisses a member: they keep their profile and enter this account no more.
    Dismiss(Member),
    /// Lets a dismissed member enter again.
    Reinstate(Member),
    /// Shows what an administrator may know of a member.
    Show(Member),
}

/// Which member, and who acts.
#[derive(Debug, clap::Args)]
pub(crate) struct Member {
    /// Which account.
    #[arg(value_name = "ACCOUNT", value_parser = person::account)]
    account: AccountId,
    /// Which person, by login or profile id.
    #[arg(value_name = "PERSON")]
    person: PersonName,
    #[command(flatten)]
    actor: Actor,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    #[command(flatten)]
    member: Member,
    /// Their role, a word of your application.
    #[arg(long, value_name = "ROLE", default_value = "employee", value_parser = Role::parse)]
    role: Role,
    /// They may enter only when an administrator has approved.
    #[arg(long)]
    awaits_approval: bool,
    /// The address under which the account knows them; it is no login.
    #[arg(long, value_name = "ADDRESS", value_parser = ContactEmail::parse)]
    contact: Option<ContactEmail>,
}

pub(crate) fn run(command: &Command, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let deployment = Deployment::open(config)?;
    run::block_on(async {
        let (member, step, done) = match command {
            Command::Add(add) => return self::add(add, &deployment, out).await,
            Command::Show(member) => return show(member, &deployment, out).await,
            Command::Approve(member) => (member, Move::Approve, "Approved"),
            Command::Decline(member) => (member, Move::Decline, "Declined"),
            Command::Dismiss(member) => (member, Move::Dismiss, "Dismissed"),
            Command::Reinstate(member) => (member, Move::Reinstate, "Reinstated"),
        };
        let subject = member.person.find(&deployment.store).await?;
        let vestibule = &deployment.vestibule;
        let act = async |by: Acting<'_>| vestibule.move_member(by, member.account, subject, step).await;
        member.actor.act(&deployment, out, act).await?;
        writeln!(out, "{done} {} in {}.", member.person, member.account)?;
        Ok(())
    })
}

async fn add(add: &Add, deployment: &Deployment, out: &mut impl Write) -> Result<(), Stop> {
    let member = &add.member;
    let subject = member.person.find(&deployment.store).await?;
    let mut new = NewMember::active(subject, add.role.clone());
    new.awaits_approval = add.awaits_approval;
    new.contact.clone_from(&add.contact);
    let act = async |by: Acting<'_>| deployment.vestibule.add_member(by, member.account, new).await;
    member.actor.act(deployment, out, act).await?;
    let waiting = if add.awaits_approval { ", awaiting approval" } else { "" };
    writeln!(out, "Added {} to {}{waiting}.", member.person, member.account)?;
    Ok(())
}

async fn show(member: &Member, deployment: &Deployment, out: &mut impl Write) -> Result<(), Stop> {
    let subject = member.person.find(&deployment.store).await?;
    let act = async |by: Acting<'_>| deployment.vestibule.view_member(by, member.account, subject).await;
    let view = member.actor.act(deployment, out, act).await?;
    for sentence in view.sentences() {
        writeln!(out, "{sentence}")?;
    }
    Ok(())
}

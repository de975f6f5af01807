//! `vestibule sign-in`: what happens at the door, told to whoever stands behind it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use vestibule::SignedIn;
use vestibule_core::{AccountId, Audience, Identifier, Refusal};
use vestibule_mfa::RecoveryCode;
use vestibule_profiles::Membership;

use crate::challenge::Challenge;
use crate::deployment::{Deployment, Door, Passed, show};
use crate::prompt::{Codes, Passwords};
use crate::stop::Stop;
use crate::{person, run};

/// How many memberships are read at a time.
const PAGE: u32 = 100;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What the person signs in with.
    #[arg(value_name = "LOGIN", value_parser = person::login)]
    login: Identifier,
    /// The account to enter, too.
    #[arg(long, value_name = "ID", value_parser = person::account)]
    account: Option<AccountId>,
    /// Prints one JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Prints the session's token, and lets the session live. Whoever has the token is signed in.
    #[arg(long)]
    show_token: bool,
    #[command(flatten)]
    passwords: Passwords,
    #[command(flatten)]
    codes: Codes,
    #[command(flatten)]
    challenge: Challenge,
}

pub(crate) fn run(options: &Options, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let deployment = Deployment::open(config)?;
    let password = options.passwords.present(options.login.as_typed())?;
    let mut request = deployment.request(&options.login, password, &options.challenge);
    request.account = options.account;
    run::block_on(async {
        match deployment.at_door(request, &options.login, &options.codes).await {
            Ok(Passed { door: Door::In(signed_in), replacement }) => {
                signed(options, &deployment, (signed_in, replacement), out).await
            }
            Ok(Passed { door: Door::MustChange(_, because), replacement }) => {
                refused(options, because, replacement.as_ref(), out)
            }
            Err(Stop::Refused(refusal)) => refused(options, *refusal, None, out),
            Err(stop) => Err(stop),
        }
    })
}

async fn signed(
    options: &Options,
    deployment: &Deployment,
    (signed_in, replacement): (SignedIn, Option<RecoveryCode>),
    out: &mut impl Write,
) -> Result<(), Stop> {
    let vestibule = &deployment.vestibule;
    let who = vestibule.authenticate(&signed_in.token).await?;
    let mut accounts: Vec<Membership> = Vec::new();
    loop {
        let after = accounts.last().map(|last| last.account);
        let page = vestibule.list_accounts(&who, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        accounts.extend(page);
    }
    if !options.show_token {
        // Nobody holds its token: it would only stand in the person's list.
        deployment.end(&who).await;
    }
    let seen = Seen {
        signed_in: true,
        profile: signed_in.subject.to_string(),
        session: signed_in.session.to_string(),
        token: options.show_token.then(|| {
            // EXPOSE: it was asked for by --show-token.
            signed_in.token.expose().clone()
        }),
        recovery_code: shown(replacement.as_ref()),
        accounts: accounts.iter().map(Account::of).collect(),
        entered: match &signed_in.entered {
            Some(Ok(account)) => Some(account.to_string()),
            _ => None,
        },
        refused: match &signed_in.entered {
            Some(Err(refusal)) => Some(Refused::of(refusal)),
            _ => None,
        },
    };
    if options.json {
        json(&seen, out)?;
    } else {
        plain(&seen, options, out)?;
        show(replacement.as_ref(), out)?;
    }
    match signed_in.entered {
        Some(Err(_)) if options.json => Err(Stop::Said),
        Some(Err(refusal)) => Err(refusal.into()),
        _ => Ok(()),
    }
}

fn plain(seen: &Seen, options: &Options, out: &mut impl Write) -> Result<(), Stop> {
    let login = options.login.as_typed();
    writeln!(out, "Signed in as {login}.")?;
    writeln!(out, "  profile  {}", seen.profile)?;
    let ended = if seen.token.is_some() { "" } else { " (ended again; --show-token lets it live)" };
    writeln!(out, "  session  {}{ended}", seen.session)?;
    if let Some(token) = &seen.token {
        writeln!(out, "  token    {token}")?;
    }
    for account in &seen.accounts {
        let administers = if account.administers { ", administers" } else { "" };
        writeln!(out, "  account  {} ({}, {}{administers})", account.account, account.status, account.role)?;
    }
    if let Some(account) = &seen.entered {
        writeln!(out, "Entered {account}.")?;
    }
    if seen.accounts.is_empty() {
        writeln!(out, "  account  none")?;
        writeln!(out, "Next: vestibule account create NAME --as {login}")?;
    }
    Ok(())
}

fn refused(
    options: &Options,
    refusal: Refusal,
    replacement: Option<&RecoveryCode>,
    out: &mut impl Write,
) -> Result<(), Stop> {
    if !options.json {
        show(replacement, out)?;
        return Err(refusal.into());
    }
    let recovery_code = shown(replacement);
    json(&NotSeen { signed_in: false, recovery_code, refused: Refused::of(&refusal) }, out)?;
    Err(Stop::Said)
}

fn shown(replacement: Option<&RecoveryCode>) -> Option<String> {
    // EXPOSE: shown once, to whoever used the one before.
    replacement.map(|code| code.render().expose().clone())
}

fn json(value: &impl Serialize, out: &mut impl Write) -> Result<(), Stop> {
    let text = serde_json::to_string(value)
        .map_err(|error| Stop::broken("the answer could not be written as JSON", error))?;
    Ok(writeln!(out, "{text}")?)
}

#[derive(Serialize)]
struct Seen {
    signed_in: bool,
    profile: String,
    session: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// In place of the one that was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_code: Option<String>,
    accounts: Vec<Account>,
    entered: Option<String>,
    refused: Option<Refused>,
}

#[derive(Serialize)]
struct NotSeen {
    signed_in: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_code: Option<String>,
    refused: Refused,
}

#[derive(Serialize)]
struct Account {
    account: String,
    status: &'static str,
    role: String,
    administers: bool,
}

impl Account {
    fn of(membership: &Membership) -> Self {
        Self {
            account: membership.account.to_string(),
            status: membership.standing.status.as_str(),
            role: membership.standing.role.to_string(),
            administers: membership.standing.administers,
        }
    }
}

/// A refusal, with what the visitor would see apart from what only this terminal may.
#[derive(Serialize)]
struct Refused {
    code: &'static str,
    case: String,
    public_code: &'static str,
    visitor: &'static str,
    facts: BTreeMap<&'static str, String>,
    remedies: Vec<Remedy>,
}

#[derive(Serialize)]
struct Remedy {
    id: &'static str,
    by: &'static str,
    text: &'static str,
}

impl Refused {
    fn of(refusal: &Refusal) -> Self {
        let public = refusal.public();
        let remedy = |remedy: &vestibule_core::Remedy| Remedy {
            id: remedy.id(),
            by: remedy.actor().as_str(),
            text: remedy.text(),
        };
        Self {
            code: refusal.code(),
            case: refusal.case().to_string(),
            public_code: public.code,
            visitor: public.text,
            facts: refusal
                .facts_for(Audience::Operator)
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
            remedies: refusal.remedies().iter().map(remedy).collect(),
        }
    }
}

//! `vestibule case`: from the reference that a visitor read out to the story behind it. It needs no keys.

use std::io::Write;
use std::path::Path;

use vestibule::{CaseReport, look_up_case};
use vestibule_core::{CaseReference, Realm};

use crate::config::Config;
use crate::run;
use crate::stop::Stop;
use crate::store::StoreName;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The reference, as in VQ7K-2M4P; case, blanks and hyphens do not count.
    #[arg(value_name = "REFERENCE", value_parser = reference)]
    reference: CaseReference,
    /// The store to look in, instead of the configured one.
    #[arg(long, value_name = "STORE")]
    store: Option<StoreName>,
    /// The realm to look in, with --store.
    #[arg(long, value_name = "NAME", requires = "store", value_parser = Realm::parse)]
    realm: Option<Realm>,
}

pub(crate) fn run(options: &Options, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let (name, realm) = match &options.store {
        Some(name) => (name.clone(), options.realm.clone().unwrap_or_default()),
        None => {
            let config = Config::read(config)?;
            (config.store()?, config.realm()?)
        }
    };
    let store = name
        .open(realm)
        .map_err(|error| Stop::broken(format!("the store {name} could not be opened"), error))?;
    let found = run::block_on(look_up_case(&store, options.reference))?;
    if found.is_empty() {
        let text = format!("Nothing is kept under {}: it was mistyped, or is too old.", options.reference);
        return Err(Stop::No(text));
    }
    found.iter().try_for_each(|report| print(report, out))
}

fn reference(text: &str) -> Result<CaseReference, &'static str> {
    CaseReference::parse(text)
        .map_err(|_| "this is no case reference: one is eight letters and digits, as in VQ7K-2M4P")
}

fn print(report: &CaseReport, out: &mut impl Write) -> Result<(), Stop> {
    writeln!(out, "{}  {}", report.reference, report.code)?;
    if let Some(entry) = report.entry {
        writeln!(out, "  {}", entry.cause)?;
    }
    if report.count == 1 {
        writeln!(out, "  at       {}", report.first)?;
    } else {
        writeln!(out, "  at       {} to {}, {} times", report.first, report.last, report.count)?;
    }
    if let Some(network) = &report.network {
        writeln!(out, "  from     {network}")?;
    }
    if let Some(subject) = &report.subject {
        writeln!(out, "  profile  {subject}")?;
    }
    if let Some(account) = &report.account {
        writeln!(out, "  account  {account}")?;
    }
    for (name, value) in &report.facts {
        writeln!(out, "  {name:<7}  {value}")?;
    }
    for remedy in report.entry.map_or(&[][..], |entry| entry.remedies) {
        writeln!(out, "  {:<7}  {} ({})", remedy.id(), remedy.text(), remedy.actor().as_str())?;
    }
    Ok(())
}

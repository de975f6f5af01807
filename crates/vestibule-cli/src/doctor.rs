//! `vestibule doctor`: whether everything that a deployment rests on is there.

use std::io::{IsTerminal, Write};
use std::path::Path;

use vestibule::{ClockCheck, ErasedStore, Vestibule, erase};
use vestibule_core::{ServerClock, StoreError};

use crate::colour::{self, Colour};
use crate::config::Config;
use crate::deployment::Deployment;
use crate::keys::{PURPOSES, read, word};
use crate::stop::Stop;
use crate::store::{StoreName, open_postgres, open_sqlite};
use crate::{postgres, run};

/// What a check found.
enum Found {
    Failed(String),
    Ok(String),
    Warning(String),
}

use Found::{Failed, Ok as Good, Warning};

/// One line a check, so that the later ones are made although an earlier one failed.
struct Report<'a, W> {
    out: &'a mut W,
    coloured: bool,
    failed: bool,
}

impl<W: Write> Report<'_, W> {
    fn line(&mut self, name: &str, found: Found) -> Result<(), Stop> {
        let (word, colour, text) = match found {
            Failed(text) => ("failed ", Colour::Red, text),
            Good(text) => ("ok     ", Colour::Green, text),
            Warning(text) => ("warning", Colour::Yellow, text),
        };
        self.failed |= colour == Colour::Red;
        let word = colour::paint(word, colour, self.coloured);
        Ok(writeln!(self.out, "{word}  {name:<7}  {text}")?)
    }
}

pub(crate) fn run(config: &Path, out: &mut (impl Write + IsTerminal)) -> Result<(), Stop> {
    // Without it there is nothing to check.
    let text = Config::text(config)?;
    let coloured = colour::wanted(out);
    let mut report = Report { out, coloured, failed: false };
    match Config::parse(config, &text) {
        Err(error) => report.line("config", Failed(error.to_string()))?,
        Ok(config) => look(&config, &mut report)?,
    }
    if report.failed { Err(Stop::Said) } else { Ok(()) }
}

fn look(config: &Config, report: &mut Report<'_, impl Write>) -> Result<(), Stop> {
    let realm = config.realm();
    report.line(
        "config",
        match &realm {
            Ok(realm) if is_open(config.path(), 0o022) => Warning(format!(
                "{}, realm {realm}; others can write it (chmod go-w)",
                config.path().display()
            )),
            Ok(realm) => Good(format!("{}, realm {realm}", config.path().display())),
            Err(error) => Failed(error.to_string()),
        },
    )?;
    for purpose in PURPOSES {
        report.line("keys", keys(config, purpose))?;
    }
    let store = match (config.store(), realm) {
        (Ok(name), Ok(realm)) => {
            let (store, found) = store(&name, realm);
            for found in found {
                report.line("store", found)?;
            }
            store
        }
        (Err(error), _) => {
            report.line("store", Failed(error.to_string()))?;
            None
        }
        (Ok(_), Err(_)) => None,
    };
    if let Some(store) = store {
        report.line("clock", clock(config, &store))?;
    }
    report.line(
        "links",
        match config.links() {
            Ok(Some(links)) => Good(links.to_string()),
            Ok(None) => Warning("links.base_url is not set: no message carries a link".into()),
            Err(error) => Failed(error.to_string()),
        },
    )?;
    report.line(
        "sender",
        match config.sender() {
            Ok(Some((Some(name), address))) => Good(format!("{name}, {}", address.as_typed())),
            Ok(Some((None, address))) => Good(address.as_typed().to_owned()),
            Ok(None) => Warning("sender.address is not set: no message can be sent".into()),
            Err(error) => Failed(error.to_string()),
        },
    )
}

fn keys(config: &Config, purpose: vestibule_core::KeyPurpose) -> Found {
    let keys = match config.keys_of(purpose) {
        Ok(keys) => keys,
        Err(error) => return Failed(error.to_string()),
    };
    let unreadable = keys.files.iter().find_map(|(id, path)| read(path, purpose, *id).err());
    if let Some(stop) = unreadable {
        return Failed(said(&stop));
    }
    let others: Vec<&str> =
        keys.files.iter().map(|(id, _)| id.as_str()).filter(|id| *id != keys.current.as_str()).collect();
    let others =
        if others.is_empty() { String::new() } else { format!(", still read: {}", others.join(", ")) };
    Good(format!("{}: {} writes{others}", word(purpose), keys.current))
}

fn store(name: &StoreName, realm: vestibule_core::Realm) -> (Option<ErasedStore>, Vec<Found>) {
    match opened(name, realm) {
        Err(error) => (None, vec![Failed(said(&Stop::broken(format!("{name} does not open"), error)))]),
        Ok((store, mut found)) => {
            if name.file().is_some_and(|path| is_open(path, 0o077)) {
                let path = name.file().unwrap_or_else(|| Path::new(""));
                found.push(Warning(format!("{} can be read by others (chmod 600)", path.display())));
            }
            (Some(store), found)
        }
    }
}

fn opened(name: &StoreName, realm: vestibule_core::Realm) -> Result<(ErasedStore, Vec<Found>), StoreError> {
    Ok(match name {
        StoreName::Memory => {
            (name.open(realm)?, vec![Warning("memory: forgets everything when a command ends".into())])
        }
        StoreName::Postgres(address) => {
            let store = open_postgres(address, realm)?;
            let fingerprint = postgres::block_on(store.check())??;
            (erase(store), vec![Good(name.to_string()), Good(format!("schema {fingerprint}"))])
        }
        // Opening looks at the form of everything in it.
        StoreName::Redb(_) => (name.open(realm)?, vec![Good(name.to_string())]),
        StoreName::Sqlite(path) => {
            let store = open_sqlite(path, realm)?;
            let fingerprint = store.check()?;
            // A store opens only with its write-ahead log on.
            let found = vec![Good(format!("{name}, write-ahead log")), Good(format!("schema {fingerprint}"))];
            (erase(store), found)
        }
    })
}

fn clock(config: &Config, store: &ErasedStore) -> Found {
    let checked = match Deployment::of(config) {
        Ok(deployment) => run::block_on(compare(&deployment.vestibule)),
        // Without keys there is no deployment; a store without a clock needs none.
        Err(_) => match run::block_on(store.server_time()) {
            Ok(None) => Ok(ClockCheck::SameMachine),
            Ok(Some(_)) => return Warning("not compared with the store's: that needs the keys".into()),
            Err(error) => Err(error.into()),
        },
    };
    match checked {
        Ok(ClockCheck::Within(by)) => Good(format!("{} ms apart from the store's", by.as_millis())),
        Ok(_) => Good("same machine as the store".into()),
        Err(error) => Failed(said(&Stop::broken("it does not agree with the store's", error))),
    }
}

async fn compare(vestibule: &Vestibule) -> Result<ClockCheck, vestibule_core::Error> {
    vestibule.check_clock().await
}

/// The message of a failure on one line.
fn said(stop: &Stop) -> String {
    let text = stop.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join("; ").trim_start_matches("error: ").to_owned()
}

/// Whether the file's mode has one of these bits.
#[cfg(unix)]
fn is_open(path: &Path, bits: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & bits != 0)
}

#[cfg(not(unix))]
const fn is_open(_: &Path, _: u32) -> bool {
    false
}

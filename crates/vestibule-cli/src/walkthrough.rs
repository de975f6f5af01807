//! `vestibule walkthrough`: the problems of signing in, played on a real store.

use std::fs::DirBuilder;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use vestibule::Store;
use vestibule_conformance::walkthrough::{self, Scene, Summary, WalkthroughError};
use vestibule_core::{Clock as _, Realm, StoreError, SystemClock, SystemEntropy, Timestamp, make_bytes};

use crate::stop::Stop;
use crate::store::{StoreName, Work};
use crate::{colour, instant, run};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The store to play on; it must hold no profile, in no realm [default: a new file in a temporary directory].
    #[arg(long, value_name = "STORE")]
    store: Option<StoreName>,
    /// Plays only these, by problem (P1,N4) or by scenario (wrong_password).
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    only: Vec<String>,
    /// Prints one JSON object a line, and nothing else.
    #[arg(long)]
    json: bool,
    /// What everything random is drawn from; the same seed and clock give the same output, byte for byte.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// When the story begins, as in 2027-01-31T12:00:00Z or in seconds since 1970.
    #[arg(long, value_name = "T", value_parser = instant::parse)]
    clock: Option<Timestamp>,
}

pub(crate) fn run(options: &Options, out: &mut (impl Write + IsTerminal)) -> Result<(), Stop> {
    // Before anything is made for it.
    chosen(options).chosen().map_err(stop)?;
    let name = match &options.store {
        Some(name) => name.clone(),
        None => {
            let path = fresh_folder()?.join("walkthrough.db");
            writeln!(io::stderr(), "Playing on sqlite:{}", path.display())?;
            StoreName::Sqlite(path)
        }
    };
    let failed = |error: StoreError| Stop::broken(format!("{name} cannot be played on"), error);
    if name.has_people().map_err(failed)? {
        return Err(stop(WalkthroughError::NotEmpty));
    }
    // A file of redb that is there already is opened as it is.
    if !matches!(&name, StoreName::Redb(path) if path.exists()) {
        name.migrate(SystemClock.now()).map_err(failed)?;
    }
    name.with(Realm::default(), Play { options, out }).map_err(failed)?
}

struct Play<'a, W> {
    options: &'a Options,
    out: &'a mut W,
}

impl<W: Write + IsTerminal> Work<Result<(), Stop>> for Play<'_, W> {
    fn on(self, store: impl Store + Clone) -> Result<(), Stop> {
        play(self.options, store, self.out)
    }
}

fn play(
    options: &Options,
    store: impl Store + Clone,
    out: &mut (impl Write + IsTerminal),
) -> Result<(), Stop> {
    let coloured = colour::wanted(out);
    let mut written = Ok(());
    let show = |scene: &Scene| {
        // After the first error nothing more is written; the store is played on to the end.
        if written.is_ok() {
            written =
                if options.json { json(scene, out) } else { writeln!(out, "{}", scene.render(coloured)) };
        }
    };
    let played = run::block_on(walkthrough::play(store, &chosen(options), show));
    written?;
    let summary = played.map_err(stop)?;
    if !options.json {
        tell(summary, out)?;
    }
    if summary.is_ok() { Ok(()) } else { Err(Stop::Said) }
}

fn stop(error: WalkthroughError) -> Stop {
    match error {
        WalkthroughError::NoSuchScenario(_) => Stop::Usage(error.to_string()),
        WalkthroughError::NotEmpty => Stop::Broken(error.to_string(), None),
        error => Stop::broken("the walkthrough broke off", error),
    }
}

fn json(scene: &Scene, out: &mut impl Write) -> io::Result<()> {
    let line = scene.to_json().map_err(io::Error::other)?;
    writeln!(out, "{line}")
}

fn tell(summary: Summary, out: &mut impl Write) -> Result<(), Stop> {
    let Summary { played, ok, pending, .. } = summary;
    writeln!(out, "{ok} of {played} as expected; {pending} wait for a remedy that is not built yet.")?;
    Ok(())
}

fn chosen(options: &Options) -> walkthrough::Options {
    let mut chosen = walkthrough::Options::new().only(options.only.iter().cloned());
    if let Some(seed) = options.seed {
        chosen = chosen.seed(seed);
    }
    if let Some(clock) = options.clock {
        chosen = chosen.clock(clock);
    }
    chosen
}

/// A new folder for nobody else. It stays, so that `vestibule case` can be asked afterwards.
fn fresh_folder() -> Result<PathBuf, Stop> {
    let name = u64::from_be_bytes(make_bytes(&SystemEntropy)?);
    let folder = std::env::temp_dir().join(format!("vestibule-walkthrough-{name:016x}"));
    #[cfg_attr(not(unix), expect(unused_mut, reason = "the mode is set on unix only"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&folder)
        .map_err(|error| Stop::broken(format!("{} could not be made", folder.display()), error))?;
    Ok(folder)
}

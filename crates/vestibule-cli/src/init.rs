//! `vestibule init`: a configuration, fresh keys and a migrated store, or nothing at all.

use std::fs::{self, DirBuilder};
use std::io::Write;
use std::path::{Path, PathBuf};

use vestibule::BaseUrls;
use vestibule_core::{Clock as _, ContactEmail, KeyId, Realm, SystemClock, SystemEntropy};

use crate::keys::{PURPOSES, first_file, make, word, write_new};
use crate::stop::Stop;
use crate::store::StoreName;
use crate::{CONFIG, config::Config};

/// What the file is called in a folder given by `--dir`.
const NAME: &str = "vestibule.toml";

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder to write to, made if it is not there [default: that of --config].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where everything rests; a relative path is taken from the folder.
    #[arg(long, value_name = "STORE", default_value = "sqlite:vestibule.db")]
    store: StoreName,
    /// The name of this deployment among those that share the store.
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = Realm::parse)]
    realm: Realm,
    /// Where the pages are that links in messages lead to: https only.
    #[arg(long, value_name = "URL", value_parser = BaseUrls::parse)]
    base_url: Option<BaseUrls>,
    /// The address that messages come from.
    #[arg(long, value_name = "ADDRESS", value_parser = ContactEmail::parse)]
    sender: Option<ContactEmail>,
    /// The product's name: no password consists of it.
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
}

pub(crate) fn run(options: &Options, config: &Path, out: &mut impl Write) -> Result<(), Stop> {
    let path = options.dir.as_ref().map_or_else(|| config.to_owned(), |dir| dir.join(NAME));
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let store = options.store.clone().in_folder(&folder);
    if store == StoreName::Memory {
        let hint = "a store in memory forgets everything when a command ends: name a file, sqlite:PATH";
        return Err(Stop::Usage(hint.into()));
    }
    let database = store.file();
    let keys = PURPOSES.map(|purpose| (purpose, folder.join(first_file(purpose))));
    let logs =
        database.into_iter().flat_map(|file| ["-wal", "-shm", "-journal"].map(|suffix| beside(file, suffix)));
    let logs: Vec<PathBuf> = logs.collect();

    let files = keys.iter().map(|(_, file)| file.as_path()).chain([path.as_path()]).chain(database);
    let files = files.chain(logs.iter().map(PathBuf::as_path));
    if let Some(there) = files.into_iter().find(|file| fs::symlink_metadata(file).is_ok()) {
        let what = format!("{} is there already; nothing was written", there.display());
        return Err(Stop::Broken(what, None));
    }

    let mut made = Made::default();
    made.folder(&folder, false)?;
    made.folder(&folder.join("keys"), true)?;
    let first = KeyId::parse("k1").map_err(|error| Stop::broken("no key could be made", error))?;
    for (purpose, file) in &keys {
        make(file, *purpose, first, &SystemEntropy)?;
        made.0.push(file.clone());
    }
    if let (StoreName::Sqlite(_), Some(database)) = (&store, database) {
        // Made here, so that on a failure nothing is removed that was not.
        write_new(database, &[])
            .map_err(|error| Stop::broken(format!("{} could not be written", database.display()), error))?;
        made.0.push(database.to_owned());
        made.0.extend(logs);
    }
    store
        .migrate(SystemClock.now())
        .map_err(|error| Stop::broken(format!("{store} could not be migrated"), error))?;
    if let (StoreName::Redb(_), Some(database)) = (&store, database) {
        made.0.push(database.to_owned());
    }
    // Last: where there is a configuration, all that it names is there.
    write_new(&path, text(options).as_bytes())
        .map_err(|error| Stop::broken(format!("{} could not be written", path.display()), error))?;
    made.0.push(path.clone());
    Config::read(&path)?.check()?;
    made.keep();

    writeln!(out, "Wrote {}", path.display())?;
    for (_, file) in &keys {
        writeln!(out, "      {}", file.display())?;
    }
    match database {
        Some(database) => writeln!(out, "      {}, with its tables", database.display())?,
        None => writeln!(out, "and the tables of {store}")?,
    }
    writeln!(out, "Keep the keys out of the repository, and apart from backups of the store.")?;
    let named =
        if path == Path::new(CONFIG) { String::new() } else { format!(" --config {}", path.display()) };
    writeln!(out, "Next: vestibule{named} register you@example.com")?;
    Ok(())
}

/// The configuration as it is written.
fn text(options: &Options) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut text = format!(
        "# What the program `vestibule` needs to know of this deployment; `vestibule doctor` checks it.\n\
         # No secret stands here. Paths are taken from the folder of this file.\n\n\
         store = {}\nrealm = {}\n",
        quoted(&options.store.to_string()),
        quoted(options.realm.as_str()),
    );
    match &options.product {
        Some(product) => text += &format!("product = {}\n", quoted(product)),
        None => text += "# product = \"Example\" # no password consists of it\n",
    }
    text += "\n# The key that writes is `current`; older ones stay in `files` as long as something was written with them.\n";
    for purpose in PURPOSES {
        let file = quoted(&first_file(purpose).display().to_string());
        text += &format!("[keys.{}]\ncurrent = \"k1\"\nfiles.k1 = {file}\n\n", word(purpose));
    }
    match &options.base_url {
        Some(url) => text += &format!("[links]\nbase_url = {}\n\n", quoted(url.as_str())),
        None => {
            text += "# [links]\n# base_url = \"https://id.example.com\" # where links in messages lead\n\n"
        }
    }
    match &options.sender {
        Some(sender) => text += &format!("[sender]\naddress = {}\n", quoted(sender.as_typed())),
        None => text += "# [sender]\n# name = \"Example\"\n# address = \"no-reply@example.com\"\n",
    }
    text
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What was made so far. Dropped before [`keep`](Self::keep), it goes again.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Made {
    /// Makes a folder and those above it, as far as they are not there.
    fn folder(&mut self, folder: &Path, private: bool) -> Result<(), Stop> {
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        if let Some(above) = folder.parent() {
            self.folder(above, false)?;
        }
        #[cfg_attr(not(unix), expect(unused_mut, reason = "the mode is set on unix only"))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        if private {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        }
        #[cfg(not(unix))]
        let _ = private;
        builder
            .create(folder)
            .map_err(|error| Stop::broken(format!("{} could not be made", folder.display()), error))?;
        self.0.push(folder.to_owned());
        Ok(())
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // What cannot be removed stays, and the next `init` names it. A folder goes only when it is empty.
        for path in self.0.iter().rev() {
            let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
        }
    }
}

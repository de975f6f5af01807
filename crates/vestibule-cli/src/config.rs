//! The one file that says what a deployment is. No secret stands in it, only the paths of key files.

use core::fmt;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use vestibule::BaseUrls;
use vestibule_core::{ContactEmail, KeyId, KeyPurpose, Realm};

use crate::keys::{PURPOSES, word};
use crate::stop::Stop;
use crate::store::StoreName;

/// The file as it was read. Each value is judged when it is asked for, so that `doctor` can tell them apart;
/// [`check`](Self::check) judges all.
#[derive(Debug)]
pub(crate) struct Config {
    path: PathBuf,
    folder: PathBuf,
    raw: Raw,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    store: String,
    realm: Option<String>,
    product: Option<String>,
    #[serde(default)]
    keys: RawKeys,
    links: Option<RawLinks>,
    sender: Option<RawSender>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKeys {
    digest: Option<RawPurpose>,
    pepper: Option<RawPurpose>,
    seal: Option<RawPurpose>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPurpose {
    current: String,
    files: BTreeMap<String, PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLinks {
    base_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSender {
    name: Option<String>,
    address: String,
}

/// The keys of one purpose: the one that writes, and the files of all that are live.
#[derive(Debug)]
pub(crate) struct PurposeKeys {
    pub(crate) purpose: KeyPurpose,
    pub(crate) current: KeyId,
    pub(crate) files: Vec<(KeyId, PathBuf)>,
}

/// What stands where something else is expected.
#[derive(Debug)]
pub(crate) struct ConfigError {
    file: PathBuf,
    key: String,
    expected: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.file.display(), self.key, self.expected)
    }
}

impl std::error::Error for ConfigError {}

impl From<ConfigError> for Stop {
    fn from(error: ConfigError) -> Self {
        Self::Broken(error.to_string(), None)
    }
}

impl Config {
    /// Reads the file: its form, not yet its values.
    pub(crate) fn read(path: &Path) -> Result<Self, Stop> {
        Ok(Self::parse(path, &Self::text(path)?)?)
    }

    /// What stands in the file.
    pub(crate) fn text(path: &Path) -> Result<String, Stop> {
        std::fs::read_to_string(path).map_err(|error| {
            let what = if error.kind() == std::io::ErrorKind::NotFound {
                format!(
                    "{}: there is no such file; `vestibule init` makes one, --config names another",
                    path.display()
                )
            } else {
                format!("{}: the file cannot be read", path.display())
            };
            Stop::broken(what, error)
        })
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let raw = toml::from_str(text).map_err(|error| ConfigError {
            file: path.to_owned(),
            key: place(text, error.span().map(|span| span.start)),
            expected: error.message().to_owned(),
        })?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { path: path.to_owned(), folder, raw })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Judges every value.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.store()?;
        self.realm()?;
        self.keys()?;
        self.links()?;
        self.sender()?;
        Ok(())
    }

    pub(crate) fn store(&self) -> Result<StoreName, ConfigError> {
        let name: StoreName = self.raw.store.parse().map_err(|error| self.error("store", error))?;
        Ok(name.in_folder(&self.folder))
    }

    pub(crate) fn realm(&self) -> Result<Realm, ConfigError> {
        let Some(name) = &self.raw.realm else { return Ok(Realm::default()) };
        Realm::parse(name)
            .map_err(|_| self.error("realm", "expected 1 to 32 characters of a-z, 0-9, - and _"))
    }

    /// The product's name, empty when there is none.
    pub(crate) fn product(&self) -> &str {
        self.raw.product.as_deref().unwrap_or_default()
    }

    pub(crate) fn keys(&self) -> Result<Vec<PurposeKeys>, ConfigError> {
        PURPOSES.into_iter().map(|purpose| self.keys_of(purpose)).collect()
    }

    pub(crate) fn keys_of(&self, purpose: KeyPurpose) -> Result<PurposeKeys, ConfigError> {
        let name = word(purpose);
        let raw = match purpose {
            KeyPurpose::Digest => self.raw.keys.digest.as_ref(),
            KeyPurpose::Pepper => self.raw.keys.pepper.as_ref(),
            KeyPurpose::Seal => self.raw.keys.seal.as_ref(),
            _ => None,
        };
        let missing = "expected `current`, a key id, and `files`, the path of each live key by its id";
        let raw = raw.ok_or_else(|| self.error(format!("keys.{name}"), missing))?;
        let id =
            |text: &str, key: String| KeyId::parse(text).map_err(|error| self.error(key, error.to_string()));
        let current = id(&raw.current, format!("keys.{name}.current"))?;
        let files = raw
            .files
            .iter()
            .map(|(text, path)| Ok((id(text, format!("keys.{name}.files"))?, self.folder.join(path))))
            .collect::<Result<Vec<_>, ConfigError>>()?;
        if !files.iter().any(|(live, _)| *live == current) {
            return Err(self.error(
                format!("keys.{name}.files"),
                format!("expected the file of the key {current}, too"),
            ));
        }
        Ok(PurposeKeys { purpose, current, files })
    }

    pub(crate) fn links(&self) -> Result<Option<BaseUrls>, ConfigError> {
        let Some(links) = &self.raw.links else { return Ok(None) };
        BaseUrls::parse(&links.base_url)
            .map(Some)
            .map_err(|error| self.error("links.base_url", error.to_string()))
    }

    /// Who messages come from: a name, if there is one, and an address.
    pub(crate) fn sender(&self) -> Result<Option<(Option<&str>, ContactEmail)>, ConfigError> {
        let Some(sender) = &self.raw.sender else { return Ok(None) };
        let name = sender.name.as_deref();
        if name.is_some_and(|name| name.chars().any(char::is_control)) {
            return Err(self.error("sender.name", "expected a name without line breaks"));
        }
        let address = ContactEmail::parse(&sender.address)
            .map_err(|error| self.error("sender.address", format!("expected an e-mail address: {error}")))?;
        Ok(Some((name, address)))
    }

    fn error(&self, key: impl Into<String>, expected: impl Into<String>) -> ConfigError {
        ConfigError { file: self.path.clone(), key: key.into(), expected: expected.into() }
    }
}

/// The line of an offset, and the key that stands on it.
fn place(text: &str, at: Option<usize>) -> String {
    let before = at.and_then(|at| text.get(..at)).unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let line = text.lines().nth(number - 1).unwrap_or_default();
    match line.split_once('=') {
        Some((key, _)) => format!("line {number}, {}", key.trim()),
        None => format!("line {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
store = "sqlite:vestibule.db"
realm = "default"
[keys.digest]
current = "k2"
files.k1 = "keys/digest-k1.key"
files.k2 = "/run/keys/digest-k2.key"
[keys.pepper]
current = "k1"
files.k1 = "p"
[keys.seal]
current = "k1"
files.k1 = "s"
[links]
base_url = "https://id.example.com"
[sender]
name = "Example"
address = "no-reply@example.com"
"#;

    fn told(text: &str) -> String {
        let config = Config::parse(Path::new("/etc/door/vestibule.toml"), text);
        config.and_then(|config| config.check()).unwrap_err().to_string()
    }

    #[test]
    fn paths_are_taken_from_the_folder_of_the_file() {
        let config = Config::parse(Path::new("/etc/door/vestibule.toml"), GOOD).unwrap();
        config.check().unwrap();
        assert_eq!(config.store().unwrap().to_string(), "sqlite:/etc/door/vestibule.db");
        let digest = config.keys_of(KeyPurpose::Digest).unwrap();
        let paths: Vec<&Path> = digest.files.iter().map(|(_, path)| path.as_path()).collect();
        assert_eq!(paths, [Path::new("/etc/door/keys/digest-k1.key"), Path::new("/run/keys/digest-k2.key")]);
        assert_eq!(digest.current.as_str(), "k2");
    }

    #[test]
    fn every_error_names_the_file_the_key_and_what_is_expected() {
        for (from, to, key, expected) in [
            ("store =", "stoer =", "line 2, stoer", "expected one of `store`, `realm`"),
            ("store = \"sqlite:vestibule.db\"", "store = 1", "line 2, store", "expected a string"),
            ("sqlite:vestibule.db", "vestibule.db", "store", "`sqlite:PATH`, `redb:PATH`"),
            ("\"default\"", "\"De fault\"", "realm", "a-z, 0-9"),
            ("current = \"k2\"", "current = \"K2\"", "keys.digest.current", "1 to 8 characters"),
            ("current = \"k2\"", "current = \"k3\"", "keys.digest.files", "the file of the key k3"),
            ("[keys.pepper]\ncurrent = \"k1\"\nfiles.k1 = \"p\"", "", "keys.pepper", "expected `current`"),
            ("https://", "http://", "links.base_url", "begins with https://"),
            ("base_url", "base", "base", "expected `base_url`"),
            ("no-reply@", "no-reply", "sender.address", "expected an e-mail address"),
            ("\"Example\"", "\"Exam\\nple\"", "sender.name", "without line breaks"),
            ("realm =", "realm", "line 3", ""),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let told = told(&GOOD.replacen(from, to, 1));
            assert!(told.starts_with("/etc/door/vestibule.toml: "), "{told}");
            assert!(told.contains(key) && told.contains(expected), "{from} -> {to}: {told}");
        }
    }

    #[test]
    fn a_file_without_a_store_says_so() {
        assert!(told("realm = \"default\"").contains("missing field `store`"));
    }
}

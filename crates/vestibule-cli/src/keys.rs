//! Key files: one per purpose and key id, readable by nobody else.
//!
//! A file holds one line: `vestibule-key <purpose> <key id> <64 digits of lower-case hexadecimal>`. It says what it is for,
//! so a file under a wrong name is refused instead of used.

use core::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use vestibule_core::{Entropy, KeyId, KeyPurpose, KeyRing, Secret};
use zeroize::{Zeroize, Zeroizing};

use crate::config::PurposeKeys;
use crate::stop::Stop;

/// Every purpose, as a deployment needs them.
pub(crate) const PURPOSES: [KeyPurpose; 3] = [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal];

/// No key file is longer.
const LONGEST: u64 = 200;

/// The word for a purpose, in file names, in the files and in the configuration.
pub(crate) const fn word(purpose: KeyPurpose) -> &'static str {
    match purpose {
        KeyPurpose::Digest => "digest",
        KeyPurpose::Pepper => "pepper",
        KeyPurpose::Seal => "seal",
        _ => "unknown",
    }
}

/// Where `init` puts the first key of a purpose, from the folder of the configuration.
pub(crate) fn first_file(purpose: KeyPurpose) -> PathBuf {
    Path::new("keys").join(format!("{}-k1.key", word(purpose)))
}

/// The ring of all the keys that a configuration names.
pub(crate) fn ring(purposes: &[PurposeKeys]) -> Result<KeyRing, Stop> {
    let mut ring = KeyRing::builder();
    for keys in purposes {
        for (id, path) in &keys.files {
            let key = read(path, keys.purpose, *id)?;
            ring = if *id == keys.current {
                ring.current(keys.purpose, *id, key)
            } else {
                ring.retired(keys.purpose, *id, key)
            };
        }
    }
    ring.build().map_err(|error| Stop::broken("the keys make no key ring", error))
}

/// Reads a key file.
pub(crate) fn read(path: &Path, purpose: KeyPurpose, id: KeyId) -> Result<Secret<[u8; 32]>, Stop> {
    let broken = |what: &str| Stop::Broken(format!("key file {}: {what}", path.display()), None);
    let unreadable = |error| Stop::broken(format!("key file {}: it cannot be read", path.display()), error);
    let file = File::open(path).map_err(unreadable)?;
    // Asked of the opened file: nobody can put another one under the name in between.
    if is_open_to_others(&file).map_err(unreadable)? {
        return Err(broken("others can read or write it; its mode must be 0600 (chmod 600)"));
    }
    let mut text = Zeroizing::new(String::with_capacity(256));
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    let form = "expected one line `vestibule-key PURPOSE KEY-ID` and 64 digits of hexadecimal";
    let mut words = text.strip_suffix('\n').unwrap_or(&text).split(' ');
    let (Some("vestibule-key"), Some(found), Some(found_id), Some(digits), None) =
        (words.next(), words.next(), words.next(), words.next(), words.next())
    else {
        return Err(broken(form));
    };
    if found != word(purpose) || found_id != id.as_str() {
        return Err(broken(&format!(
            "it is not the {} key {id} that the configuration says: its first words name another",
            word(purpose)
        )));
    }
    let mut bytes = decode(digits).ok_or_else(|| broken(form))?;
    let key = Secret::new(bytes);
    bytes.zeroize();
    Ok(key)
}

/// Makes a new key in a new file.
pub(crate) fn make(path: &Path, purpose: KeyPurpose, id: KeyId, entropy: &dyn Entropy) -> Result<(), Stop> {
    let mut bytes = Zeroizing::new([0; 32]);
    entropy.try_fill(&mut *bytes).map_err(|error| Stop::broken("no key could be made", error))?;
    let mut text = Zeroizing::new(String::with_capacity(256));
    text.push_str("vestibule-key ");
    text.push_str(word(purpose));
    text.push(' ');
    text.push_str(id.as_str());
    text.push(' ');
    for byte in bytes.iter() {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    write_new(path, text.as_bytes())
        .map_err(|error| Stop::broken(format!("{} could not be written", path.display()), error))
}

/// Writes a file that must not be there yet, for its owner alone, and sees it onto the disk.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

/// Elsewhere the folder's access list decides, which is not looked at.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same shape as on unix")]
const fn is_open_to_others(_: &File) -> io::Result<bool> {
    Ok(false)
}

fn decode(digits: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits = digits.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (slot, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *slot = digit(*high)? * 16 + digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use vestibule_core::{SystemEntropy, equal_in_constant_time};

    use super::*;

    fn id(text: &str) -> KeyId {
        KeyId::parse(text).unwrap()
    }

    fn refused(path: &Path, purpose: KeyPurpose, key: &str) -> String {
        read(path, purpose, id(key)).unwrap_err().to_string()
    }

    #[test]
    fn a_key_comes_back_and_two_are_never_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| {
            let path = folder.path().join(name);
            make(&path, KeyPurpose::Seal, id("k1"), &SystemEntropy).unwrap();
            read(&path, KeyPurpose::Seal, id("k1")).unwrap()
        });
        // EXPOSE: tests look at it.
        assert!(!equal_in_constant_time(one.expose(), other.expose()));
    }

    #[test]
    fn a_file_of_another_purpose_or_id_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        make(&path, KeyPurpose::Pepper, id("k1"), &SystemEntropy).unwrap();
        assert!(refused(&path, KeyPurpose::Seal, "k1").contains("not the seal key k1"));
        assert!(refused(&path, KeyPurpose::Pepper, "k2").contains("not the pepper key k2"));
    }

    #[test]
    fn an_existing_file_is_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "mine").unwrap();
        make(&path, KeyPurpose::Seal, id("k1"), &SystemEntropy).unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let digits = "5e".repeat(32);
        for text in [
            String::new(),
            digits.clone(),
            format!("vestibule-key seal k1 {}", digits.to_uppercase()),
            format!("vestibule-key seal k1 {digits}0"),
            format!("vestibule-key seal k1 {digits} "),
            format!("vestibule-key seal k1 {digits}\n{digits}\n"),
            format!("vestibule-key seal k1 {}", "5e".repeat(500)),
        ] {
            let _ = std::fs::remove_file(&path);
            write_new(&path, text.as_bytes()).unwrap();
            let told = refused(&path, KeyPurpose::Seal, "k1");
            assert!(told.contains("expected one line") && !told.to_lowercase().contains("5e5e"), "{told}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        make(&path, KeyPurpose::Seal, id("k1"), &SystemEntropy).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(refused(&path, KeyPurpose::Seal, "k1").contains("0600"), "{mode:o}");
        }
    }
}

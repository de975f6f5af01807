//! Every statement that a store runs, read from the sources: a list that is written by hand forgets one.
//!
//! The tests of the stores include this file. A statement is one string literal that begins with a verb of SQL and names a
//! table of ours; so it has to stay.

use std::fs;
use std::path::{Path, PathBuf};

/// A statement as it stands in a source.
#[derive(Debug)]
pub(crate) struct Found {
    /// The file, below its `src`.
    pub(crate) file: String,
    /// The text on one line.
    pub(crate) sql: String,
    /// Whether it is relied on: a store with several writers locks the row that it answers.
    #[allow(dead_code, reason = "where there is one writer nobody asks")]
    pub(crate) requires: bool,
}

/// The statements of `vestibule-sql` and those of the store itself, in the order of their files.
pub(crate) fn all(store: &str) -> Vec<Found> {
    let own = Path::new(store);
    let mut found = Vec::new();
    for sources in [own.join("../vestibule-sql/src"), own.join("src")] {
        for path in files(&sources) {
            let file = path.strip_prefix(&sources).unwrap().display().to_string();
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            found.extend(of(code).into_iter().map(|(sql, requires)| Found {
                file: file.clone(),
                sql,
                requires,
            }));
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => files.extend(self::files(&path)),
            path if path.extension().is_some_and(|extension| extension == "rs") => files.push(path),
            _ => {}
        }
    }
    files.sort();
    files
}

fn of(code: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut chars = code.chars().peekable();
    let mut before = String::new();
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            ('/', Some('/')) => {
                chars.find(|char| *char == '\n');
            }
            // A quote as a character.
            ('\'', Some('"')) => {
                chars.nth(1);
            }
            ('"', _) => {
                let sql = literal(&mut chars).split_whitespace().collect::<Vec<_>>().join(" ");
                if is_statement(&sql) {
                    found.push((sql, before.trim_end().ends_with(".require(")));
                }
                before.clear();
            }
            _ => before.push(char),
        }
    }
    found
}

/// What is left of a literal that was just begun.
fn literal(chars: &mut impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    while let Some(char) = chars.next().filter(|char| *char != '"') {
        text.push(char);
        if char == '\\' {
            text.extend(chars.next());
        }
    }
    text
}

/// The ledger of migrations is not among them: it has a few rows, of no realm.
fn is_statement(sql: &str) -> bool {
    let verb = sql.split(' ').next().unwrap_or_default();
    ["select", "insert", "update", "delete", "with"].contains(&verb)
        && sql.contains(" vestibule_")
        && !sql.contains(" vestibule_migration")
}

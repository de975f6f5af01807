//! The page for authors of stores says what the kit and the traits say.
//!
//! `VESTIBULE_RENEW=1 cargo test -p vestibule-conformance --test page -- --test-threads=1` writes its generated parts anew.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use vestibule_conformance::{MemoryHarness, Need, all};

const PAGE: &str = "docs/writing-a-store.md";

#[test]
fn the_page_for_authors_has_every_case_of_the_kit() {
    part("cases", &cases());
}

#[test]
fn the_page_for_authors_has_every_clause_of_the_contract() {
    part("contract", &contract());
}

#[test]
fn the_page_for_authors_has_the_adapter_as_it_is_tested() {
    part("adapter", &block(&read("docs/examples/sqlx-host/src/adapter.rs")));
}

#[test]
fn the_page_for_authors_has_questions_of_the_store_as_they_are_tested() {
    let store = read("docs/examples/sqlx-host/src/store.rs");
    let shown = [
        "impl SqlxStore {",
        "/// The columns of a row.",
        "impl<W: Write",
        "impl SqlxStore {\n    /// One attempt",
        "impl CredentialsRead",
    ];
    let items = shown.map(|start| item(&store, start));
    part("store", &block(&items.join("\n\n")));
}

/// Whoever breaks a clause is told which; a promise (PR) is of the design, and has its own page.
#[test]
fn every_clause_of_the_contract_is_named_by_a_case() {
    let contract = contract();
    let promised: BTreeSet<_> =
        contract.split("**").filter(|id| id.contains('-') && !id.contains(' ')).collect();
    let cases = all::<MemoryHarness>();
    let named = cases.iter().flat_map(|case| case.clauses.iter().copied());
    let named: BTreeSet<_> = named.filter(|clause| !clause.starts_with("PR-")).collect();
    assert_eq!(named, promised);
}

/// What an author reads beside the page. `store_trait!` writes `# Errors` itself.
#[test]
fn every_store_trait_says_its_contract_its_atomicity_and_what_a_dropped_future_leaves() {
    let mut traits = 0;
    for file in
        ["core/src/kv/mod.rs", "core/src/store/commit.rs", "core/src/store/server.rs", "/src/views.rs"]
    {
        traits += documented(&read(&format!("crates/vestibule-{file}").replace("-/", "/")));
    }
    for domain in ["checkword", "credentials", "journal", "mfa", "profiles", "sessions", "throttle"] {
        traits += documented(&read(&format!("crates/vestibule-{domain}/src/store.rs")));
    }
    assert!(traits >= 11, "only {traits} were found");
}

/// How many store traits a source has, each with its sections.
fn documented(source: &str) -> usize {
    let mut doc = String::new();
    let mut found = 0;
    for line in source.lines().map(str::trim_start) {
        match line.strip_prefix("///") {
            Some(more) => doc.extend([more, "\n"]),
            None if line.starts_with("#[") || line.starts_with("message =") || line.starts_with("note =") => {
            }
            None if line == ")]" => {}
            None => {
                if line.starts_with("pub trait ") && !doc.contains("Object-safe twin") {
                    found += 1;
                    for section in ["# Contract", "# Atomicity", "# Cancellation"] {
                        assert!(doc.contains(section), "no {section}: {line}");
                    }
                }
                doc.clear();
            }
        }
    }
    found
}

/// The first item of a source that starts so, up to its closing brace.
fn item<'a>(source: &'a str, start: &str) -> &'a str {
    let from = source.find(&format!("\n{start}")).unwrap_or_else(|| panic!("no {start}")) + 1;
    let item = source.split_at(from).1;
    item.split_at(item.find("\n}\n").unwrap() + 2).0
}

/// One row for each case.
fn cases() -> String {
    let mut table = "| case | clauses | if it fails |\n|---|---|---|\n".to_owned();
    for case in all::<MemoryHarness>() {
        let needs = match case.needs {
            Need::Nothing => "",
            Need::RawReader => " (needs `raw`)",
            Need::Breakdown => " (asked with `break_down`)",
            Need::HostTransactions => " (asked with `host_transaction`)",
            Need::Maintenance => " (asked with `maintain`)",
            Need::Schema => " (asked with `make_newer`)",
            other => panic!("say what is needed: {other:?}"),
        };
        let clauses = case.clauses.join(", ");
        writeln!(table, "| `{}`{needs} | {clauses} | {} |", case.id, case.breaks.replace('|', "\\|"))
            .unwrap();
    }
    table
}

/// The clauses as they stand in the rustdoc of the traits.
fn contract() -> String {
    let traits = [
        ("Of every write", "vestibule-core/src/store/write.rs"),
        ("Of a key-value database", "vestibule-core/src/kv/mod.rs"),
        ("Of questions about people", "vestibule-profiles/src/store.rs"),
        ("Of questions about checkwords", "vestibule-checkword/src/store.rs"),
        ("Of questions about second factors", "vestibule-mfa/src/store.rs"),
        ("Of questions about sessions", "vestibule-sessions/src/store.rs"),
        ("Of questions about the journal", "vestibule-journal/src/store.rs"),
        ("Of windows", "vestibule-throttle/src/store.rs"),
    ];
    let mut text = String::new();
    for (of, file) in traits {
        let clauses = clauses(&read(&format!("crates/{file}")));
        assert!(!clauses.is_empty(), "no clause in {file}");
        writeln!(text, "**{of}** (`{}`)\n", file.split('/').next().unwrap()).unwrap();
        for clause in clauses {
            writeln!(text, "- {clause}").unwrap();
        }
        text.push('\n');
    }
    text
}

/// Every `- **X-1** ..` of a doc comment, on one line, its links as code.
fn clauses(source: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut within = false;
    for line in source.lines() {
        let Some(doc) = line.trim_start().strip_prefix("///") else {
            within = false;
            continue;
        };
        if doc.starts_with(" - **") && doc.contains('-') {
            found.push(doc.trim_start_matches(" - ").trim().to_owned());
            within = true;
        } else if within && doc.starts_with("   ") {
            let last = found.last_mut().unwrap();
            last.push(' ');
            last.push_str(doc.trim());
        } else {
            within = false;
        }
    }
    found.into_iter().map(|clause| plain(&clause)).collect()
}

/// A link to an item is the item's name here.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let (name, after) = link.split_once("`]").unwrap();
        let after = if after.starts_with('(') { after.split_once(')').unwrap().1 } else { after };
        write!(plain, "{before}`{name}`").unwrap();
        rest = after;
    }
    plain + rest
}

fn block(code: &str) -> String {
    format!("```rust\n{}\n```\n", code.trim())
}

/// Compares what stands between the marks of this name, or renews it.
fn part(name: &str, wanted: &str) {
    let page = read(PAGE);
    let mark = format!("<!-- generated: {name} -->\n");
    let (before, rest) = page.split_once(&mark).unwrap_or_else(|| panic!("{PAGE} has no mark {mark}"));
    let (found, after) = rest.split_once("<!-- end -->").unwrap();
    let wanted = format!("{}\n", wanted.trim_end());
    if found == wanted {
        return;
    }
    assert!(
        env::var_os("VESTIBULE_RENEW").is_some(),
        "the part `{name}` of {PAGE} is out of date. Renew it: VESTIBULE_RENEW=1 cargo test -p vestibule-conformance \
         --test page -- --test-threads=1"
    );
    fs::write(path(PAGE), format!("{before}{mark}{wanted}<!-- end -->{after}")).unwrap();
}

fn read(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)
}

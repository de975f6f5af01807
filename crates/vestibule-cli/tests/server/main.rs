//! The program on a server of PostgreSQL: the story that it tells, and a deployment that it makes, uses and looks after.

#![cfg(test)]

#[path = "../../../vestibule-postgres/tests/support/cluster.rs"]
mod cluster;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program, in a folder, with what is typed into it.
fn run(folder: &Path, arguments: &[&str], typed: &str) -> (bool, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), typed.as_bytes()).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let said = [stdout, stderr].concat();
    (status.success(), String::from_utf8(said).unwrap())
}

/// A database of its own on the server; on a server that is not ours it goes with this.
struct Database {
    name: String,
    address: String,
}

impl Database {
    fn new(name: &str) -> Self {
        let url = cluster::url();
        let name = format!("{name}_{}", std::process::id());
        tell(&format!("create database {name}"));
        let (server, query) = url.split_once('?').map_or((url, ""), |(server, query)| (server, query));
        let (server, _) = server.rsplit_once('/').unwrap();
        let address = format!("{server}/{name}?{query}").trim_end_matches('?').to_owned();
        Self { name, address }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !cluster::is_own() {
            tell(&format!("drop database {} with (force)", self.name));
        }
    }
}

fn tell(sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) =
            tokio_postgres::connect(cluster::url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    });
}

#[test]
fn the_story_on_a_server_is_that_of_memory() {
    let folder = tempfile::tempdir().unwrap();
    let played = |store: &str| {
        let only = ["walkthrough", "--json", "--only", "P4,P8", "--store", store];
        run(folder.path(), &only, "")
    };
    let memory = played("memory:");
    assert!(memory.0 && memory.1.lines().count() > 5, "{}", memory.1);
    let server = Database::new("story");
    assert_eq!(played(&server.address), memory);
    let again = played(&server.address);
    assert!(!again.0 && again.1.contains("holds profiles already"), "{}", again.1);
}

#[test]
fn a_deployment_is_made_used_and_looked_after_on_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], typed: &str| run(folder.path(), arguments, typed);
    let server = Database::new("people");
    let done = |(well, said): (bool, String)| {
        assert!(well, "{said}");
        said
    };
    done(run(&["init", "--store", &server.address], ""));
    let password = "seven herons over the estuary\n";
    done(run(&["register", "ada@example.com", "--password-stdin"], password));
    let signed_in = done(run(&["sign-in", "ada@example.com", "--password-stdin"], password));
    assert!(signed_in.contains("ada@example.com") || signed_in.contains("signed in"), "{signed_in}");
    let (_, looked) = run(&["doctor"], "");
    assert!(looked.contains("schema") && looked.contains("apart from the store's"), "{looked}");
    let refused = run(&["init", "--dir", "other", "--store", "postgres://door:hidden@localhost/people"], "");
    assert!(!refused.0 && refused.1.contains("PGPASSWORD"), "{}", refused.1);
}

#[test]
fn a_server_that_holds_anybody_in_any_realm_is_not_played_on() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], typed: &str| run(folder.path(), arguments, typed);
    let server = Database::new("others");
    assert!(run(&["init", "--realm", "other", "--store", &server.address], "").0);
    let password = "seven herons over the estuary\n";
    assert!(run(&["register", "ada@example.com", "--password-stdin"], password).0);
    let (well, said) = run(&["walkthrough", "--only", "P4", "--store", &server.address], "");
    assert!(!well && said.contains("holds profiles already"), "{said}");
}

//! `init`: everything, or nothing.

use crate::folder::Folder;

#[cfg(unix)]
#[test]
fn all_that_init_makes_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let files = folder.files();
    assert_eq!(files.len(), 5, "{:?}", files.iter().map(|(path, _)| path).collect::<Vec<_>>());
    for (path, _) in &files {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(folder.path("keys").metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_second_init_refuses_and_changes_nothing() {
    let folder = Folder::with_ada();
    let before = folder.files();
    let told = folder.run(&["init"], &[]).stopped(2);
    assert!(told.contains("is there already; nothing was written"), "{told}");
    assert!(folder.files() == before);
}

#[test]
fn init_writes_over_no_file_of_its_names() {
    for name in
        ["vestibule.toml", "vestibule.db", "vestibule.db-wal", "keys/digest-k1.key", "keys/seal-k1.key"]
    {
        let folder = Folder::empty();
        std::fs::create_dir(folder.path("keys")).unwrap();
        std::fs::write(folder.path(name), "mine").unwrap();
        let told = folder.run(&["init"], &[]).stopped(2);
        assert!(told.contains(name), "{told}");
        assert_eq!(folder.files(), [(folder.path(name), b"mine".to_vec())]);
    }
}

#[test]
fn an_init_that_fails_leaves_nothing_behind() {
    let folder = Folder::empty();
    let told = folder.run(&["init", "--dir", "new/door", "--store", "sqlite:nowhere/x.db"], &[]).stopped(2);
    assert!(told.contains("nowhere/x.db could not be written"), "{told}");
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 0);
}

#[test]
fn what_is_given_to_init_stands_in_the_configuration() {
    let folder = Folder::empty();
    let said = folder
        .run(
            &[
                "init",
                "--dir",
                "door",
                "--store",
                "sqlite:people.db",
                "--realm",
                "white-label",
                "--product",
                "The \"Door\"",
                "--base-url",
                "https://id.example.com/",
                "--sender",
                "no-reply@example.com",
            ],
            &[],
        )
        .done();
    assert!(said.contains("Next: vestibule --config door/vestibule.toml register"), "{said}");
    let told = folder.run(&["doctor", "--config", "door/vestibule.toml"], &[]).done();
    for part in ["realm white-label", "door/people.db", "https://id.example.com\n", "no-reply@example.com"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("warning"), "{told}");
}

#[test]
fn a_base_url_without_tls_and_a_store_that_forgets_are_refused() {
    let folder = Folder::empty();
    let told = folder.run(&["init", "--base-url", "http://id.example.com"], &[]).stopped(64);
    assert!(told.contains("begins with https://"), "{told}");
    let told = folder.run(&["init", "--store", "memory:"], &[]).stopped(64);
    assert!(told.contains("forgets everything"), "{told}");
    assert!(folder.files().is_empty());
}

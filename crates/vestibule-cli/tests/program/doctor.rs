//! `doctor`, and what a wrong configuration is told.

use crate::folder::Folder;

/// The lines of one kind.
fn lines<'a>(told: &'a str, word: &'a str) -> Vec<&'a str> {
    told.lines().filter_map(|line| line.strip_prefix(word)).map(str::trim).collect()
}

#[test]
fn a_fresh_deployment_is_well_and_is_told_in_plain_text() {
    let folder = Folder::new();
    let told = folder.run(&["doctor"], &[]).done();
    assert_eq!(lines(&told, "ok").len(), 7, "{told}");
    assert_eq!(lines(&told, "warning").len(), 2, "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
}

#[test]
fn a_broken_key_file_fails_and_the_rest_is_still_checked() {
    let folder = Folder::new();
    let key = std::fs::read_to_string(folder.path("keys/seal-k1.key")).unwrap();
    let digits = key.trim_end().rsplit(' ').next().unwrap().to_owned();
    folder.replace("keys/seal-k1.key", &digits, &digits.to_uppercase());
    let told = folder.run(&["doctor"], &[]).stopped(1);
    let failed = lines(&told, "failed");
    assert_eq!(failed.len(), 1, "{told}");
    assert!(failed[0].contains("keys/seal-k1.key: expected one line"), "{told}");
    assert!(!told.to_lowercase().contains(&digits), "{told}");
    assert_eq!(lines(&told, "ok").len(), 6, "{told}");
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_stops_every_command() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    std::fs::set_permissions(folder.path("keys/digest-k1.key"), PermissionsExt::from_mode(0o644)).unwrap();
    let told = folder.run(&["doctor"], &[]).stopped(1);
    assert!(lines(&told, "failed")[0].contains("0600"), "{told}");
    let told = folder.typed(&["sign-in", "ada@example.com"], &["x"]).stopped(2);
    assert!(told.contains("keys/digest-k1.key"), "{told}");
}

#[cfg(unix)]
#[test]
fn files_that_others_can_reach_are_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    std::fs::set_permissions(folder.path("vestibule.toml"), PermissionsExt::from_mode(0o666)).unwrap();
    std::fs::set_permissions(folder.path("vestibule.db"), PermissionsExt::from_mode(0o644)).unwrap();
    let told = folder.run(&["doctor"], &[]).done();
    assert!(told.contains("others can write it") && told.contains("can be read by others"), "{told}");
}

#[test]
fn keys_that_changed_places_are_refused() {
    let folder = Folder::new();
    folder.replace("vestibule.toml", "keys/digest-k1.key", "keys/pepper-k1.key");
    let told = folder.run(&["doctor"], &[]).stopped(1);
    assert!(told.contains("it is not the digest key k1"), "{told}");
}

#[test]
fn a_store_that_is_gone_or_not_ours_fails() {
    let folder = Folder::new();
    std::fs::write(folder.path("vestibule.db"), "no database, however long this text is").unwrap();
    let told = folder.run(&["doctor"], &[]).stopped(1);
    assert!(lines(&told, "failed")[0].contains("does not open"), "{told}");
    std::fs::remove_file(folder.path("vestibule.db")).unwrap();
    let told = folder.run(&["doctor"], &[]).stopped(1);
    assert!(lines(&told, "failed")[0].contains("does not open"), "{told}");
    assert!(!folder.path("vestibule.db").exists());
}

#[test]
fn without_a_configuration_there_is_nothing_to_check() {
    let folder = Folder::empty();
    std::fs::create_dir(folder.path("folder")).unwrap();
    for (config, because) in [("other.toml", "vestibule init"), ("folder", "cannot be read")] {
        let told = folder.run(&["doctor", "--config", config], &[]).stopped(2);
        assert!(told.contains(config) && told.contains(because) && !told.contains("failed"), "{told}");
    }
}

#[test]
fn an_unknown_key_of_the_configuration_is_named_with_its_file() {
    let folder = Folder::new();
    folder.replace("vestibule.toml", "realm =", "relm =");
    for (arguments, status) in [(&["doctor"][..], 1), (&["case", "VQ7K-2M4P"], 2)] {
        let told = folder.run(arguments, &[]).stopped(status);
        assert!(told.contains("./vestibule.toml: line 5, relm: unknown field `relm`"), "{told}");
        assert!(told.contains("`realm`"), "{told}");
    }
}

#[test]
fn a_base_url_without_tls_stops_every_command() {
    let folder = Folder::new();
    let toml = folder.path("vestibule.toml");
    let text = std::fs::read_to_string(&toml).unwrap() + "\n[links]\nbase_url = \"http://id.example.com\"\n";
    std::fs::write(&toml, text).unwrap();
    let told = folder.run(&["doctor"], &[]).stopped(1);
    assert_eq!(
        lines(&told, "failed"),
        ["links    ./vestibule.toml: links.base_url: a base URL begins with https://"]
    );
    let told = folder.typed(&["register", "ada@example.com"], &["x"]).stopped(2);
    assert!(told.contains("links.base_url: a base URL begins with https://"), "{told}");
}

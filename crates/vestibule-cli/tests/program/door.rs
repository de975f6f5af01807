//! `register`, `sign-in`, `change-password` and `case`.

use crate::folder::{Folder, NEW, RIGHT, WRONG};

/// The case reference in what was told.
fn case(told: &str) -> &str {
    told.lines().find_map(|line| line.strip_prefix("  case  ")).unwrap()
}

#[test]
fn the_right_password_signs_in_and_a_wrong_one_is_told_with_its_case() {
    let folder = Folder::with_ada();
    let told = folder.typed(&["sign-in", "ada@example.com"], &[WRONG]).stopped(1);
    for part in ["This login or this password is not right.", "code  password.wrong", "R34 "] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let said = folder.typed(&["sign-in", "ada@example.com"], &[RIGHT]).done();
    assert!(said.contains("profile  =ada") && said.contains("account  none"), "{said}");
    assert!(!said.contains("vst1_"), "{said}");
}

/// As after five wrong tries within an hour, with a while between them.
fn tried_five_times(folder: &Folder) {
    folder.typed(&["sign-in", "ada@example.com"], &[WRONG]).stopped(1);
    let sql = "update vestibule_window set debits = case kind when 'challenge' then 5 else 0 end";
    folder.sql("vestibule.db", sql);
}

#[test]
fn whoever_runs_the_program_vouches_where_a_challenge_is_asked_for() {
    let folder = Folder::with_ada();
    let create = ["account", "create", "Engines", "--id", "=engines", "--as", "=ada"];
    let close = ["account", "close", "=engines", "--as", "=ada"];
    for act in [
        &["sign-in", "ada@example.com"][..],
        &create,
        &close,
        &["mfa", "enrol", "ada@example.com", "--code-stdin"],
        &["mfa", "codes", "ada@example.com"],
        &["change-password", "ada@example.com"],
    ] {
        tried_five_times(&folder);
        let told = folder.typed(act, &[RIGHT, NEW]).stopped(1);
        assert!(told.contains("throttle.challenge_required"), "{told}");
        assert!(told.contains("Next: the same with --challenge-passed"), "{told}");
        let ran = folder.typed(&[act, &["--challenge-passed"]].concat(), &[RIGHT, NEW]);
        assert!(!(ran.out + &ran.err).contains("throttle."), "{act:?}");
    }
    tried_five_times(&folder);
    let told = folder.typed(&["sign-in", "ada@example.com", "--challenge-passed"], &[WRONG]).stopped(1);
    assert!(told.contains("password.wrong"), "{told}");
    assert!(!told.contains("--challenge-passed"), "{told}");
    folder.typed(&["sign-in", "ada@example.com", "--challenge-passed"], &[NEW]).done();
}

#[test]
fn what_is_no_case_reference_is_told_what_one_looks_like() {
    let told = Folder::empty().run(&["case", "xx"], &[]).stopped(64);
    assert!(told.contains("this is no case reference") && told.contains("VQ7K-2M4P"), "{told}");
}

#[test]
fn a_phone_number_with_a_letter_is_refused_for_the_letter() {
    let told = Folder::empty().run(&["sign-in", "+49 30 12345x"], &[]).stopped(64);
    assert!(told.contains("a character that has no place there"), "{told}");
}

#[test]
fn what_is_no_database_is_said_to_be_none() {
    let folder = Folder::empty();
    std::fs::write(folder.path("text"), "no database, however long this text is").unwrap();
    std::fs::create_dir(folder.path("folder")).unwrap();
    for (store, because) in [
        ("sqlite:text", "it is no SQLite database"),
        ("redb:text", "Not a redb database"),
        ("sqlite:folder", "it is a directory"),
        ("redb:folder", "directory"),
        ("sqlite:nothing", "No such file"),
    ] {
        let told = folder.run(&["case", "VQ7K-2M4P", "--store", store], &[]).stopped(2);
        assert!(told.contains(because) && !told.contains("a stored row"), "{told}");
        if store != "sqlite:nothing" {
            let told = folder.run(&["walkthrough", "--store", store], &[]).stopped(2);
            assert!(told.contains(because) && !told.contains("a stored row"), "{told}");
        }
    }
}

#[test]
fn a_case_is_found_by_its_reference_without_keys_or_configuration() {
    let folder = Folder::with_ada();
    let told = folder.typed(&["sign-in", "ada@example.com"], &[WRONG]).stopped(1);
    let reference = case(&told).to_lowercase().replace('-', " ");
    std::fs::remove_dir_all(folder.path("keys")).unwrap();
    assert!(folder.run(&["case", &reference], &[]).done().contains("password.wrong"));
    std::fs::remove_file(folder.path("vestibule.toml")).unwrap();
    let found = folder.run(&["case", &reference, "--store", "sqlite:vestibule.db"], &[]).done();
    assert!(found.starts_with(case(&told)) && found.contains("password.wrong"), "{found}");
    let told = folder.run(&["case", "0000-0000", "--store", "sqlite:vestibule.db"], &[]).stopped(1);
    assert!(told.contains("Nothing is kept under 0000-0000"), "{told}");
}

#[test]
fn json_tells_the_same_and_nothing_else() {
    let folder = Folder::with_engines();
    let sign_in = ["sign-in", "bob@example.com", "--account", "=engines", "--json"];
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();

    let refused = folder.typed(&sign_in, &[WRONG]);
    assert_eq!((refused.status, refused.err.as_str()), (1, ""));
    let refused = read(&refused.out);
    assert_eq!(refused["signed_in"], false);
    assert_eq!(refused["refused"]["code"], "password.wrong");
    assert_eq!(refused["refused"]["public_code"], "sign_in.try_again");
    assert_eq!(refused["refused"]["remedies"][0]["id"], "R34");

    let entered = read(&folder.typed(&sign_in, &[RIGHT]).done());
    assert_eq!((&entered["signed_in"], &entered["entered"]), (&true.into(), &"=engines".into()));
    assert_eq!(entered["accounts"][0]["status"], "active");
    assert_eq!(entered["token"], serde_json::Value::Null);
}

#[test]
fn a_token_is_shown_only_when_asked_for_and_rests_nowhere_in_clear() {
    let folder = Folder::with_ada();
    let said = folder.typed(&["sign-in", "ada@example.com", "--show-token"], &[RIGHT]).done();
    let token = said.lines().find_map(|line| line.strip_prefix("  token    ")).unwrap().to_owned();
    assert!(token.starts_with("vst1_session_k1_"), "{token}");
    assert!(!said.contains("ended again"), "{said}");
    for (path, bytes) in folder.files() {
        assert!(!contains(&bytes, &token), "{}", path.display());
    }
}

#[test]
fn a_password_reaches_no_argument_no_output_and_no_file() {
    let folder = Folder::with_engines();
    let mut said = String::new();
    for (arguments, lines) in [
        (&["register", "eve@example.com"][..], &[WRONG][..]),
        (&["register", "ada@example.com"], &[WRONG]),
        (&["register", "eva@example.com"], &["short"]),
        (&["sign-in", "ada@example.com"], &[WRONG]),
        (&["sign-in", "ada@example.com", "--json"], &[RIGHT]),
        (&["change-password", "ada@example.com"], &[WRONG, NEW]),
        (&["change-password", "ada@example.com"], &[RIGHT, NEW]),
        (&["account", "close", "=engines", "--as", "ada@example.com"], &[RIGHT]),
    ] {
        let ran = folder.typed(arguments, lines);
        said += &(ran.out + &ran.err);
    }
    let told = folder.run(&["sign-in", "ada@example.com", "--password", RIGHT], &[]).stopped(64);
    assert!(told.contains("unexpected argument '--password'"), "{told}");
    for secret in [RIGHT, WRONG, NEW] {
        assert!(!said.contains(secret), "{said}");
        for (path, bytes) in folder.files() {
            assert!(!contains(&bytes, secret), "{}", path.display());
        }
    }
}

#[test]
fn without_a_terminal_a_password_is_not_asked_for() {
    let folder = Folder::with_ada();
    let told = folder.run(&["sign-in", "ada@example.com"], &[RIGHT]).stopped(64);
    assert!(told.contains("--password-stdin"), "{told}");
    let told = folder.typed(&["sign-in", "ada@example.com"], &[]).stopped(64);
    assert!(told.contains("standard input has ended"), "{told}");
}

#[test]
fn a_changed_password_is_the_only_one() {
    let folder = Folder::with_ada();
    folder.typed(&["change-password", "ada@example.com"], &[RIGHT, NEW]).done();
    folder.typed(&["sign-in", "ada@example.com"], &[RIGHT]).stopped(1);
    folder.typed(&["sign-in", "ada@example.com"], &[NEW]).done();
    let told = folder.typed(&["change-password", "ada@example.com"], &[NEW, "short"]).stopped(1);
    assert!(told.contains("password.rejected"), "{told}");
    folder.typed(&["sign-in", "ada@example.com"], &[NEW]).done();
}

#[test]
fn a_taken_login_and_a_missing_configuration_are_told() {
    let folder = Folder::with_ada();
    let told = folder.typed(&["register", "ADA@example.com"], &[NEW]).stopped(1);
    assert!(told.contains("identifier.taken"), "{told}");
    let told = folder.run(&["sign-in", "ada@example.com", "--config", "other.toml"], &[]).stopped(2);
    assert!(told.contains("other.toml") && told.contains("vestibule init"), "{told}");
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

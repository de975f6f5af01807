//! Acts of administrators, by `--as`, and of the operator, by `--operator --reason`.

use crate::folder::{Folder, NEW, RIGHT, WRONG};

const ENTER: [&str; 4] = ["sign-in", "bob@example.com", "--account", "=engines"];

#[test]
fn a_dismissed_member_signs_in_and_enters_only_when_reinstated() {
    let folder = Folder::with_engines();
    assert!(folder.typed(&ENTER, &[RIGHT]).done().contains("Entered =engines."));

    let dismiss = ["member", "dismiss", "=engines", "bob@example.com", "--as", "ada@example.com"];
    folder.typed(&dismiss, &[RIGHT]).done();
    let told = folder.typed(&ENTER, &[RIGHT]).stopped(1);
    assert!(
        told.starts_with("Signed in as bob@example.com.") && told.contains("admission.dismissed"),
        "{told}"
    );
    let show = ["member", "show", "=engines", "=bob", "--operator", "--reason", "ticket 4711"];
    assert!(folder.run(&show, &[]).done().contains("Dismissed since"));

    folder
        .run(&["member", "reinstate", "=engines", "=bob", "--operator", "--reason", "ticket 4711"], &[])
        .done();
    assert!(folder.typed(&ENTER, &[RIGHT]).done().contains("Entered =engines."));
}

#[test]
fn who_may_not_act_is_refused_and_nothing_moves() {
    let folder = Folder::with_engines();
    for (actor, password, code) in [
        ("bob@example.com", RIGHT, "membership.not_permitted"),
        ("ada@example.com", WRONG, "password.wrong"),
        ("=eve", RIGHT, "no login"),
    ] {
        let told =
            folder.typed(&["member", "dismiss", "=engines", "=bob", "--as", actor], &[password]).stopped(1);
        assert!(told.contains(code), "{told}");
    }
    folder.typed(&ENTER, &[RIGHT]).done();
}

#[test]
fn a_member_who_waits_is_approved_or_declined() {
    let folder = Folder::with_engines();
    for (login, id) in [("cid@example.com", "=cid"), ("dan@example.com", "=dan")] {
        folder.register(login, id);
        let add =
            ["member", "add", "=engines", login, "--awaits-approval", "--role", "guest", "--as", "=ada"];
        assert!(folder.typed(&add, &[RIGHT]).done().contains("awaiting approval"));
        let told = folder.typed(&["sign-in", login, "--account", "=engines"], &[RIGHT]).stopped(1);
        assert!(told.contains("(awaiting_approval, guest)"), "{told}");
    }
    folder.typed(&["member", "approve", "=engines", "=cid", "--as", "=ada"], &[RIGHT]).done();
    folder.typed(&["member", "decline", "=engines", "=dan", "--as", "=ada"], &[RIGHT]).done();
    folder.typed(&["sign-in", "cid@example.com", "--account", "=engines"], &[RIGHT]).done();
    let told = folder.typed(&["sign-in", "dan@example.com", "--account", "=engines"], &[RIGHT]).stopped(1);
    assert!(told.contains("admission.not_member"), "{told}");
}

#[test]
fn a_suspended_account_is_opened_again_and_a_closed_one_never() {
    let folder = Folder::with_engines();
    let operate =
        |act: &str| folder.run(&["account", act, "=engines", "--operator", "--reason", "unpaid"], &[]);
    operate("suspend").done();
    assert!(folder.typed(&ENTER, &[RIGHT]).stopped(1).contains("admission.account_suspended"));
    operate("open").done();
    folder.typed(&ENTER, &[RIGHT]).done();
    folder.typed(&["account", "close", "=engines", "--as", "ada@example.com"], &[RIGHT]).done();
    assert!(folder.typed(&ENTER, &[RIGHT]).stopped(1).contains("admission.account_closed"));
    assert!(operate("open").stopped(1).contains("admission.account_closed"));
}

#[test]
fn a_blocked_person_is_told_after_the_right_password_only() {
    let folder = Folder::with_ada();
    let by = ["--operator", "--reason", "ticket 4711"];
    let act = |act: &[&str]| folder.run(&[act, &by].concat(), &[]);
    act(&["block", "ada@example.com", "--until", "2999-01-31T12:00:00Z"]).done();
    let told = folder.typed(&["sign-in", "ada@example.com"], &[WRONG]).stopped(1);
    assert!(told.contains("This login or this password is not right."), "{told}");
    let told = folder.typed(&["sign-in", "ada@example.com"], &[RIGHT]).stopped(1);
    assert!(told.contains("profile.blocked_until") && told.contains("2999-01-31T12:00:00Z"), "{told}");
    act(&["unblock", "=ada"]).done();
    folder.typed(&["sign-in", "ada@example.com"], &[RIGHT]).done();
    assert!(act(&["block", "=ada", "--until", "1999-01-31T12:00:00Z"]).stopped(64).contains("in the past"));
    assert!(act(&["block", "eve@example.com"]).stopped(1).contains("Nobody has the login"));
}

#[test]
fn a_password_good_for_one_change_only_signs_nobody_in() {
    let folder = Folder::with_ada();
    folder.run(&["require-password-change", "=ada", "--operator", "--reason", "leaked"], &[]).done();
    let told = folder.typed(&["sign-in", "ada@example.com"], &[RIGHT]).stopped(1);
    assert!(told.contains("password.must_change"), "{told}");
    folder.typed(&["change-password", "ada@example.com"], &[RIGHT, NEW]).done();
    folder.typed(&["sign-in", "ada@example.com"], &[NEW]).done();
}

#[test]
fn nobody_acts_without_saying_who_and_the_operator_not_without_saying_why() {
    let folder = Folder::with_engines();
    for (arguments, missing) in [
        (&["member", "dismiss", "=engines", "=bob"][..], "--as"),
        (&["member", "dismiss", "=engines", "=bob", "--operator"], "--reason"),
        (&["member", "dismiss", "=engines", "=bob", "--operator", "--reason", " "], "1 to 500 bytes"),
        (
            &["member", "dismiss", "=engines", "=bob", "--as", "=ada", "--operator", "--reason", "x"],
            "cannot be used",
        ),
        (&["block", "=bob", "--reason", "x"], "--operator"),
        (&["account", "create", "Engines"], "--as"),
    ] {
        let told = folder.run(arguments, &[]).stopped(64);
        assert!(told.contains(missing), "{told}");
    }
}

//! `mfa`, and the second factor at every other command.

use std::io::Write;
use std::process::Command;

use vestibule_core::{Clock, Secret, SystemClock};
use vestibule_mfa::{Parameters, code_at};

use crate::folder::{Folder, NEW, RIGHT, WRONG};

const ADA: &str = "ada@example.com";
const REQUIRE: &str = "VESTIBULE_REQUIRE_OATHTOOL";

/// What was printed when somebody set up a second factor.
struct Sheet {
    key: String,
    codes: Vec<String>,
}

/// The code that an app with this key shows, so many steps from now.
fn code(key: &str, ahead: u64) -> String {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for typed in key.chars().filter(|typed| *typed != ' ') {
        bits = (bits << 5) | u32::try_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(typed).unwrap()).unwrap();
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 255).unwrap());
        }
    }
    let step = Parameters::default().step_at(SystemClock.now()) + ahead;
    // EXPOSE: typed by the test.
    code_at(Parameters::default(), &Secret::new(bytes), step).unwrap().expose().clone()
}

fn after<'a>(said: &'a str, beginning: &str) -> &'a str {
    said.lines()
        .find_map(|line| line.strip_prefix(beginning))
        .unwrap_or_else(|| panic!("{beginning}: {said}"))
}

/// Sets one up, with a code that is made of the printed key.
fn enrol(folder: &Folder, lines: &[&str], code: impl Fn(&str) -> String) -> Sheet {
    let mut key = String::new();
    let enrol = ["mfa", "enrol", ADA, "--password-stdin", "--code-stdin"];
    let said = folder
        .answering(&enrol, lines, "  key  ", |line| {
            key = line.trim_start_matches("  key  ").to_owned();
            code(&key)
        })
        .done();
    assert!(after(&said, "  uri  ").starts_with("otpauth://totp/"), "{said}");
    let codes: Vec<String> =
        said.lines().filter_map(|line| line.split_once(". ")).map(|(_, code)| code.into()).collect();
    Sheet { key, codes }
}

fn both(folder: &Folder, arguments: &[&str], lines: &[&str]) -> crate::folder::Ran {
    folder.typed(&[arguments, &["--code-stdin"]].concat(), lines)
}

#[test]
fn who_has_a_second_factor_signs_in_by_both_and_a_recovery_code_is_replaced() {
    let folder = Folder::with_ada();
    let sheet = enrol(&folder, &[RIGHT], |key| code(key, 0));
    assert_eq!(sheet.codes.len(), 10);
    let sign_in = ["sign-in", ADA];

    let told = folder.typed(&sign_in, &[RIGHT]).stopped(64);
    assert!(told.contains("--code-stdin"), "{told}");
    let told = both(&folder, &sign_in, &[RIGHT]).stopped(64);
    assert!(told.contains("a line with the code"), "{told}");
    let told = both(&folder, &sign_in, &[WRONG, "000000"]).stopped(1);
    assert!(told.contains("password.wrong"), "{told}");
    let told = both(&folder, &sign_in, &[RIGHT, "0000-0000-0000-0000-0000-0000"]).stopped(1);
    assert!(told.contains("mfa.recovery_code_wrong"), "{told}");
    assert!(both(&folder, &sign_in, &[RIGHT, &code(&sheet.key, 1)]).done().contains("profile  =ada"));

    let first = sheet.codes[0].to_lowercase().replace('-', " ");
    let said = both(&folder, &sign_in, &[RIGHT, &first]).done();
    let new = after(&said, "New recovery code, in place of the one that was used: ").to_owned();
    let told = both(&folder, &[sign_in[0], sign_in[1], "--json"], &[RIGHT, &first]);
    assert!(told.status == 1 && told.out.contains("mfa.recovery_code_spent"), "{told:?}");
    let said = both(&folder, &[sign_in[0], sign_in[1], "--json"], &[RIGHT, &new]).done();
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["recovery_code"].as_str().unwrap().len(), new.len());
}

#[test]
fn acts_and_a_change_of_the_password_ask_for_the_second_factor_too() {
    let folder = Folder::with_engines();
    let sheet = enrol(&folder, &[RIGHT], |key| code(key, 0));
    let dismiss = ["member", "dismiss", "=engines", "bob@example.com", "--as", ADA];
    assert!(folder.typed(&dismiss, &[RIGHT]).stopped(64).contains("--code-stdin"));
    assert!(both(&folder, &dismiss, &[RIGHT, &sheet.codes[0]]).done().contains("Dismissed bob@example.com"));
    let create = ["account", "create", "Bolts", "--as", ADA];
    assert!(both(&folder, &create, &[RIGHT, &sheet.codes[1]]).done().contains("Created Bolts."));
    let change = ["change-password", ADA];
    assert!(both(&folder, &change, &[RIGHT, &sheet.codes[2], NEW]).done().contains("was changed"));
    both(&folder, &["sign-in", ADA], &[NEW, &code(&sheet.key, 1)]).done();
}

#[test]
fn a_new_sheet_voids_the_old_one_and_the_operator_resets_what_is_lost() {
    let folder = Folder::with_ada();
    let none = folder.typed(&["mfa", "codes", ADA], &[RIGHT]).stopped(1);
    assert!(none.contains("mfa.not_enrolled"), "{none}");
    let sheet = enrol(&folder, &[RIGHT], |key| code(key, 0));
    let said = both(&folder, &["mfa", "codes", ADA], &[RIGHT, &code(&sheet.key, 1)]).done();
    let renewed = after(&said, " 1. ");
    let told = both(&folder, &["sign-in", ADA], &[RIGHT, &sheet.codes[0]]).stopped(1);
    assert!(told.contains("mfa.recovery_code_wrong"), "{told}");
    both(&folder, &["sign-in", ADA], &[RIGHT, renewed]).done();

    let reset = ["mfa", "reset", ADA, "--operator", "--reason", "ticket 4711"];
    assert!(folder.run(&reset[..3], &[]).stopped(64).contains("--operator"));
    assert!(folder.run(&reset, &[]).done().contains("vestibule mfa enrol ada@example.com"));
    let told = folder.typed(&["sign-in", ADA], &[RIGHT]).stopped(1);
    assert!(told.contains("vestibule mfa enrol ada@example.com"), "{told}");
    let anew = enrol(&folder, &[RIGHT], |key| code(key, 0));
    assert_eq!(anew.codes.len(), 10);
    both(&folder, &["sign-in", ADA], &[RIGHT, &anew.codes[9]]).done();
}

#[test]
fn a_wrong_first_code_sets_nothing_up_and_a_second_app_keeps_the_sheet() {
    let folder = Folder::with_ada();
    let told = both(&folder, &["mfa", "enrol", ADA], &[RIGHT, "12345"]).stopped(1);
    assert!(told.contains("mfa.code_wrong"), "{told}");
    folder.typed(&["sign-in", ADA], &[RIGHT]).done();
    let sheet = enrol(&folder, &[RIGHT], |key| code(key, 0));
    let second = enrol(&folder, &[RIGHT, &sheet.codes[0]], |key| code(key, 0));
    assert!(second.codes.is_empty());
    both(&folder, &["sign-in", ADA], &[RIGHT, &code(&second.key, 1)]).done();
    both(&folder, &["sign-in", ADA], &[RIGHT, &sheet.codes[1]]).done();
}

#[test]
fn neither_key_nor_code_rests_in_clear() {
    let folder = Folder::with_ada();
    let sheet = enrol(&folder, &[RIGHT], |key| code(key, 0));
    let key = sheet.key.replace(' ', "");
    for (path, bytes) in folder.files() {
        for secret in [&sheet.key, &key, &sheet.codes[0], &sheet.codes[0].replace('-', "")] {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{}", path.display());
        }
    }
}

/// Another program's codes (RFC 6238): of this one, the test takes the key alone.
#[test]
fn the_codes_of_oathtool_are_right() {
    if Command::new("oathtool").arg("--version").output().is_err() {
        assert!(std::env::var_os(REQUIRE).is_none(), "{REQUIRE} is set, and there is no oathtool");
        // Past the capture of the harness, which shows nothing of tests that pass.
        let _ =
            writeln!(std::io::stderr(), "LEFT OUT: there is no oathtool (Debian: apt-get install oathtool)");
        return;
    }
    let oathtool = |key: &str, ahead: i64| {
        let when = SystemClock.now().unix_seconds() + ahead;
        let ran = Command::new("oathtool")
            .args(["--totp", "-b", key, "--now", &format!("@{when}")])
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    };
    let folder = Folder::with_ada();
    let sheet = enrol(&folder, &[RIGHT], |key| oathtool(key, 0));
    both(&folder, &["sign-in", ADA], &[RIGHT, &oathtool(&sheet.key, 30)]).done();
}

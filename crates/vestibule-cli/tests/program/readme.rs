//! The transcript of the README is what happens.

use crate::folder::{Folder, RIGHT, WRONG};

const README: &str = include_str!("../../README.md");

/// A command of the transcript, and what it prints.
struct Step<'a> {
    command: &'a str,
    printed: Vec<&'a str>,
    passwords: usize,
}

fn steps() -> Vec<Step<'static>> {
    let transcript = README.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in transcript.lines().filter(|line| !line.is_empty()) {
        if let Some(command) = line.strip_prefix("$ vestibule ") {
            steps.push(Step { command, printed: Vec::new(), passwords: 0 });
            continue;
        }
        let step = steps.last_mut().unwrap();
        if line.starts_with("Password of") || line.starts_with("New password of") {
            step.passwords += 1;
        } else if line != "The same once more:" {
            step.printed.push(line);
        }
    }
    steps
}

/// The line with a mark for what is another each time: ids, case references, fingerprints.
fn marked(line: &str) -> String {
    let mark = |word: &str| {
        let hex = word.len() >= 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let case = word.len() == 9 && word.as_bytes()[4] == b'-' && word.to_uppercase() == word;
        if hex || case { "*".to_owned() } else { word.to_owned() }
    };
    line.split(' ').map(mark).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_transcript_of_the_readme_is_what_happens() {
    let folder = Folder::empty();
    let steps = steps();
    assert!(steps.len() >= 6);
    for step in steps {
        let arguments: Vec<String> = step.command.split(' ').map(|word| word.replace('\'', "")).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let refused = step.printed[0].starts_with("Refused:");
        let ran = match step.passwords {
            0 => folder.run(&arguments, &[]),
            _ => folder.typed(&arguments, &[if refused { WRONG } else { RIGHT }]),
        };
        assert_eq!(ran.status, i32::from(refused), "{}: {ran:?}", step.command);
        let printed: Vec<String> = (ran.out + &ran.err).lines().map(marked).collect();
        let expected: Vec<String> = step.printed.iter().map(|line| marked(line)).collect();
        assert_eq!(printed, expected, "{}", step.command);
    }
}

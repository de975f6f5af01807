//! Passwords and codes: asked on the terminal, or read from standard input; never an argument, never a variable.

use std::io::{self, BufRead, IsTerminal, Read};

use vestibule::FactorAnswer;
use vestibule_core::{Secret, equal_in_constant_time};
use zeroize::Zeroizing;

use crate::stop::Stop;

/// The longest line that is read as a password or code, in bytes.
const LONGEST: u64 = 4096;

#[derive(Debug, clap::Args)]
pub(crate) struct Passwords {
    /// Reads passwords from standard input, one a line, instead of asking on the terminal.
    #[arg(long)]
    password_stdin: bool,
}

impl Passwords {
    /// A password that exists already.
    pub(crate) fn present(&self, of: &str) -> Result<Secret<String>, Stop> {
        self.ask(&format!("Password of {of}: "))
    }

    /// A password that is being chosen: on a terminal it is typed twice.
    pub(crate) fn chosen(&self, of: &str) -> Result<Secret<String>, Stop> {
        let first = self.ask(&format!("New password of {of}: "))?;
        if self.password_stdin {
            return Ok(first);
        }
        let second = self.ask("The same once more: ")?;
        let same = {
            // EXPOSE: both are compared.
            let first = first.expose();
            // EXPOSE: both are compared.
            equal_in_constant_time(first.as_bytes(), second.expose().as_bytes())
        };
        if same { Ok(first) } else { Err(Stop::No("The two are not the same. Nothing was changed.".into())) }
    }

    fn ask(&self, prompt: &str) -> Result<Secret<String>, Stop> {
        let hint = "standard input is no terminal: hand the password over with --password-stdin";
        ask(self.password_stdin, "password", prompt, hint)
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Codes {
    /// Reads codes of the second factor from standard input, where one is needed: the line after the password's. A recovery
    /// code is as good.
    #[arg(long)]
    code_stdin: bool,
}

impl Codes {
    /// The second factor of somebody whose password was right.
    pub(crate) fn present(&self, of: &str) -> Result<FactorAnswer, Stop> {
        let hint =
            "the password is right, and this person has a second factor: hand a code over with --code-stdin";
        Ok(answer(ask(self.code_stdin, "code", &format!("Code of {of}, or a recovery code: "), hint)?))
    }

    /// The first code of an app that was just set up.
    pub(crate) fn first(&self, of: &str) -> Result<Secret<String>, Stop> {
        let hint = "standard input is no terminal: hand the code over with --code-stdin";
        ask(self.code_stdin, "code", &format!("Code of {of}, as the app shows it now: "), hint)
    }
}

/// Six digits are a code; everything else is taken as a recovery code.
fn answer(typed: Secret<String>) -> FactorAnswer {
    let is_code = {
        // EXPOSE: looked at for its form only.
        let mut typed = typed.expose().chars().filter(|typed| !matches!(typed, ' ' | '-'));
        typed.by_ref().take(6).filter(char::is_ascii_digit).count() == 6 && typed.next().is_none()
    };
    if is_code { FactorAnswer::code(typed) } else { FactorAnswer::recovery_code(typed) }
}

fn ask(from_stdin: bool, what: &str, prompt: &str, hint: &str) -> Result<Secret<String>, Stop> {
    if from_stdin {
        return line(what, &mut io::stdin().lock());
    }
    if !io::stdin().is_terminal() {
        return Err(Stop::Usage(hint.into()));
    }
    rpassword::prompt_password(prompt)
        .map(Secret::new)
        .map_err(|error| Stop::broken(format!("the {what} could not be read"), error))
}

/// One line, without its end. Its buffer never grows, so no copy is left behind.
fn line(what: &str, input: &mut impl BufRead) -> Result<Secret<String>, Stop> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(LONGEST).unwrap_or(4096) + 2));
    let read = input
        .take(LONGEST + 2)
        .read_until(b'\n', &mut bytes)
        .map_err(|error| Stop::broken("standard input could not be read", error))?;
    if read == 0 {
        return Err(Stop::Usage(format!("standard input has ended: a line with the {what} was expected")));
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(Stop::Usage(format!("a {what} has at most {LONGEST} bytes")));
    }
    String::from_utf8(core::mem::take(&mut *bytes)).map(Secret::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        Stop::Usage(format!("the {what} is not UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<Result<String, String>> {
        let mut rest = input;
        let mut lines = Vec::new();
        while !rest.is_empty() {
            let line = line("password", &mut rest).map(|secret| {
                // EXPOSE: tests look at it.
                secret.expose().clone()
            });
            lines.push(line.map_err(|stop| stop.to_string()));
        }
        lines
    }

    #[test]
    fn each_line_is_a_password_and_blanks_at_its_ends_count() {
        assert_eq!(read(b" a b \nc\r\nd"), [Ok(" a b ".into()), Ok("c".into()), Ok("d".into())]);
        assert_eq!(read(b"\n"), [Ok(String::new())]);
    }

    #[test]
    fn six_digits_are_a_code_and_everything_else_is_a_recovery_code() {
        for (typed, is_code) in [
            ("287082", true),
            ("287 082", true),
            ("28708", false),
            ("2870821", false),
            ("28708x", false),
            ("", false),
            ("0123-4567-89AB-CDEF-GHJK-MNPQ", false),
        ] {
            let answer = answer(Secret::new(typed.to_owned()));
            assert_eq!(answer.kind() == "totp", is_code, "{typed}");
        }
    }

    #[test]
    fn what_is_no_password_is_refused_without_being_shown() {
        let bad = read(b"caf\xe9").remove(0).unwrap_err();
        assert!(bad.contains("UTF-8") && !bad.contains("caf"));
        assert!(read(&[b'x'; 5000]).remove(0).unwrap_err().contains("4096"));
        assert!(line("password", &mut &b""[..]).unwrap_err().to_string().contains("has ended"));
    }
}

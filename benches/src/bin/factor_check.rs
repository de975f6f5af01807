//! Is a second factor right? What the check costs without the store; see the README.

#![expect(clippy::print_stdout, reason = "the figures are for standard output")]
#![expect(clippy::print_stderr, reason = "progress, and why there is no figure, is for standard error")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use vestibule_benches::Unmeasured;
use vestibule_benches::arguments::Numbers;
use vestibule_benches::process::timed;
use vestibule_benches::stats::Spread;
use vestibule_core::{
    BatchId, Failure, KeyId, KeyPurpose, KeyRing, Secret, SubjectId, SystemEntropy, Timestamp,
};
use vestibule_mfa::decide::{Stored, begin, confirm, redeem, verify};
use vestibule_mfa::{
    Authenticator, AuthenticatorName, CodeRow, MfaWrite, Parameters, PendingEnrolment, Problem, RecoveryCode,
    Tries, TypedCode, code_at, take,
};

const HELP: &str = "\
Is a second factor right? The check of a code (secret unsealed, three steps compared) and of a recovery code (digests of ten
compared, a new one made), without the store, one thread.

Usage: factor_check [--checks N] [--rounds N]

  --checks N   checks a round (default 20000)
  --rounds N   rounds (default 9)
";

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

fn main() -> ExitCode {
    let numbers = match Numbers::parse(HELP, &[("--checks", 20_000), ("--rounds", 9)]) {
        Ok(Some(numbers)) => numbers,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("factor_check: {error}");
            return ExitCode::from(2);
        }
    };
    match measure(numbers.at(0), numbers.at(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("factor_check: not measured: {error}");
            ExitCode::from(2)
        }
    }
}

/// Somebody with one authenticator and ten recovery codes.
struct Person {
    ring: KeyRing,
    subject: SubjectId,
    authenticators: Vec<Authenticator>,
    codes: Vec<CodeRow>,
    typed: TypedCode,
    recovery: Vec<RecoveryCode>,
}

fn measure(checks: usize, rounds: usize) -> Result<(), Unmeasured> {
    let person = Person::new().map_err(|failure| Unmeasured::because(format!("{failure:?}")))?;
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / checks as f64;
    let (mut by_code, mut by_recovery) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 1..=rounds {
        let code = each(timed(|| person.check_codes(checks))?);
        let recovery = each(timed(|| person.check_recovery_codes(checks))?);
        println!("round {round}: a code {code:.2} us, a recovery code {recovery:.2} us");
        by_code.push(code);
        by_recovery.push(recovery);
    }
    for (what, aim, spent) in [("code", 1, by_code), ("recovery code", 2, by_recovery)] {
        let spent = Spread::of(spent).ok_or_else(|| Unmeasured::because("no round was run"))?;
        println!(
            "a {what}, microseconds: {:.2} [{:.2}..{:.2}] (aim at most {aim})",
            spent.median, spent.least, spent.most
        );
    }
    Ok(())
}

impl Person {
    fn new() -> Result<Self, Failure<Problem>> {
        let key = |text| KeyId::parse(text).map_err(|_| Failure::Refused(Problem::Gone));
        let id = key("b1")?;
        let ring = [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal]
            .into_iter()
            .fold(KeyRing::builder(), |ring, purpose| ring.current(purpose, id, Secret::new([7; 32])))
            .build()
            .map_err(|_| Failure::Refused(Problem::Gone))?;
        let subject = SubjectId::from(1);
        let name = AuthenticatorName::parse("phone").map_err(|_| Failure::Refused(Problem::Gone))?;
        let batch = BatchId::from_bytes([1; 16]);
        let none = Stored { subject, authenticators: &[], codes: &[], tries: None };
        let begun = begin(&ring, &SystemEntropy, none, &name, (batch, NOW))?;
        let secret = secret_of(&begun.pending);
        let MfaWrite::PutAuthenticator { row, .. } = begun.write else {
            return Err(Failure::Refused(Problem::Gone));
        };
        let pending = [row];
        let stored = Stored { authenticators: &pending, ..none };
        let earlier = NOW.minus(Duration::from_secs(60));
        let typed = |at| -> Result<TypedCode, Failure<Problem>> {
            let parameters = Parameters::default();
            let code = code_at(parameters, &secret, parameters.step_at(at))?;
            TypedCode::parse(&code).ok_or(Failure::Refused(Problem::Wrong))
        };
        let confirmed =
            confirm(&ring, &SystemEntropy, stored, (begun.pending.id(), &typed(earlier)?), (batch, earlier))?;
        let (mut authenticators, mut codes) = (Vec::new(), Vec::new());
        for write in confirmed.writes {
            match write {
                MfaWrite::PutAuthenticator { row, .. } => authenticators.push(row),
                MfaWrite::PutCode { row, .. } => codes.push(row),
                _ => {}
            }
        }
        let sheet = confirmed.sheet.ok_or(Failure::Refused(Problem::Gone))?;
        let read = |code: &RecoveryCode| RecoveryCode::parse(&code.render());
        let recovery = sheet.codes().iter().filter_map(read).collect();
        Ok(Self { subject, authenticators, codes, typed: typed(NOW)?, recovery, ring })
    }

    fn check_codes(&self, checks: usize) -> Result<(), Unmeasured> {
        for _ in 0..checks {
            let none: Option<&Tries> = None;
            let (taken, _) = take(self.subject, none, NOW).map_err(|_| Unmeasured::because("stopped"))?;
            let right = verify(&self.ring, &SystemEntropy, &self.authenticators, &self.typed, taken, NOW);
            let _ = black_box(right.map_err(|_| Unmeasured::because("a right code was refused"))?);
        }
        Ok(())
    }

    fn check_recovery_codes(&self, checks: usize) -> Result<(), Unmeasured> {
        let stored = Stored {
            subject: self.subject,
            authenticators: &self.authenticators,
            codes: &self.codes,
            tries: None,
        };
        let batch = BatchId::from_bytes([2; 16]);
        for code in self.recovery.iter().cycle().take(checks) {
            let right = redeem(&self.ring, &SystemEntropy, stored, code, (batch, NOW));
            let _ = black_box(right.map_err(|_| Unmeasured::because("a right recovery code was refused"))?);
        }
        Ok(())
    }
}

/// The secret as an app would hold it: base 32 of the manual key.
fn secret_of(pending: &PendingEnrolment) -> Secret<Vec<u8>> {
    let key = pending.manual_key();
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    // EXPOSE: the app's part is played here.
    for digit in key.expose().bytes().filter(u8::is_ascii_alphanumeric) {
        let value = if digit.is_ascii_digit() { digit - b'2' + 26 } else { digit - b'A' };
        bits = (bits << 5) | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 255).unwrap_or(0));
        }
    }
    Secret::new(bytes)
}

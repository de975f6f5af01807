//! Does the time of a refused sign-in tell whether the login exists? See the README.

#![expect(clippy::print_stdout, reason = "the figures are for standard output")]
#![expect(clippy::print_stderr, reason = "progress, and why there is no figure, is for standard error")]

use std::process::ExitCode;
use std::time::Duration;

use vestibule::SignInRequest;
use vestibule_benches::Unmeasured;
use vestibule_benches::arguments::Numbers;
use vestibule_benches::deployment::{Deployment, block_on, login};
use vestibule_benches::process::timed;
use vestibule_benches::stats::{Spread, welch_t};
use vestibule_sqlite::{Options, Synchronous};

const HELP: &str = "\
Does the time of a refused sign-in tell whether the login exists? Pairs of tries with a wrong password, one at somebody's login and
one at nobody's, in an order that changes; and the same with a leak that must be found: somebody's costs one more read.

Usage: sign_in_timing [--pairs N]

  --pairs N   pairs of each kind; every login is tried once (default 4000)
";

/// Beyond it two classes count as told apart.
const TOLD_APART: f64 = 4.5;

fn main() -> ExitCode {
    let numbers = match Numbers::parse(HELP, &[("--pairs", 4000)]) {
        Ok(Some(numbers)) => numbers,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("sign_in_timing: {error}");
            return ExitCode::from(2);
        }
    };
    match measure(numbers.at(0)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sign_in_timing: not measured: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure(pairs: usize) -> Result<(), Unmeasured> {
    eprintln!("{} people sign in", 2 * pairs);
    // Nothing waits for a disk, whose noise would hide what is looked for.
    let deployment = Deployment::on(Options::new().synchronous(Synchronous::Normal), 2 * pairs)?;
    let first = compare(&deployment, 0, pairs, Leak::None)?;
    let again = compare(&deployment, 0, pairs, Leak::None)?;
    let _ = compare(&deployment, pairs, pairs, Leak::None)?;
    let leaky = compare(&deployment, pairs, pairs, Leak::OneRead)?;
    println!("the first try at somebody's and at nobody's login: {first}");
    println!("the second: {again}");
    println!("the second with one more read for somebody's, the control: {leaky}");
    if leaky.t.abs() <= TOLD_APART {
        return Err(Unmeasured::because(
            "the control was not told apart: this run could not have found a leak",
        ));
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leak {
    None,
    OneRead,
}

struct Compared {
    difference: Spread,
    t: f64,
}

impl core::fmt::Display for Compared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Spread { median, least, most, .. } = self.difference;
        let verdict = if self.t.abs() > TOLD_APART { "told apart" } else { "not told apart" };
        write!(
            f,
            "{median:+.2} us [{least:+.0}..{most:+.0}], t = {:.1}: {verdict} (bound {TOLD_APART})",
            self.t
        )
    }
}

fn compare(deployment: &Deployment, from: usize, pairs: usize, leak: Leak) -> Result<Compared, Unmeasured> {
    let (mut theirs, mut nobodys) = (Vec::with_capacity(pairs), Vec::with_capacity(pairs));
    for number in from..from + pairs {
        let somebody = || {
            if leak == Leak::OneRead {
                let token = deployment.tokens.get(number).ok_or_else(|| Unmeasured::because("no token"))?;
                if block_on(deployment.vestibule.authenticate(token)).is_err() {
                    return Err(Unmeasured::because("a session was not good"));
                }
            }
            refused(deployment, login(number))
        };
        // As long as somebody's: people have the lower numbers.
        let nobody = || refused(deployment, login(number).replace("person", "nobody"));
        let micros = |spent: Duration| spent.as_secs_f64() * 1e6;
        let first = number.wrapping_mul(2_654_435_761) >> 7 & 1 == 0;
        let (somebodys, none) = if first {
            let somebodys = timed(somebody)?;
            (somebodys, timed(nobody)?)
        } else {
            let none = timed(nobody)?;
            (timed(somebody)?, none)
        };
        theirs.push(micros(somebodys));
        nobodys.push(micros(none));
    }
    let differences = theirs.iter().zip(&nobodys).map(|(theirs, nobodys)| theirs - nobodys);
    let nothing = || Unmeasured::because("too few pairs");
    Ok(Compared {
        difference: Spread::of_most(differences).ok_or_else(nothing)?,
        t: welch_t(&theirs, &nobodys).ok_or_else(nothing)?,
    })
}

fn refused(deployment: &Deployment, login: String) -> Result<(), Unmeasured> {
    match block_on(deployment.vestibule.sign_in(SignInRequest::new(login, "a mule that counts to seven"))) {
        Err(failure)
            if failure.refused().is_some_and(|refusal| refusal.public().code == "sign_in.try_again") =>
        {
            Ok(())
        }
        _ => Err(Unmeasured::because("a wrong password was answered otherwise")),
    }
}

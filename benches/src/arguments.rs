//! Command lines of numbers: `--people 2000 --rounds 9`.

use crate::Unmeasured;

/// The numbers of a command line, in the order in which they were declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers(Vec<usize>);

impl Numbers {
    /// Reads this process's arguments: each flag with its default. `None`: help was asked for.
    ///
    /// # Errors
    ///
    /// [`Unmeasured`] for anything else, with the help.
    pub fn parse(help: &str, flags: &[(&str, usize)]) -> Result<Option<Self>, Unmeasured> {
        Self::of(help, flags, std::env::args().skip(1))
    }

    fn of(
        help: &str,
        flags: &[(&str, usize)],
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, Unmeasured> {
        let mut numbers: Vec<usize> = flags.iter().map(|(_, default)| *default).collect();
        while let Some(argument) = arguments.next() {
            if argument == "--help" || argument == "-h" {
                return Ok(None);
            }
            let at = flags.iter().position(|(flag, _)| *flag == argument);
            let number = arguments.next().and_then(|number| number.parse().ok()).filter(|&number| number > 0);
            match (at.and_then(|at| numbers.get_mut(at)), number) {
                (Some(place), Some(number)) => *place = number,
                _ => return Err(Unmeasured::because(format!("`{argument}` is not understood\n\n{help}"))),
            }
        }
        Ok(Some(Self(numbers)))
    }

    /// The number that was declared at this place; zero beyond them.
    #[must_use]
    pub fn at(&self, place: usize) -> usize {
        self.0.get(place).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str]) -> Result<Option<Numbers>, Unmeasured> {
        let arguments = arguments.iter().map(|&argument| argument.to_owned());
        Numbers::of("help", &[("--people", 7), ("--rounds", 3)], arguments)
    }

    #[test]
    fn flags_stand_in_for_their_defaults() {
        let numbers = of(&["--rounds", "5"]).unwrap().unwrap();
        assert_eq!((numbers.at(0), numbers.at(1), numbers.at(2)), (7, 5, 0));
        assert_eq!(of(&["--help"]).unwrap(), None);
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in [&["--rounds"][..], &["--rounds", "x"], &["--rounds", "0"], &["--people", "-1"], &["5"]]
        {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}

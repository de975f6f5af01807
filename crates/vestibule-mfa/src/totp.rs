//! Codes from a secret and the time (RFC 6238, over RFC 4226).

use totp_rs::Builder;
use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{CorruptRow, Error, ErrorKind, Secret, Timestamp, equal_in_constant_time};

/// How many steps before and after the present one a code may be of.
pub const WINDOW: u64 = 1;

/// How many steps before and after the present one are searched, without accepting, for a clock that is wrong.
pub const SKEW: u64 = 20;

/// The hash behind the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6238 has these three; stores match on it")]
pub enum Algorithm {
    /// SHA-1, which every authenticator app can compute. HMAC does not rest on its collision resistance.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Its name in an `otpauth` URI.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// How the codes of an authenticator are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameters {
    algorithm: Algorithm,
    digits: u8,
    period: u16,
}

/// What every authenticator app can do: SHA-1, 6 digits, 30 seconds.
impl Default for Parameters {
    fn default() -> Self {
        Self { algorithm: Algorithm::Sha1, digits: 6, period: 30 }
    }
}

impl Parameters {
    /// Parameters as they rest in a store.
    ///
    /// # Errors
    ///
    /// [`CorruptRow`] unless there are 6 to 8 digits and a step of 15 to 120 seconds.
    pub fn from_stored(algorithm: Algorithm, digits: u8, period: u16) -> Result<Self, CorruptRow> {
        if !(6..=8).contains(&digits) {
            return Err(CorruptRow("digits"));
        }
        if !(15..=120).contains(&period) {
            return Err(CorruptRow("period"));
        }
        Ok(Self { algorithm, digits, period })
    }

    /// The hash.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How many digits a code has.
    #[must_use]
    pub const fn digits(&self) -> u8 {
        self.digits
    }

    /// How many seconds a step lasts.
    #[must_use]
    pub const fn period(&self) -> u16 {
        self.period
    }

    /// The step that holds an instant; before 1970 it is the first.
    #[must_use]
    pub fn step_at(&self, now: Timestamp) -> u64 {
        u64::try_from(now.unix_seconds()).unwrap_or(0) / u64::from(self.period.max(1))
    }

    pub(crate) fn write(self, row: RecordWriter) -> RecordWriter {
        let algorithm = match self.algorithm {
            Algorithm::Sha1 => 1,
            Algorithm::Sha256 => 2,
            Algorithm::Sha512 => 3,
        };
        row.u8(algorithm).u8(self.digits).u64(self.period.into())
    }

    pub(crate) fn read(row: &mut RecordReader<'_>) -> Result<Self, CorruptRow> {
        let algorithm = match row.u8("algorithm")? {
            1 => Algorithm::Sha1,
            2 => Algorithm::Sha256,
            3 => Algorithm::Sha512,
            _ => return Err(CorruptRow("algorithm")),
        };
        let digits = row.u8("digits")?;
        let period = u16::try_from(row.u64("period")?).map_err(|_| CorruptRow("period"))?;
        Self::from_stored(algorithm, digits, period)
    }
}

/// A code as it was typed, brought into its one spelling: ASCII digits.
pub struct TypedCode(Secret<String>);

impl core::fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TypedCode(..)")
    }
}

impl TypedCode {
    /// Reads what was typed; blanks and dashes between the digits do not count. `None`: anything else stands in it, or
    /// there are not 6 to 8 digits.
    #[must_use]
    pub fn parse(typed: &Secret<String>) -> Option<Self> {
        let mut digits = String::with_capacity(8);
        // EXPOSE: read into the one spelling, which is wiped with the code.
        for typed in typed.expose().chars().filter(|typed| !matches!(typed, ' ' | '-')) {
            if !typed.is_ascii_digit() || digits.len() == 8 {
                return None;
            }
            digits.push(typed);
        }
        (digits.len() >= 6).then(|| Self(Secret::new(digits)))
    }

    /// Whether it has as many digits as such codes have.
    #[must_use]
    pub fn fits(&self, parameters: Parameters) -> bool {
        // EXPOSE: its length only.
        self.0.expose().len() == usize::from(parameters.digits)
    }
}

/// The code of a step, with leading zeros.
///
/// # Errors
///
/// [`ErrorKind::Corrupt`] for a secret under 128 bits (RFC 4226, R6).
pub fn code_at(parameters: Parameters, secret: &Secret<Vec<u8>>, step: u64) -> Result<Secret<String>, Error> {
    Ok(Codes::new(parameters, secret)?.at(step))
}

/// The codes of one secret.
pub(crate) struct Codes(totp_rs::Totp);

impl Codes {
    pub(crate) fn new(parameters: Parameters, secret: &Secret<Vec<u8>>) -> Result<Self, Error> {
        let algorithm = match parameters.algorithm {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        };
        // A step of one second: what is passed as the time is the step itself, and nothing is multiplied.
        Builder::new()
            .with_algorithm(algorithm)
            .with_digits(parameters.digits)
            .with_step_duration(1)
            // EXPOSE: the copy is wiped when it is dropped.
            .with_secret(totp_rs::Secret::new(secret.expose().clone().into_boxed_slice()))
            .build()
            .map(Self)
            // The library's error can carry what it was given: it goes no further.
            .map_err(|_| Error::from(ErrorKind::Corrupt))
    }

    pub(crate) fn at(&self, step: u64) -> Secret<String> {
        Secret::new(self.0.generate(step).to_string())
    }

    /// The newest step within `reach` of `around` whose code it is. Every step is compared, however early one matches
    /// (ATK-B9).
    pub(crate) fn find(&self, code: &TypedCode, around: u64, reach: u64) -> Option<u64> {
        let steps = around.saturating_sub(reach)..=around.saturating_add(reach);
        let mut found = None;
        for step in steps {
            // EXPOSE: compared in constant time.
            if equal_in_constant_time(self.at(step).expose().as_bytes(), code.0.expose().as_bytes()) {
                found = Some(step);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn typed(text: &str) -> Option<TypedCode> {
        TypedCode::parse(&Secret::new(text.to_owned()))
    }

    #[test]
    fn only_ascii_digits_of_the_right_number_are_a_code() {
        for good in ["123456", "123 456", " 123-456 ", "000000"] {
            assert!(typed(good).unwrap().fits(Parameters::default()), "{good}");
        }
        for bad in [
            "",
            "12345",
            "123456789",
            "12345a",
            "\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}",
            "\u{661}23456",
            "+12345",
            "1234.6",
            "123456\n",
        ] {
            assert!(typed(bad).is_none(), "{bad}");
        }
        assert!(!typed("1234567").unwrap().fits(Parameters::default()));
    }

    #[test]
    fn the_window_ends_one_step_on_either_side() {
        let secret = Secret::new(vec![7; 20]);
        let codes = Codes::new(Parameters::default(), &secret).unwrap();
        for (step, inside) in [(998, false), (999, true), (1000, true), (1001, true), (1002, false)] {
            // EXPOSE: the test types it.
            let code = typed(codes.at(step).expose()).unwrap();
            assert_eq!(codes.find(&code, 1000, WINDOW), inside.then_some(step));
        }
    }

    #[test]
    fn a_short_secret_computes_nothing() {
        let short = Secret::new(vec![7; 15]);
        assert_eq!(code_at(Parameters::default(), &short, 1).unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn an_instant_before_the_epoch_is_in_the_first_step() {
        assert_eq!(Parameters::default().step_at(Timestamp::from_unix_seconds(-1)), 0);
        assert_eq!(Parameters::default().step_at(Timestamp::from_unix_seconds(59)), 1);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = typed(&text);
        }
    }
}

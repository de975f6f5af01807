//! The app on somebody's phone: it scans what an enrolling person is shown, and tells codes.

use vestibule_core::{Secret, Timestamp};
use vestibule_mfa::{AuthenticatorId, Parameters, PendingEnrolment, code_at};

/// An app that holds the secret of an authenticator.
pub(crate) struct App {
    pub(crate) id: AuthenticatorId,
    secret: Secret<Vec<u8>>,
}

impl App {
    /// Scans what an enrolling person is shown.
    pub(crate) fn scan(begun: &PendingEnrolment) -> Self {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let key = begun.manual_key();
        let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
        // EXPOSE: what a person types into the app.
        for typed in key.expose().bytes().filter(|byte| *byte != b' ') {
            bits = bits << 5 | u32::try_from(ALPHABET.iter().position(|one| *one == typed).unwrap()).unwrap();
            held += 5;
            if held >= 8 {
                held -= 8;
                bytes.push(u8::try_from(bits >> held & 255).unwrap());
            }
        }
        Self { id: begun.id(), secret: Secret::new(bytes) }
    }

    #[allow(dead_code, reason = "some tests look for it where it must not be")]
    pub(crate) fn secret_bytes(&self) -> Vec<u8> {
        // EXPOSE: a test looks for it where it must not be.
        self.secret.expose().clone()
    }

    /// The code of a moment, some steps later or earlier.
    pub(crate) fn code(&self, now: Timestamp, steps: i64) -> Secret<String> {
        let step = Parameters::default().step_at(now).checked_add_signed(steps).unwrap();
        code_at(Parameters::default(), &self.secret, step).unwrap()
    }
}

//! Phones (R2). What the owner of a mailbox reads in a message, the owner of a number reads on the page, once they have typed
//! the code that the number was sent: the code proves the number as a link proves a mailbox, and the truth about an address is
//! its owner's. Where a mailbox would have got a link, the page gets the same link then, and goes on with it in the same way;
//! where there is none, it is refused with the reason.

mod ask;
mod bound;
mod confirm;
mod typed;

pub(crate) use ask::CodeFor;
pub(crate) use typed::Typed;

use core::num::NonZeroU32;

use vestibule_core::{Identifier, Secret};

/// That codes go to phones, to which, and how many. Without it no number is sent anything that was asked for
/// (`recovery.kind_not_offered`).
///
/// Codes cost money, and some numbers pay whoever asks for them. So the whole realm has a budget, one client may ask for ten codes in an
/// hour and type fifteen, and numbers can be taken from some countries alone.
///
/// ```
/// use vestibule::PhoneCodes;
///
/// let codes = PhoneCodes::default().only_to(&["+41", "+4175"]);
/// # let _ = codes;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneCodes {
    pub(crate) per_hour: NonZeroU32,
    only_to: Vec<String>,
}

impl Default for PhoneCodes {
    fn default() -> Self {
        Self { per_hour: NonZeroU32::MIN.saturating_add(599), only_to: Vec::new() }
    }
}

impl PhoneCodes {
    /// At most so many codes in an hour, in the whole realm: 600 unless it is said.
    #[must_use]
    pub const fn per_hour(mut self, codes: NonZeroU32) -> Self {
        self.per_hour = codes;
        self
    }

    /// Only to numbers that begin so, in the form of E.164: `+41`. To all, unless it is said.
    #[must_use]
    pub fn only_to(mut self, prefixes: &[&str]) -> Self {
        self.only_to = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
        self
    }

    pub(crate) fn reach(&self, number: &Identifier) -> bool {
        self.only_to.is_empty() || self.only_to.iter().any(|prefix| number.canonical().starts_with(prefix))
    }
}

/// A code is on its way to a number, or was sent there a short time ago; or the number is nobody's, and the page says the same.
#[derive(Debug)]
#[non_exhaustive]
pub struct CodeSent {
    /// The page keeps it, in a form field or a cookie: it names the code when that is typed, and is worth nothing without it.
    pub ticket: Secret<String>,
    /// The number, for the page, as its owner would recognise it: `+1***01`.
    pub number: String,
}

/// What a page says once something was asked for an address, whatever is true of it.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a page that overlooks one would leave people waiting")]
pub enum Sent {
    /// "We sent a code to that number", with a field for it. Codes are six digits, and last ten minutes.
    Code(CodeSent),
    /// "We sent a message to that address."
    Message,
}

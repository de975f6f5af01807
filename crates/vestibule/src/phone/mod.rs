//! Phones (R2). What the owner of a mailbox reads in a message, the owner of a number reads on the page, once they have typed
//! the code that the number was sent: the code proves the number as a link proves a mailbox, and the truth about an address is
//! its owner's. Where a mailbox would have got a link, the page gets the same link then, and goes on with it in the same way;
//! where there is none, it is refused with the reason.

mod ask;
mod bound;
mod confirm;

pub(crate) use ask::CodeFor;
pub(crate) use confirm::Typed;

use core::num::NonZeroU32;

use vestibule_core::Secret;

/// That codes go to phones, and how many. Without it no number is sent anything that was asked for
/// (`recovery.kind_not_offered`).
///
/// Codes cost money, and some numbers pay whoever asks for them: the whole realm has a budget, and one client may ask for ten in an
/// hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneCodes {
    pub(crate) per_hour: NonZeroU32,
}

impl Default for PhoneCodes {
    fn default() -> Self {
        Self { per_hour: NonZeroU32::MIN.saturating_add(599) }
    }
}

impl PhoneCodes {
    /// At most so many requests for codes in an hour, in the whole realm: 600 unless it is said.
    #[must_use]
    pub const fn per_hour(mut self, requests: NonZeroU32) -> Self {
        self.per_hour = requests;
        self
    }
}

/// What a page says once something was asked for an address, whatever is true of it.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a page that overlooks one would leave people waiting")]
pub enum Sent {
    /// "We sent a code to that number", with a field for it. The page keeps this ticket, in a form field or a cookie: it names the
    /// code when that is typed, and is worth nothing without it. Codes are six digits, and last ten minutes.
    Code(Secret<String>),
    /// "We sent a message to that address."
    Message,
}

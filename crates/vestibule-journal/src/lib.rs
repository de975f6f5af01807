#![doc = include_str!("../README.md")]

mod case;
mod code;
mod draft;
mod event;
mod field;
mod kind;
mod kv;
mod message;
mod personal;
mod row;
mod store;
#[cfg(test)]
mod testing;
mod write;

pub use case::{Case, CaseOf, MAX_CASES, RefusedBy, fold};
pub use code::{Code, CodeError};
pub use draft::Draft;
pub use event::{Event, EventActor};
pub use field::{FieldError, encode_text};
pub use kind::EventKind;
pub use message::{Contents, Letter, Message, MessageState, derive_slot, open_message, seal_message};
pub use personal::{Personal, PersonalError};
pub use store::{JournalRead, dynamic};
pub use write::{JournalGuard, JournalWrite};

//! The messages of a change of logins. Each has a slot that no stranger's request takes: those that only the person asks for
//! have one per person, what an address that leaves is told has one per address.

use vestibule_core::{Error, Identifier, Secret, SubjectId, Timestamp};

use crate::mailbox::write;
use crate::notice::{Notice, NoticeKind};
use crate::outbox::Outgoing;
use crate::vestibule::Inner;
use crate::writes::AnyWrite;

/// Whose slot a message takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot<'a> {
    /// The confirmation that a person asked for: one at a time, as there is one pending change.
    Change(&'a SubjectId),
    /// The way to give an address free at once.
    Release(&'a SubjectId),
    /// What an address that leaves is told.
    Leaving,
}

/// A message, or the blank that takes its place.
pub(super) struct LoginLetter<'a> {
    pub(super) slot: Slot<'a>,
    pub(super) to: &'a Identifier,
    pub(super) kind: NoticeKind,
    /// The first instant at which the link is refused; also of a link that is not told.
    pub(super) until: Option<Timestamp>,
    pub(super) link: Option<&'a Secret<String>>,
    /// Whether it is not sent.
    pub(super) blank: bool,
    pub(super) language: Option<String>,
    pub(super) at: Timestamp,
}

impl Inner {
    pub(super) fn login_letter(&self, letter: LoginLetter<'_>) -> Result<AnyWrite, Error> {
        let key = letter.to.key();
        let slot = match letter.slot {
            Slot::Change(subject) => ("mailbox.login_change", subject.as_bytes()),
            Slot::Release(subject) => ("mailbox.login_release", subject.as_bytes()),
            Slot::Leaving => ("mailbox.login_leaving", key.as_bytes().as_slice()),
        };
        let mut notice = Notice::new(letter.kind, letter.at);
        notice.until = letter.until;
        self.queue(Outgoing {
            slot,
            to: letter.to,
            kind: letter.kind,
            payload: write(&notice, letter.link),
            suppressed: letter.blank,
            language: letter.language,
            at: letter.at,
        })
    }

    /// The writes that blank what waits of a person's changes: what makes their links worthless lets none be sent. `to` is
    /// anybody's address; nobody is written to.
    pub(crate) fn withdraw_login_letters(
        &self,
        subject: &SubjectId,
        to: &Identifier,
        at: Timestamp,
    ) -> Result<[AnyWrite; 2], Error> {
        Ok([self.blank(Slot::Change(subject), to, at)?, self.blank(Slot::Release(subject), to, at)?])
    }

    /// The same of the change alone.
    pub(crate) fn withdraw_change(
        &self,
        subject: &SubjectId,
        to: &Identifier,
        at: Timestamp,
    ) -> Result<AnyWrite, Error> {
        self.blank(Slot::Change(subject), to, at)
    }

    fn blank(&self, slot: Slot<'_>, to: &Identifier, at: Timestamp) -> Result<AnyWrite, Error> {
        let kind = NoticeKind::NobodyHere; // said to nobody
        self.login_letter(LoginLetter {
            slot,
            to,
            kind,
            until: None,
            link: None,
            blank: true,
            language: None,
            at,
        })
    }
}

//! What the owner of a mailbox is told about that address, in one slot per address: never two answers, never an older link
//! after a newer one.

use vestibule_core::kv::RecordReader;
use vestibule_core::{CorruptRow, Error, Identifier, Secret, SubjectId, Timestamp};
use vestibule_journal::Code;
use vestibule_profiles::{ProfileIdentifier, ProfilesRead};

use crate::notice::{Notice, NoticeKind, WaitingMessage};
use crate::outbox::Outgoing;
use crate::vestibule::{Inner, Vestibule};
use crate::writes::AnyWrite;

/// Every answer to a mailbox is sealed at this length, link or none, sent or suppressed (PR-6).
const PADDED: usize = 320;

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Spacing, cap or policy keep it from being sent. It has a slot of its own, so that one that waits still goes out.
    KeptBack,
    /// It waits to be sent, in place of any that waited.
    Waits,
    /// It is not sent, and takes the place of what waited: a blank.
    Withdraws,
}

/// An answer to the owner of an address.
pub(crate) struct Answer<'a> {
    pub(crate) to: &'a Identifier,
    pub(crate) kind: NoticeKind,
    /// The link, and the first instant at which it is refused.
    pub(crate) link: Option<(&'a Secret<String>, Timestamp)>,
    pub(crate) fate: Fate,
    pub(crate) language: Option<String>,
    pub(crate) at: Timestamp,
}

impl Vestibule {
    /// The page that a message's link leads to: the base URL, the link's purpose as path, and the link itself as fragment,
    /// which no server is sent (ASVS 14.2.1). `None` for a message without a link, or without base URLs.
    #[must_use]
    pub fn address_of(&self, message: &WaitingMessage) -> Option<Secret<String>> {
        let (base, link) = (self.links()?, message.link.as_ref()?);
        let page = match message.notice.kind {
            NoticeKind::ConnectLink => "connect-address",
            NoticeKind::FactorResetBegun | NoticeKind::FactorResetWaits => "keep-factor",
            NoticeKind::FactorResetLink => "reset-factor",
            NoticeKind::FirstPasswordLink => "set-first-password",
            NoticeKind::LoginChangeLink => "login",
            NoticeKind::LoginLeaves => "freeze",
            NoticeKind::LoginReleaseLink => "release-login",
            NoticeKind::SignUpLink => "sign-up",
            _ => "recovery",
        };
        // EXPOSE: becomes part of what the message says to the owner of the mailbox.
        Some(Secret::new(format!("{base}/{page}#{}", link.expose())))
    }
}

impl Inner {
    /// The write that answers the owner of a mailbox.
    pub(crate) fn answer(&self, answer: Answer<'_>) -> Result<AnyWrite, Error> {
        let mut notice = Notice::new(answer.kind, answer.at);
        notice.until = answer.link.map(|(_, until)| until);
        let slot = match answer.fate {
            Fate::KeptBack => "mailbox.suppressed",
            Fate::Waits | Fate::Withdraws => "mailbox.answer",
        };
        self.queue(Outgoing {
            slot: (slot, answer.to.key().as_bytes()),
            to: answer.to,
            kind: answer.kind,
            payload: write(&notice, answer.link.map(|(link, _)| link)),
            suppressed: answer.fate != Fate::Waits,
            language: answer.language,
            at: answer.at,
        })
    }

    /// The writes that wipe whatever waits for a person's addresses: what makes their links worthless lets none be sent.
    pub(crate) async fn withdrawals(
        &self,
        subject: SubjectId,
        at: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let own = self.store.identifiers(subject).await?;
        let mut writes = self.withdraw_answers(&own, at)?;
        if let Some(own) = own.first() {
            writes.extend(self.withdraw_login_letters(&subject, &own.identifier, at)?);
        }
        Ok(writes)
    }

    /// The same of the answers to a recovery alone.
    pub(crate) fn withdraw_answers(
        &self,
        own: &[ProfileIdentifier],
        at: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let told = own.iter().filter(|own| own.verified_at.is_some() && !own.is_social());
        told.map(|own| self.withdraw(&own.identifier, at)).collect()
    }

    /// The write that wipes whatever waits for the owner of a mailbox: a link that was used or made worthless is sent no
    /// more.
    pub(crate) fn withdraw(&self, to: &Identifier, at: Timestamp) -> Result<AnyWrite, Error> {
        let kind = NoticeKind::NobodyHere; // said to nobody
        self.answer(Answer { to, kind, link: None, fate: Fate::Withdraws, language: None, at })
    }
}

/// The notice, the link or as many blanks, and blanks up to one length for all; in one allocation, so that no unwiped copy
/// stays behind.
pub(crate) fn write(notice: &Notice, link: Option<&Secret<String>>) -> Secret<Vec<u8>> {
    let notice = notice.encode();
    let mut plain = Vec::with_capacity(PADDED);
    plain.push(2);
    // EXPOSE: sealed in the next step.
    for part in [notice.as_slice(), link.map_or(&[][..], |link| link.expose().as_bytes())] {
        plain.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        plain.extend_from_slice(part);
    }
    let rest = PADDED.saturating_sub(plain.len() + 4);
    plain.extend_from_slice(&u32::try_from(rest).unwrap_or(u32::MAX).to_be_bytes());
    plain.resize(plain.len() + rest, b' ');
    Secret::new(plain)
}

/// What a message says: a plain notice, or an answer to a mailbox with its link.
pub(crate) fn read(
    purpose: &Code,
    payload: &Secret<Vec<u8>>,
) -> Result<(Notice, Option<Secret<String>>), CorruptRow> {
    // EXPOSE: taken apart; the link goes into a secret of its own.
    let payload = payload.expose();
    if payload.first() != Some(&2) {
        return Notice::decode(purpose, payload).map(|notice| (notice, None));
    }
    let mut row = RecordReader::new(payload, 2)?;
    let notice = Notice::decode(purpose, row.bytes("notice")?)?;
    let link = row.bytes("link")?;
    row.bytes("padding")?;
    let link = match link {
        [] => None,
        link => {
            let text = core::str::from_utf8(link).map_err(|_| CorruptRow("link"))?;
            Some(Secret::new(text.to_owned()))
        }
    };
    row.finish()?;
    Ok((notice, link))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_back_and_has_one_length_with_and_without_a_link() {
        let purpose = Code::parse(NoticeKind::RecoveryLink.code()).unwrap();
        let mut notice = Notice::new(NoticeKind::RecoveryLink, Timestamp::EPOCH);
        let without = write(&notice, None);
        notice.until = Some(Timestamp::EPOCH);
        let link = Secret::new(format!("vst1_set-first-password_k1_{}", "x".repeat(40)));
        let with = write(&notice, Some(&link));
        // EXPOSE: the test compares what was written and read.
        assert_eq!((with.expose().len(), without.expose().len()), (PADDED, PADDED));
        let (read_notice, read_link) = read(&purpose, &with).unwrap();
        assert_eq!(read_notice, notice);
        // EXPOSE: the test compares what was written and read.
        assert_eq!(read_link.unwrap().expose(), link.expose());
        assert!(read(&purpose, &without).unwrap().1.is_none());
    }
}

//! A login that was replaced is a contact address in some accounts, and is replaced there, too: account by account (U-9).

use vestibule_core::{
    AccountId, AddressKey, AddressKind, ContactEmail, Failure, Identifier, Refusal, Timestamp,
};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{
    Membership, ProfilesGuard, ProfilesRead, ProfilesWrite, Status, decide as profiles,
};

use super::LoginProblem;
use crate::problem::SignInProblem;
use crate::session::Authenticated;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::{AnyGuard, AnyWrite};

/// How many memberships are read at a time.
const PAGE: u32 = 64;

/// What became of a contact address in one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a page that overlooks a conflict would hide it")]
pub enum Propagation {
    /// It is the new login now.
    Changed,
    /// Another member of the account has the new login as contact address: the old one stays.
    Taken,
}

impl Vestibule {
    /// Makes a login of the person's the contact address in every account in which an older login of theirs was. Each account is a
    /// commit of its own: what is another member's contact address there is skipped, and reported. Accounts that the person is
    /// dismissed from keep what they have.
    ///
    /// # Errors
    ///
    /// `login.not_yours` (the new one must be a verified mailbox of theirs), `sign_in.login_malformed` (the old one),
    /// `login.proof_too_old`, `profile.frozen`, `session.revoked`. What was changed before stays changed; asked again it goes on
    /// with the rest.
    pub async fn propagate_login(
        &self,
        who: &Authenticated,
        old: &str,
        new: &str,
    ) -> Result<Vec<(AccountId, Propagation)>, Failure<Refusal>> {
        let inner = self.inner();
        let who = &inner.may_change_logins(who).await?;
        let (now, subject) = (inner.clock.now(), who.subject());
        let own = inner.own_login(who, new, now).await?.identifier;
        let (Identifier::Email(_), Ok(new)) = (&own, ContactEmail::parse(own.as_typed())) else {
            return inner.refuse_person(&LoginProblem::NotYours, subject, now).await;
        };
        let Ok(old) = ContactEmail::parse(old) else {
            return inner.refuse_person(&SignInProblem::LoginMalformed, subject, now).await;
        };
        // All of them are found before the first is changed: where there is one, a fault says that it was not.
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = inner.store.memberships_of(subject, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.account);
            found.extend(page.into_iter().filter(|member| is_contact_of(member, old.key())));
        }
        let mut report = Vec::with_capacity(found.len());
        for member in found {
            let account = member.account;
            let followed = inner.contact_follows(who, member, (old.key(), &new), now).await?;
            report.extend(followed.map(|followed| (account, followed)));
        }
        Ok(report)
    }
}

/// Whether this is the contact address there, of somebody who was not dismissed.
fn is_contact_of(member: &Membership, address: AddressKey) -> bool {
    let typed = member.contact.as_deref().and_then(|typed| ContactEmail::parse(typed).ok());
    typed.is_some_and(|typed| typed.key() == address) && member.standing.status != Status::Dismissed
}

impl Inner {
    /// In one account. `None`: the old login is no contact address there.
    async fn contact_follows(
        &self,
        who: &Authenticated,
        mut member: Membership,
        (old, new): (AddressKey, &ContactEmail),
        now: Timestamp,
    ) -> Result<Option<Propagation>, Failure<Refusal>> {
        let (account, subject) = (member.account, who.subject());
        for _ in 0..ROUNDS {
            if !is_contact_of(&member, old) {
                return Ok(None);
            }
            let id = self.batch_id(now)?;
            let event = Draft::new(EventKind::MEMBERSHIP_CONTACT_CHANGED, EventActor::Person(subject));
            let mut batch = self.record(event.account(account).subject(subject), id, now)?;
            batch.extend(profiles::set_contact(&member, Some(new)).into_iter().map(AnyWrite::from));
            let (kind, key) = (AddressKind::Email, new.key());
            let held = ProfilesWrite::RequireIdentifier { subject, kind, key, leaving_until: None };
            batch.push(held.into());
            batch.push(vestibule_sessions::decide::require(&who.session).into());
            match self.land(id, now, batch).await? {
                None => return Ok(Some(Propagation::Changed)),
                Some(AnyGuard::Profiles(ProfilesGuard::Contact)) => return Ok(Some(Propagation::Taken)),
                Some(AnyGuard::Profiles(ProfilesGuard::MembershipVersion)) => {
                    let Some(moved) = self.store.membership(account, subject).await? else { return Ok(None) };
                    member = moved;
                }
                Some(guard) => {
                    self.still_theirs(who, guard).await?;
                    return self.refuse_person(&LoginProblem::NotYours, subject, now).await;
                }
            }
        }
        Err(busy().into())
    }
}

//! Without the factor into one account: an administrator's exemption, and how to ask for it.

use vestibule_core::{AccountId, ClientAddress, Error, Failure, Refusal, Secret, SubjectId, Timestamp};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{By, ProfilesRead, decide as profiles};
use vestibule_throttle::{Limit, WindowKind};

use super::FactorProblem;
use super::narrow::{A_SIGN_IN, Narrow, a_day};
use crate::account::{Act, Acting, Reason};
use crate::entering::Factors;
use crate::notice::{Notice, NoticeKind};
use crate::sign_in::SignedIn;
use crate::vestibule::{Inner, Vestibule};
use crate::writes::AnyWrite;

/// How often the administrators of one account are asked by one person (R26).
const A_DAY: Limit = a_day(3);

/// How many administrators are told at once: what is told to more would not fit one step of every database.
const TOLD: usize = 16;
/// How many members are looked at for them at a time, and how often.
const LOOKED_AT: u32 = 500;
const PAGES: u32 = 40;

/// The administrators of an account were asked for access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessAsked {
    /// How many of them were told.
    pub administrators: usize,
}

impl Vestibule {
    /// Asks a member of an account for no second factor until an instant, or for one again at once (R23). It opens this account
    /// and no other, and changes nothing about the profile (PR-15); the person is told.
    ///
    /// # Errors
    ///
    /// `membership.not_permitted`, `membership.not_yourself`, `membership.wrong_status`, `admission.not_member`,
    /// `account.out_of_bounds` (more than a year, or in the past).
    pub async fn exempt(
        &self,
        by: Acting<'_>,
        account: AccountId,
        subject: SubjectId,
        until: Option<Timestamp>,
        reason: &Reason,
    ) -> Result<(), Failure<Refusal>> {
        let told =
            if until.is_some() { NoticeKind::MemberExempted } else { NoticeKind::MemberExemptionEnded };
        let act = Act::on_member(by, account, subject, (EventKind::MEMBERSHIP_EXEMPTED, told));
        let act = act.because(reason).until(until);
        let decide = |by: By<'_>,
                      account: &vestibule_profiles::Account,
                      member: Option<&vestibule_profiles::Membership>,
                      now| { profiles::exempt(by, account, member, until, now) };
        self.inner().act(act, decide).await
    }

    /// Enters the account that the sign-in named and that exempts the person, without the second factor. The session opens this
    /// account while the exemption holds, no other, and changes nothing about the profile (PR-14).
    ///
    /// # Errors
    ///
    /// `factor.sign_in_over` (also when this sign-in was used so already), `factor.not_exempt`, `password.must_change`,
    /// `profile.blocked`, `profile.blocked_until`, `admission.*`.
    pub async fn enter_exempt(
        &self,
        pending: &Secret<String>,
        client: Option<ClientAddress>,
    ) -> Result<SignedIn, Failure<Refusal>> {
        self.inner().enter_narrow(pending, Narrow::Exempt, client).await
    }

    /// Asks the administrators of the account that the sign-in named for access (R26): all but the person, once per sign-in and
    /// at most three times a day.
    ///
    /// # Errors
    ///
    /// `factor.sign_in_over`, `factor.not_exempt` when no account was named or it would not be entered with the factor either,
    /// `factor.access_asked`.
    pub async fn ask_for_access(
        &self,
        pending: &Secret<String>,
        client: Option<ClientAddress>,
    ) -> Result<AccessAsked, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let (shown, profile) = inner.read_pending(pending, now).await?;
        let (subject, actor) = (shown.subject, EventActor::Person(shown.subject));
        // Only who could enter with the factor asks: a stranger's request tells nobody anything. And with the first factor alone
        // nobody learns how they stand in an account.
        let factors = Factors::Two;
        let admitted = match shown.account {
            None => false,
            Some(account) => inner.admit_to(account, &profile, (client, factors), now).await?.is_ok(),
        };
        let (true, Some(account)) = (admitted, shown.account) else {
            let problem = FactorProblem::NotExempt;
            let refusal =
                inner.refuse_after_proof(&problem, actor, Some(subject), shown.account, now).await?;
            return Err(Failure::Refused(refusal));
        };
        let whose = [b"access".as_slice(), account.as_bytes(), b"/", subject.as_bytes()].concat();
        let this = [b"access.sign_in".as_slice(), shown.id.as_bytes()].concat();
        let first = inner.throttle.count(WindowKind::Message, &this, &A_SIGN_IN, now).await?;
        if !first || !inner.throttle.count(WindowKind::Message, &whose, &A_DAY, now).await? {
            return inner.refuse_person(&FactorProblem::AccessAsked, subject, now).await;
        }
        let id = inner.batch_id(now)?;
        let event = Draft::new(EventKind::ACCESS_ASKED, actor).subject(subject).account(account);
        let mut batch = inner.record(event, id, now)?;
        let letters = inner.letters_to_administrators(account, subject, now).await?;
        let administrators = letters.len();
        batch.extend(letters);
        inner.land(id, now, batch).await?;
        Ok(AccessAsked { administrators })
    }
}

impl Inner {
    /// What the administrators of an account are told, each at the primary login: all but the person, as many as fit.
    async fn letters_to_administrators(
        &self,
        account: AccountId,
        but: SubjectId,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let mut notice = Notice::new(NoticeKind::AccessAsked, now);
        notice.account = Some(account);
        let (mut letters, mut after) = (Vec::new(), None);
        for _ in 0..PAGES {
            let members = self.store.members_of(account, after, LOOKED_AT).await?;
            let Some(last) = members.last().map(|member| member.subject) else { break };
            for member in members.iter().filter(|one| one.is_active_administrator() && one.subject != but) {
                let Some(theirs) = self.store.profile(member.subject).await? else { continue };
                let own = self.store.identifiers(member.subject).await?;
                if let Some(primary) = crate::login::primary_of(&theirs, &own) {
                    letters.push(self.letter(&primary.identifier, notice)?);
                }
                if letters.len() == TOLD {
                    return Ok(letters);
                }
            }
            after = Some(last);
        }
        Ok(letters)
    }
}

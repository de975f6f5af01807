//! The reset of a lost factor (R33): a password that counts, a link, a waiting time; the factor itself stops it.

use core::time::Duration;

use vestibule_checkword::decide;
use vestibule_checkword::{CheckwordRead, Intent, Problem as WordProblem, Rotation, is_code_of, purpose};
use vestibule_core::{
    AddressKey, AddressKind, BatchId, ClientAddress, Error, Failure, Identifier, Purpose, Refusal, Secret,
    SecretDigest, SubjectId, Timestamp,
};
use vestibule_credentials::CredentialsWrite;
use vestibule_journal::{Draft, EventActor, EventKind, RefusedBy};
use vestibule_mfa::{Course, MfaRead, MfaWrite, RecoveryCode, Reset};
use vestibule_profiles::{Profile, ProfilesRead, ProfilesWrite};
use vestibule_throttle::{ChallengePassed, TryRequest};

use super::proof::{Asked, ShownBy};
use super::{FactorAnswer, FactorProblem, Shown};
use crate::account::{Acting, Reason};
use crate::asking::Asking;
use crate::login::{frozen, primary_of};
use crate::mailbox::write;
use crate::notice::{Notice, NoticeKind};
use crate::outbox::Outgoing;
use crate::phone::{CodeFor, CodeSent, Typed};
use crate::problem::{RecoveryProblem, SignInProblem};
use crate::refuse::Attempt;
use crate::telling::bound_to;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::writes::AnyWrite;

/// What a reset, begun or ended, makes worthless.
const ENDED: [Purpose; 2] = [purpose::FACTOR_KEEP, purpose::FACTOR_RESET];

/// The reset that a link would end is over.
const fn over(now: Timestamp) -> WordProblem {
    WordProblem::Rotated { at: now, by: Rotation::FactorChanged }
}

/// A reset that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResetStarted {
    /// From when the next sign-in by this password resets the factor.
    pub ends_at: Timestamp,
}

/// By what a reset is begun.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a page that overlooks one would leave people waiting")]
pub enum ResetAsked {
    /// By the link that the primary login was sent: [`Vestibule::begin_factor_reset`].
    ByLink,
    /// The password does not count, so both kinds of address do: by the link that a mailbox was sent, and the code that goes with this
    /// ticket and that a phone was sent: [`Vestibule::begin_factor_reset_by_two`].
    ByLinkAndCode(CodeSent),
}

/// A link that ends a reset, as its page may show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FactorResetPage {
    /// When the reset was begun.
    pub begun_at: Timestamp,
    /// When its waiting time is over.
    pub ends_at: Timestamp,
}

/// What a reset that may be begun relies on.
struct MayReset {
    /// Of the password that was shown.
    generation: u64,
    /// Of the row of resets.
    version: u64,
    /// Whether a two-step sign-in was completed with that password.
    password_counts: bool,
    /// The phone that counts beside a mailbox, where it was not.
    phone: Option<Identifier>,
}

impl Vestibule {
    /// Says that the second factor is lost (R33), at a sign-in whose password was right: a link goes to the primary login.
    ///
    /// The password counts only if a two-step sign-in was completed with it since it was set; or whoever has the mailbox alone
    /// could set a new one and then reset the factor. Where it does not, whoever has a mailbox and a phone verified shows both.
    ///
    /// # Errors
    ///
    /// `factor.sign_in_over`, `factor.reset_needs_factor`, `factor.reset_password_unproven`, `factor.reset_waits` when one is
    /// running, `profile.frozen`, `profile.blocked`, `profile.blocked_until`, `recovery.no_address`.
    pub async fn request_factor_reset(
        &self,
        pending: &Secret<String>,
    ) -> Result<ResetAsked, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        for _ in 0..ROUNDS {
            let (shown, profile) = inner.read_pending(pending, now).await?;
            let may = inner.may_reset(&shown, &profile, now).await?;
            let (subject, generation) = (shown.subject, may.generation);
            let mut own = inner.store.identifiers(subject).await?;
            if !may.password_counts {
                own.retain(|own| own.identifier.kind() == AddressKind::Email);
            }
            let Some(to) = primary_of(&profile, &own).map(|own| own.identifier.clone()) else {
                let by = ShownBy::SignIn(&shown);
                return inner.refuse_shown(by, &RecoveryProblem::NoAddress, now).await;
            };
            let (id, asking) =
                inner.ask_for_link((subject, purpose::FACTOR_RESET), &bound_to(&to), now).await?;
            let (writes, letter) = match asking {
                Asking::Link { link, until, writes } => {
                    let letter = inner.reset_letter(
                        &to,
                        NoticeKind::FactorResetLink,
                        (link.as_ref(), Some(until)),
                        now,
                    )?;
                    (writes, Some(letter))
                }
                // Messages are spaced; the one before is on its way.
                Asking::Spaced { writes, .. } => (writes, None),
            };
            let mut batch: Vec<AnyWrite> = writes.into_iter().map(AnyWrite::from).collect();
            batch.extend(letter);
            batch.push(CredentialsWrite::RequirePassword { subject, generation }.into());
            batch.push(ProfilesWrite::RequireProfile { subject, epoch: profile.epoch }.into());
            if inner.land(id, now, batch).await?.is_none() {
                return match may.phone {
                    Some(phone) if !may.password_counts => {
                        let what = CodeFor::FactorReset(subject, profile.epoch);
                        match inner.send_code(&phone, what, None).await {
                            Ok(sent) => Ok(ResetAsked::ByLinkAndCode(sent)),
                            Err(refused) => {
                                // A reset that was begun meanwhile says so itself.
                                let _ = inner.may_reset(&shown, &profile, now).await?;
                                Err(refused)
                            }
                        }
                    }
                    _ => Ok(ResetAsked::ByLink),
                };
            }
        }
        Err(busy().into())
    }

    /// Begins the reset, by the link and at a sign-in of the same person whose password was right. From now on it waits, by
    /// default for 72 hours; every verified address is told, at once and every day, with a link that ends it, and so does the factor itself, whenever it is shown.
    /// After that the next sign-in by the same password resets it: see [`NextStep::SetUp`](crate::NextStep::SetUp).
    ///
    /// # Errors
    ///
    /// As [`request_factor_reset`](Self::request_factor_reset), and `checkword.*` (P8), `checkword.other_person`; `throttle.wait`
    /// when one was stopped within the minute: no reset begins without a way to stop it.
    pub async fn begin_factor_reset(
        &self,
        pending: &Secret<String>,
        link: &Secret<String>,
    ) -> Result<ResetStarted, Failure<Refusal>> {
        self.inner().begin_reset(pending, link, None).await
    }

    /// The same where the password does not count: by the link of the mailbox, and the code that the phone was sent.
    ///
    /// # Errors
    ///
    /// As [`begin_factor_reset`](Self::begin_factor_reset), and `checkword.code_wrong`, `checkword.code_spent`,
    /// `checkword.code_wait`.
    pub async fn begin_factor_reset_by_two(
        &self,
        pending: &Secret<String>,
        link: &Secret<String>,
        ticket: &Secret<String>,
        code: &str,
    ) -> Result<ResetStarted, Failure<Refusal>> {
        self.inner().begin_reset(pending, link, Some((ticket, code))).await
    }

    /// Looks at a link that ends a reset; it reads only.
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8).
    pub async fn inspect_factor_reset(
        &self,
        link: &Secret<String>,
    ) -> Result<FactorResetPage, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let (digest, word) = inner.read_link_for(link, &[purpose::FACTOR_KEEP], now).await?;
        let live = inner.live_link(digest, word, now).await?;
        let course = inner.store.factor_reset(live.holder).await?.and_then(|reset| reset.course);
        match course {
            Some(course) => Ok(FactorResetPage { begun_at: course.begun_at, ends_at: course.ends_at }),
            None => inner.refuse_link(&over(now), Some(digest), now).await,
        }
    }

    /// Ends a reset by the link that every verified address was told, and the code that stands beside it. It signs nobody in.
    ///
    /// # Errors
    ///
    /// `checkword.*` (P8), `login.freeze_code_wrong`. Nothing of this spends the link.
    pub async fn keep_factor(&self, link: &Secret<String>, code: &str) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let (digest, word) = inner.read_link_for(link, &[purpose::FACTOR_KEEP], now).await?;
        // EXPOSE: the code that was typed is compared with the one that belongs to it.
        let is_right = is_code_of(&inner.ring, link.expose(), word, code);
        for _ in 0..ROUNDS {
            let live = inner.live_link(digest, word, now).await?;
            if !is_right {
                return inner.refuse_link(&crate::LoginProblem::FreezeCodeWrong, Some(digest), now).await;
            }
            let found = inner.store.found(digest).await?;
            let redemption = match decide::redeem(found.as_ref(), word, Intent::TypedCode, now) {
                Ok(redemption) => redemption,
                Err(problem) => return inner.refuse_link(&problem, Some(digest), now).await,
            };
            let subject = live.holder;
            let running = inner.store.factor_reset(subject).await?.filter(|reset| reset.course.is_some());
            let Some(reset) = running else {
                return inner.refuse_link(&over(now), Some(digest), now).await;
            };
            let id = inner.batch_id(now)?;
            let event = Draft::new(EventKind::FACTOR_RESET_STOPPED, EventActor::System).subject(subject);
            let mut batch = inner.record(event, id, now)?;
            batch.push(redemption.write.into());
            batch.push(MfaWrite::SetCourse { subject, from: reset.version, course: None }.into());
            batch.extend(
                decide::rotate(subject, &[purpose::FACTOR_RESET], Rotation::Withdrawn, now)
                    .into_iter()
                    .map(AnyWrite::from),
            );
            batch.extend(inner.letters_of_reset(subject, NoticeKind::FactorResetStopped, None, now).await?);
            if inner.land(id, now, batch).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy().into())
    }

    /// Ends a reset by the factor itself, without the password: for whoever still has their phone and hears of a reset. The
    /// code that is used here signs nobody in. The answer is a recovery code to be shown now, in the place of the one that was used.
    ///
    /// It debits no try of the factor, only windows: a guess ends a reset at most, and whoever began one cannot stop the factor that
    /// would end it. What is refused is told in one way, whether anybody has the login or not, and whether a reset runs.
    ///
    /// # Errors
    ///
    /// `sign_in.login_malformed`, `factor.keep_refused`, `throttle.wait`, `throttle.challenge_required`.
    pub async fn keep_factor_by_code(
        &self,
        login: &str,
        answer: FactorAnswer,
        client: Option<ClientAddress>,
        challenge: Option<&ChallengePassed>,
    ) -> Result<Option<RecoveryCode>, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let attempt = |key| Attempt { key, client, account: None, now };
        let Ok(login) = Identifier::parse_login(login) else {
            let digest = inner.ring.digest_current("login.malformed", &[login.as_bytes()]);
            let attempt = attempt(AddressKey::from_bytes(*digest.as_bytes()));
            return inner.refuse_at_door(&SignInProblem::LoginMalformed, attempt, RefusedBy::Window).await;
        };
        let attempt = attempt(login.key());
        // Windows of this page's own, and of the client's: whoever fills those of the sign-in does not keep the owner from here.
        let from = client.map(|client| client.ip().to_string()).unwrap_or_default();
        let digest = inner.ring.digest_current("factor.keep", &[attempt.key.as_bytes(), from.as_bytes()]);
        let window = AddressKey::from_bytes(*digest.as_bytes());
        let request = TryRequest::new(&window, now).client(client).challenge(challenge);
        let windows = match inner.throttle.admit(&request).await {
            Ok(windows) => windows,
            Err(Failure::Refused(problem)) => {
                return inner.refuse_at_door(&problem, attempt, RefusedBy::Window).await;
            }
            Err(Failure::Fault(error)) => return Err(Failure::Fault(error)),
        };
        let owner = inner.store.identifier_owner(login.kind(), login.key()).await?.map(|own| own.subject);
        // For somebody unknown, and where no reset runs, the decoy's rows are read.
        let decoy = inner.decoy(&attempt.key);
        let reset = inner.store.factor_reset(owner.unwrap_or(decoy)).await?;
        let runs = reset.is_some_and(|reset| reset.course.is_some());
        let subject = owner.filter(|_| runs).unwrap_or(decoy);
        let mut factor = inner.factor_of(subject).await?;
        let asked = Asked::unproven(answer);
        for _ in 0..ROUNDS {
            let id = inner.batch_id(now)?;
            // What another act has ended meanwhile runs no more, and no code is used up for it.
            let judged = inner.judge(&factor, &asked, (id, now)).await?;
            let Some(right) = judged.ok().filter(|right| right.stops_reset) else {
                return inner.refuse_at_door(&FactorProblem::KeepRefused, attempt, RefusedBy::Secret).await;
            };
            let event = Draft::new(EventKind::FACTOR_SHOWN, EventActor::Person(subject)).subject(subject);
            let mut batch = inner.record(event, id, now)?;
            let replacement = right.replacement;
            batch.extend(right.writes);
            if inner.land(id, now, batch).await?.is_none() {
                let _ = inner.throttle.settle(windows).await;
                return Ok(replacement);
            }
            factor = inner.factor_of(subject).await?;
        }
        Err(busy().into())
    }

    /// The operator resets a lost factor, having made sure by other means who asks: at once. The next sign-in sets up a new one
    /// before anything else.
    ///
    /// # Errors
    ///
    /// `profile.unknown`, `factor.reset_needs_factor`.
    pub async fn reset_factor(&self, reason: &Reason, subject: SubjectId) -> Result<(), Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        for _ in 0..ROUNDS {
            let Some(profile) = inner.store.profile(subject).await? else {
                let problem = vestibule_profiles::Problem::ProfileUnknown;
                return inner.refuse_operator(&problem, subject, now).await;
            };
            if profile.factor_since.is_none() {
                return inner.refuse_operator(&FactorProblem::ResetNeedsFactor, subject, now).await;
            }
            let id = inner.batch_id(now)?;
            let event = Acting::Operator(reason).draft(EventKind::FACTOR_RESET).subject(subject);
            let mut batch = inner.record(event, id, now)?;
            let reset = inner.store.factor_reset(subject).await?;
            batch.extend(inner.resets(&profile, reset.as_ref(), now).await?);
            if inner.land(id, now, batch).await?.is_none() {
                return Ok(());
            }
        }
        Err(busy().into())
    }
}

impl Inner {
    /// Begins a reset by the link, and the code where one is.
    async fn begin_reset(
        &self,
        pending: &Secret<String>,
        link: &Secret<String>,
        code: Option<(&Secret<String>, &str)>,
    ) -> Result<ResetStarted, Failure<Refusal>> {
        let now = self.clock.now();
        let (digest, purpose) = self.read_link_for(link, &[purpose::FACTOR_RESET], now).await?;
        let mut typed: Option<Typed> = None;
        for _ in 0..ROUNDS {
            let (shown, profile) = self.read_pending(pending, now).await?;
            let may = self.may_reset(&shown, &profile, now).await?;
            let (subject, generation, version) = (shown.subject, may.generation, may.version);
            let by = ShownBy::SignIn(&shown);
            let found = self.store.found(digest).await?;
            let intent = Intent::OwnSession(subject);
            let redemption = match decide::redeem(found.as_ref(), purpose, intent, now) {
                Ok(redemption) => redemption,
                Err(problem) => {
                    return self.refuse_beginning((&shown, &profile), &problem, digest, now).await;
                }
            };
            if let (Some(code), None) = (code, &typed) {
                typed = Some(self.type_code(code, purpose::CODE_FACTOR_RESET, (Some(by), None), now).await?);
            }
            let beside = match &typed {
                Some(typed) => match self.proves_beside(typed, &profile, now).await? {
                    Ok(beside) => beside,
                    Err(problem) => {
                        let code = typed.digest();
                        return self.refuse_beginning((&shown, &profile), &problem, code, now).await;
                    }
                },
                None if may.password_counts => Vec::new(),
                None => {
                    return self.refuse_shown(by, &FactorProblem::ResetPasswordUnproven, now).await;
                }
            };
            let ends_at = now.plus(self.reset_waits);
            // The mailbox is the proof: it must be theirs still when this lands.
            let address = match decide::inspect(found.as_ref(), purpose, now) {
                Ok(live) => self.bound_address(&live).await?,
                Err(problem) => return self.refuse_link(&problem, Some(digest), now).await,
            };
            let Some(address) = address else {
                self.still_there(by, now).await?;
                let problem = WordProblem::Rotated { at: now, by: Rotation::AddressRemoved };
                return self.refuse_link(&problem, Some(digest), now).await;
            };
            let (kind, key) = (address.identifier.kind(), address.identifier.key());
            if !may.password_counts && kind != AddressKind::Email {
                return self.refuse_shown(by, &FactorProblem::ResetPasswordUnproven, now).await;
            }
            // The way to stop it: there is none without.
            let (id, asking) = self.ask_for_link((subject, purpose::FACTOR_KEEP), &[], now).await?;
            let (keep, until, words) = match asking {
                Asking::Link { link: Some(link), until, writes } => (link, until, writes),
                Asking::Link { link: None, until: not_before, .. } | Asking::Spaced { not_before, .. } => {
                    let _ = self.may_reset(&shown, &profile, now).await?;
                    let problem = vestibule_throttle::Problem::Wait { not_before };
                    return self.refuse_shown(by, &problem, now).await;
                }
            };
            // Before it begins: without it they remind of nothing, and after it they could be lost.
            self.reminders(subject, (&keep, until), (now, ends_at)).await?;
            let event =
                Draft::new(EventKind::FACTOR_RESET_BEGUN, EventActor::Person(subject)).subject(subject);
            let mut batch = self.record(event, id, now)?;
            batch.push(redemption.write.into());
            batch.extend(beside);
            batch.push(CredentialsWrite::RequirePassword { subject, generation }.into());
            batch.push(ProfilesWrite::RequireProfile { subject, epoch: profile.epoch }.into());
            let course = Some(Course { begun_at: now, ends_at, generation });
            batch.push(MfaWrite::SetCourse { subject, from: version, course }.into());
            let held = ProfilesWrite::RequireIdentifier { subject, kind, key, leaving_until: None };
            batch.push(held.into());
            batch.extend(words.into_iter().map(AnyWrite::from));
            let told = Some((&keep, Some(until)));
            batch.extend(self.letters_of_reset(subject, NoticeKind::FactorResetBegun, told, now).await?);
            // The link is used: it is sent no more.
            let blank = NoticeKind::FactorResetLink;
            batch.push(self.reset_letter(&address.identifier, blank, (None, None), now)?);
            if self.land(id, now, batch).await?.is_none() {
                return Ok(ResetStarted { ends_at });
            }
        }
        Err(busy().into())
    }

    /// Of two that are begun at once the other one's has used up what is shown here, and says so itself.
    async fn refuse_beginning<T>(
        &self,
        (shown, profile): (&Shown, &Profile),
        problem: &WordProblem,
        digest: SecretDigest,
        now: Timestamp,
    ) -> Result<T, Failure<Refusal>> {
        self.still_there(ShownBy::SignIn(shown), now).await?;
        let _ = self.may_reset(shown, profile, now).await?;
        self.refuse_link(problem, Some(digest), now).await
    }

    /// Whether this sign-in may reset the factor: the generation of its password, and the version of what is known of resets.
    async fn may_reset(
        &self,
        shown: &Shown,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<MayReset, Failure<Refusal>> {
        let (subject, by) = (shown.subject, ShownBy::SignIn(shown));
        if let Some(problem) = frozen(profile) {
            return self.refuse_shown(by, &problem, now).await;
        }
        if let Some(block) = profile.blocked_at(now) {
            let attempt = shown.attempt(None, now);
            return Err(Failure::Refused(self.refuse_blocked(block, subject, attempt).await?));
        }
        if !self.factor_of(subject).await?.has_confirmed() {
            return self.refuse_shown(by, &FactorProblem::ResetNeedsFactor, now).await;
        }
        let reset = self.store.factor_reset(subject).await?;
        if let Some(course) = reset.as_ref().and_then(|reset| reset.course) {
            let problem = FactorProblem::ResetWaits { until: course.ends_at };
            return self.refuse_shown(by, &problem, now).await;
        }
        let Some((generation, _)) = shown.password else {
            return self.refuse_shown(by, &FactorProblem::ResetPasswordUnproven, now).await;
        };
        let password_counts = reset.as_ref().is_some_and(|reset| reset.counts(generation));
        let version = reset.map_or(0, |reset| reset.version);
        if password_counts {
            return Ok(MayReset { generation, version, password_counts, phone: None });
        }
        // Two kinds of address stand in for it, where codes go to phones.
        let own = self.store.identifiers(subject).await?;
        let of = |kind| {
            let own: Vec<_> = own.iter().filter(|own| own.identifier.kind() == kind).cloned().collect();
            primary_of(profile, &own).map(|own| own.identifier.clone())
        };
        match (&self.phones, of(AddressKind::Email), of(AddressKind::Phone)) {
            (Some(phones), Some(_), Some(phone)) if phones.reach(&phone) => {
                Ok(MayReset { generation, version, password_counts, phone: Some(phone) })
            }
            _ => self.refuse_shown(by, &FactorProblem::ResetPasswordUnproven, now).await,
        }
    }

    /// The writes by which a factor is lost for good: authenticators and codes die, every session ends, and the profile still
    /// notes that a factor is asked for, so that the next sign-in sets one up.
    ///
    /// What was read of resets is relied on: a reset that was stopped meanwhile resets nothing.
    async fn resets(
        &self,
        profile: &Profile,
        read: Option<&Reset>,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let (subject, from) = (profile.subject, profile.epoch);
        let mut writes = self.ends_factor(subject).await?;
        writes.push(ProfilesWrite::SetFactor { subject, from, since: profile.factor_since }.into());
        let rotated = decide::rotate(subject, &ENDED, Rotation::FactorChanged, now);
        writes.extend(rotated.into_iter().map(AnyWrite::from));
        writes.extend(self.cancels_changes(subject, now).await?);
        let from = read.map_or(0, |reset| reset.version);
        writes.push(MfaWrite::SetCourse { subject, from, course: None }.into());
        writes.extend(self.letters_of_reset(subject, NoticeKind::FactorReset, None, now).await?);
        Ok(writes)
    }

    /// At a sign-in whose password was right: ends a reset whose waiting time is over. Whether it landed; `None`: there is none
    /// to end.
    pub(crate) async fn ends_reset(
        &self,
        profile: &Profile,
        generation: u64,
        now: Timestamp,
    ) -> Result<Option<bool>, Error> {
        let subject = profile.subject;
        let reset = self.store.factor_reset(subject).await?;
        let over = |course: &Course| course.is_over(now) && course.generation == generation;
        let ends = reset.as_ref().and_then(|reset| reset.course.as_ref()).is_some_and(over);
        if !ends || frozen(profile).is_some() {
            return Ok(None);
        }
        let id = self.batch_id(now)?;
        let event = Draft::new(EventKind::FACTOR_RESET, EventActor::Person(subject)).subject(subject);
        let mut batch = self.record(event, id, now)?;
        batch.extend(self.resets(profile, reset.as_ref(), now).await?);
        batch.push(CredentialsWrite::RequirePassword { subject, generation }.into());
        Ok(Some(self.land(id, now, batch).await?.is_none()))
    }

    /// The writes that stop a reset, if one runs, because the factor was shown; every verified address is told.
    pub(crate) async fn stops_reset(
        &self,
        subject: SubjectId,
        id: BatchId,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let Some(reset) = self.store.factor_reset(subject).await?.filter(|reset| reset.course.is_some())
        else {
            return Ok(Vec::new());
        };
        let mut writes = self.ends_course(&reset, EventActor::Person(subject), id, now)?;
        writes.extend(self.letters_of_reset(subject, NoticeKind::FactorResetStopped, None, now).await?);
        Ok(writes)
    }

    /// The same where the person is told of something else in the same commit, which would be too large with both: a password
    /// that was set anew, a factor that was turned off; a block, in which the owner could not stop it.
    ///
    /// Where none runs, that is relied on: one that was begun meanwhile would outlive the commit.
    pub(crate) async fn drops_reset(
        &self,
        profile: &Profile,
        by: EventActor,
        id: BatchId,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let subject = profile.subject;
        let reset = self.store.factor_reset(subject).await?;
        match reset.as_ref().filter(|reset| reset.course.is_some()) {
            Some(reset) => self.ends_course(reset, by, id, now),
            // Without a factor none begins.
            None if profile.factor_since.is_none() => Ok(Vec::new()),
            None => {
                let from = reset.map_or(0, |reset| reset.version);
                Ok(vec![MfaWrite::SetCourse { subject, from, course: None }.into()])
            }
        }
    }

    /// The write by which an act that ends the factor, and has not read what is done here, loses: it relies on this row, and
    /// reads it before the authenticators. What runs, or does not, stays as it is.
    pub(super) async fn moves_factor(&self, subject: SubjectId) -> Result<AnyWrite, Error> {
        let reset = self.store.factor_reset(subject).await?;
        let (from, course) = reset.map_or((0, None), |reset| (reset.version, reset.course));
        Ok(MfaWrite::SetCourse { subject, from, course }.into())
    }

    /// The writes that end a reset that runs.
    fn ends_course(
        &self,
        reset: &Reset,
        by: EventActor,
        id: BatchId,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let subject = reset.subject;
        let event = Draft::new(EventKind::FACTOR_RESET_STOPPED, by).subject(subject);
        let mut writes = self.record_further(event, id, now)?;
        writes.push(MfaWrite::SetCourse { subject, from: reset.version, course: None }.into());
        let keep = [purpose::FACTOR_KEEP];
        let rotated = decide::rotate(subject, &keep, Rotation::Withdrawn, now);
        writes.extend(rotated.into_iter().map(AnyWrite::from));
        Ok(writes)
    }

    /// Lands what every verified address is told once a day while a reset waits, with the link that ends it: a commit for each day. One
    /// whose link is worth nothing any more is not sent (see [`Vestibule::waiting_messages`]); it rests sealed until housekeeping takes
    /// it.
    async fn reminders(
        &self,
        subject: SubjectId,
        (link, until): (&Secret<String>, Timestamp),
        (begun_at, ends_at): (Timestamp, Timestamp),
    ) -> Result<(), Error> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let own = self.store.identifiers(subject).await?;
        for day in 1_u32.. {
            let due = begun_at.plus(DAY * day);
            if !ends_at.is_after(due) {
                break;
            }
            let kind = NoticeKind::FactorResetWaits;
            let mut notice = Notice::new(kind, due);
            notice.until = Some(until);
            let told = own.iter().filter(|own| own.verified_at.is_some() && !own.is_social());
            let letters = told.map(|own| {
                let owner = [own.identifier.key().as_bytes().as_slice(), &day.to_be_bytes()].concat();
                let outgoing = Outgoing {
                    slot: ("mailbox.factor_reset_day", &owner),
                    to: &own.identifier,
                    kind,
                    payload: write(&notice, Some(link)),
                    suppressed: false,
                    language: None,
                    at: begun_at,
                };
                self.queue_until(outgoing, due)
            });
            let letters = letters.collect::<Result<Vec<_>, _>>()?;
            if !letters.is_empty() {
                let _always = self.land(self.batch_id(begun_at)?, begun_at, letters).await?;
            }
        }
        Ok(())
    }

    /// What every verified address is told of a reset, each in place of what it was told before and was not sent.
    async fn letters_of_reset(
        &self,
        subject: SubjectId,
        kind: NoticeKind,
        link: Option<(&Secret<String>, Option<Timestamp>)>,
        now: Timestamp,
    ) -> Result<Vec<AnyWrite>, Error> {
        let own = self.store.identifiers(subject).await?;
        let told = own.iter().filter(|own| own.verified_at.is_some() && !own.is_social());
        let link = link.map_or((None, None), |(link, until)| (Some(link), until));
        told.map(|own| self.reset_letter(&own.identifier, kind, link, now)).collect()
    }

    fn reset_letter(
        &self,
        to: &Identifier,
        kind: NoticeKind,
        (link, until): (Option<&Secret<String>>, Option<Timestamp>),
        now: Timestamp,
    ) -> Result<AnyWrite, Error> {
        let mut notice = Notice::new(kind, now);
        notice.until = until;
        let slot = if kind == NoticeKind::FactorResetLink {
            "mailbox.factor_reset_link"
        } else {
            "mailbox.factor_reset"
        };
        self.queue(Outgoing {
            slot: (slot, to.key().as_bytes()),
            to,
            kind,
            payload: write(&notice, link),
            // Without a link it is a blank in the place of one.
            suppressed: kind == NoticeKind::FactorResetLink && link.is_none(),
            language: None,
            at: now,
        })
    }
}

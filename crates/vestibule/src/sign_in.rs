//! Signing in with a password: one order of checks for everybody, known or not.

use vestibule_core::{
    AccountId, AddressKey, AddressKind, ClientAddress, Error, ErrorKind, Failure, Identifier, Refusal,
    Registered, Secret, SessionHandle, SubjectId, Timestamp,
};
use vestibule_credentials::{
    CredentialsRead, CredentialsWrite, HashSalt, Lane, PasswordProof, Place, PreparedPassword,
    ProvenPassword, TakenTry, Tries, Verified, hash_fault, rehashed, tries, verify_in,
};
use vestibule_journal::{EventActor, RefusedBy};
use vestibule_profiles::{Block, Problem, ProfilesRead, ProfilesWrite};
use vestibule_sessions::{Amr, Device, DeviceLabel, DeviceToken, Evidence, SessionsRead};
use vestibule_throttle::{Admitted, ChallengePassed, TryRequest};

use crate::entering::{Entering, Moved, Places};
use crate::factor::{PendingSignIn, Shown};
use crate::password::Once;
use crate::permit::ChangePermit;
use crate::problem::SignInProblem;
use crate::refuse::Attempt;
use crate::vestibule::{Inner, ROUNDS, Vestibule, busy};
use crate::views::{SignInQuestion, SignInView, Views};
use crate::writes::AnyWrite;

/// Somebody at the door.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignInRequest {
    /// What was typed as login.
    pub login: String,
    /// What was typed as password.
    pub password: Secret<String>,
    /// The account they want to enter; `None`: only to sign in.
    pub account: Option<AccountId>,
    /// The client's address, as the host knows it.
    pub client: Option<ClientAddress>,
    /// The known-device token that the browser holds.
    pub device: Option<Secret<String>>,
    /// The host's word that its challenge was passed.
    pub challenge: Option<ChallengePassed>,
    /// The host's name of the device, shown in the person's list of sessions.
    pub label: DeviceLabel,
    /// Whether the device becomes a known one, if it is not yet. A program that signs in for one command and keeps nothing
    /// says no: it would push the person's real devices out.
    pub leaves_device: bool,
}

impl SignInRequest {
    /// A login and a password, from a client that the host does not name.
    #[must_use]
    pub fn new(login: impl Into<String>, password: impl Into<Secret<String>>) -> Self {
        Self {
            login: login.into(),
            password: password.into(),
            account: None,
            client: None,
            device: None,
            challenge: None,
            label: DeviceLabel::default(),
            leaves_device: true,
        }
    }

    /// Leaving no known device behind.
    #[must_use]
    pub const fn leaving_no_device(mut self) -> Self {
        self.leaves_device = false;
        self
    }

    /// On the way into this account.
    #[must_use]
    pub const fn into_account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// From this client.
    #[must_use]
    pub fn from_client(mut self, client: impl Into<ClientAddress>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// With the known-device token that an earlier sign-in left.
    #[must_use]
    pub fn device(mut self, token: Secret<String>) -> Self {
        self.device = Some(token);
        self
    }

    /// With the host's word that its challenge was passed.
    #[must_use]
    pub fn challenge(mut self, passed: ChallengePassed) -> Self {
        self.challenge = Some(passed);
        self
    }

    /// Named so in the person's list of sessions.
    #[must_use]
    pub fn label(mut self, label: DeviceLabel) -> Self {
        self.label = label;
        self
    }
}

/// The person is who they say.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a host that overlooks a way to go on would strand people there")]
pub enum SignIn {
    /// The password was right, and the person has a second factor: there is no session before it is shown (P13). Hand the
    /// token, within ten minutes, to [`Vestibule::complete_sign_in`].
    FactorNeeded(PendingSignIn),
    /// The password was right and is good for one change only (N2): there is no session. Hand the proof, within ten
    /// minutes, to the change.
    PasswordChangeNeeded {
        /// What was proven.
        proof: ChangePermit,
        /// What to tell the person.
        because: Refusal,
    },
    /// Signed in.
    SignedIn(SignedIn),
}

/// A new session.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// Who.
    pub subject: SubjectId,
    /// The session token, for the host's cookie.
    pub token: Secret<String>,
    /// The session's public name.
    pub session: SessionHandle,
    /// The known-device token, for a cookie of its own, if the device was not known, or is remembered from now on: then it takes the
    /// place of the one that the browser had.
    pub device: Option<Secret<String>>,
    /// The account that was asked for, if one was: entered, or why not. Not being admitted does not undo the sign-in.
    pub entered: Option<Result<AccountId, Refusal>>,
}

/// What was read of whoever submitted the login; for somebody unknown, of the decoy.
pub(crate) struct View {
    pub(crate) subject: SubjectId,
    /// The known device, if it is this person's and still good.
    device: Option<Device>,
    pub(crate) read: SignInView,
}

impl View {
    pub(crate) const fn known(&self) -> bool {
        self.read.owner.is_some()
    }

    pub(crate) fn device_key(&self) -> Option<AddressKey> {
        self.device.as_ref().map(|device| AddressKey::from_bytes(*device.digest.as_bytes()))
    }

    pub(crate) const fn has_known_device(&self) -> bool {
        self.device.is_some()
    }

    fn lane(&self) -> Lane {
        self.device.as_ref().map_or(Lane::Everybody, |device| Lane::Device(device.handle))
    }

    const fn tries(&self) -> Option<&Tries> {
        if self.device.is_some() { self.read.device_tries.as_ref() } else { self.read.tries.as_ref() }
    }
}

impl Vestibule {
    /// Signs a person in by password and, if an account is named, asks for admission to it.
    ///
    /// Before the right password is shown, the answer, its cost and what is written are the same whether the login is
    /// known or not (PR-6). After it, the truth is told. A dismissed person signs in, and is not admitted.
    ///
    /// # Errors
    ///
    /// Before proof: `sign_in.login_malformed`, `sign_in.login_unknown`, `password.none`, `password.wrong`,
    /// `password.stopped`, `throttle.wait`, `throttle.challenge_required`. After proof: `profile.blocked`,
    /// `profile.blocked_until`. [`Failure::Fault`] of kind `Busy` when too many passwords are being hashed: nothing
    /// was debited.
    pub async fn sign_in(&self, request: SignInRequest) -> Result<SignIn, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let attempt = |key| Attempt { key, client: request.client, account: request.account, now };
        let Ok(login) = Identifier::parse_login(&request.login) else {
            let digest = inner.ring.digest_current("login.malformed", &[request.login.as_bytes()]);
            let attempt = attempt(AddressKey::from_bytes(*digest.as_bytes()));
            return inner.refuse_at_door(&SignInProblem::LoginMalformed, attempt, RefusedBy::Window).await;
        };
        let (kind, attempt) = (login.kind(), attempt(login.key()));
        let Ok(typed) = PreparedPassword::prepare(request.password) else {
            let problem = vestibule_credentials::Problem::Wrong;
            return inner.refuse_at_door(&problem, attempt, RefusedBy::Window).await;
        };
        // A place first: when there is none, nothing was debited.
        let place = inner.pool.reserve().map_err(Error::from)?;
        let view = inner.view(kind, attempt, request.device.as_ref()).await?;
        let windows = match inner.take_windows(&view, attempt, request.challenge.as_ref()).await? {
            Ok(windows) => windows,
            Err(problem) => return inner.refuse_at_door(&problem, attempt, RefusedBy::Window).await,
        };
        let taken = match inner.take_try(&view, now).await? {
            Ok(taken) => taken,
            Err(problem) => return inner.refuse_stopped(&view, attempt, &problem, (place, typed)).await,
        };
        match verify_in(&inner.pool, place, view.read.password.as_ref(), typed, now).await? {
            Verified::Wrong => inner.refuse_secret(&view, attempt).await,
            Verified::Right { proof, password } => {
                let leaves_device = request.leaves_device;
                let proven = Proven { proof, password, taken, label: request.label, leaves_device };
                let signed_in = inner.finish(view, (kind, attempt), proven).await?;
                // It has landed: windows that could not be given back err on the strict side, and end.
                let _ = inner.throttle.settle(windows).await;
                Ok(signed_in)
            }
        }
    }
}

/// Everything that a right password leaves to be recorded.
struct Proven {
    proof: PasswordProof,
    password: ProvenPassword,
    taken: TakenTry,
    label: DeviceLabel,
    leaves_device: bool,
}

impl Inner {
    pub(crate) async fn view(
        &self,
        kind: AddressKind,
        attempt: Attempt,
        device: Option<&Secret<String>>,
    ) -> Result<View, Error> {
        // EXPOSE: read as the token it must be.
        let token = device.and_then(|device| DeviceToken::parse(device.expose()).ok());
        let question = SignInQuestion {
            kind,
            key: attempt.key,
            decoy: self.decoy(&attempt.key),
            // A device token under a key that was retired for good is simply not known any more.
            device: token.and_then(|token| token.digest(&self.ring).ok()),
            account: attempt.account,
        };
        let read = self.store.sign_in_view(question.clone()).await?;
        let epoch = read.profile.as_ref().map(|profile| profile.epoch);
        let live = |device: &&Device| epoch.is_some_and(|epoch| device.is_live(epoch, attempt.now));
        Ok(View {
            subject: read.owner.unwrap_or(question.decoy),
            device: read.device.as_ref().filter(live).cloned(),
            read,
        })
    }

    /// A known device has windows of its own, so that a flood by strangers does not shut it out (PR-12).
    pub(crate) async fn take_windows(
        &self,
        view: &View,
        attempt: Attempt,
        challenge: Option<&ChallengePassed>,
    ) -> Result<Result<Admitted, vestibule_throttle::Problem>, Error> {
        let device = view.device_key();
        let request = TryRequest::new(&attempt.key, attempt.now)
            .device(device.as_ref())
            .client(attempt.client)
            .challenge(challenge);
        match self.throttle.admit(&request).await {
            Ok(windows) => Ok(Ok(windows)),
            Err(Failure::Refused(problem)) => Ok(Err(problem)),
            Err(Failure::Fault(error)) => Err(error),
        }
    }

    /// The try is paid for, durably, before anything is compared.
    pub(crate) async fn take_try_of(
        &self,
        subject: SubjectId,
        lane: Lane,
        mut read: Option<Tries>,
        now: Timestamp,
    ) -> Result<Result<TakenTry, vestibule_credentials::Problem>, Error> {
        // Each round somebody else's try landed: as many rounds as an authenticator has tries.
        for _ in 0..tries::STOPS_AT {
            let (taken, write) = match tries::take(subject, lane, read.as_ref(), now) {
                Ok(next) => next,
                Err(problem) => return Ok(Err(problem)),
            };
            if self.land(self.batch_id(now)?, now, vec![write.into()]).await?.is_none() {
                return Ok(Ok(taken));
            }
            read = self.store.tries(subject, lane).await?;
        }
        Err(busy())
    }

    async fn take_try(
        &self,
        view: &View,
        now: Timestamp,
    ) -> Result<Result<TakenTry, vestibule_credentials::Problem>, Error> {
        self.take_try_of(view.subject, view.lane(), view.tries().cloned(), now).await
    }

    pub(crate) async fn refuse_at_door<T>(
        &self,
        problem: &(dyn Registered + Sync),
        attempt: Attempt,
        by: RefusedBy,
    ) -> Result<T, Failure<Refusal>> {
        Err(Failure::Refused(self.refuse_before_proof(problem, attempt, by, Vec::new()).await?))
    }

    /// The authenticator has stopped. It costs what a wrong secret costs, a commit and a hash, and the windows stay
    /// debited: when somebody known stops and when a decoy does may differ, since only an owner's success starts the count
    /// anew, and by its cost nobody tells the one from the other (PR-6).
    async fn refuse_stopped<T>(
        &self,
        view: &View,
        attempt: Attempt,
        problem: &vestibule_credentials::Problem,
        (place, typed): (Place, PreparedPassword),
    ) -> Result<T, Failure<Refusal>> {
        // A try of number zero was never taken: settling it changes nothing.
        let nothing = CredentialsWrite::SettleTry { subject: view.subject, lane: view.lane(), number: 0 };
        self.land(self.batch_id(attempt.now)?, attempt.now, vec![nothing.into()]).await?;
        let Verified::Wrong = verify_in(&self.pool, place, None, typed, attempt.now).await? else {
            // Nothing is compared with: it cannot be right.
            return Err(Error::from(ErrorKind::Misuse).into());
        };
        self.refuse_judged(view, attempt, problem).await
    }

    /// The secret was compared and is not the one: the same writes for everybody.
    async fn refuse_secret<T>(&self, view: &View, attempt: Attempt) -> Result<T, Failure<Refusal>> {
        let has_password = view.read.password.as_ref().is_some_and(|password| password.hash.is_some());
        let problem: &(dyn Registered + Sync) = match (view.known(), has_password) {
            (false, _) => &SignInProblem::LoginUnknown,
            (true, false) => &vestibule_credentials::Problem::NoPassword,
            (true, true) => &vestibule_credentials::Problem::Wrong,
        };
        self.refuse_judged(view, attempt, problem).await
    }

    async fn refuse_judged<T>(
        &self,
        view: &View,
        attempt: Attempt,
        problem: &(dyn Registered + Sync),
    ) -> Result<T, Failure<Refusal>> {
        let touch = attempt.account.map(|account| {
            ProfilesWrite::TouchMembership { account, subject: view.subject, at: attempt.now }.into()
        });
        let beside = touch.into_iter().collect();
        Err(Failure::Refused(self.refuse_before_proof(problem, attempt, RefusedBy::Secret, beside).await?))
    }

    /// The password was right: the truth, and the session, in one commit that requires what was read to be still so.
    async fn finish(
        &self,
        view: View,
        (kind, attempt): (AddressKind, Attempt),
        proven: Proven,
    ) -> Result<SignIn, Failure<Refusal>> {
        let Proven { proof, password, taken, label, leaves_device } = proven;
        let (subject, now) = (view.subject, attempt.now);
        // The hash is computed once, whatever the rounds below.
        let place = if password.needs_rehash() { self.pool.reserve().ok() } else { None };
        let renewed = match place {
            Some(place) => {
                let salt = HashSalt::make(&*self.entropy)?;
                Some(place.rehash(password, salt).await.map_err(hash_fault)?)
            }
            None => None,
        };
        let entering = Entering {
            evidence: Evidence { amr: Amr::Password, at: proof.at() },
            second: None,
            generation: Some(proof.generation()),
            label,
            device: view.device_key(),
            leaves_device: leaves_device && view.device.is_none(),
            factor: None,
            remembers: false,
            by_device: None,
        };
        // The first round decides on what was read before the proof, and its commit requires that to be still so.
        let (mut profile, mut stored) = (view.read.profile.clone(), view.read.password.clone());
        let mut places = Places::of(&view);
        let mut moved = Moved::Nothing;
        for _ in 0..ROUNDS {
            if moved == Moved::Something {
                profile = self.store.profile(subject).await?;
                stored = self.store.password(subject).await?;
            }
            self.look_again(moved, subject, attempt, &mut places).await?;
            let Some(profile) = profile.as_ref() else { return self.refuse_secret(&view, attempt).await };
            let same = stored.as_ref().filter(|stored| stored.generation == proof.generation());
            let Some(same) = same else { return self.refuse_secret(&view, attempt).await };
            moved = Moved::Something;

            let id = self.batch_id(now)?;
            let mut writes: Vec<AnyWrite> = vec![taken.settle().into()];
            let mut set_by = same.set_by;
            writes.push(match &renewed {
                Some(hash) if same.version == proof.version() => {
                    set_by = id;
                    rehashed(same, hash, id).into()
                }
                _ => CredentialsWrite::RequirePassword { subject, generation: proof.generation() }.into(),
            });
            if let Some(block) = profile.blocked_at(now) {
                if self.land(id, now, writes).await?.is_some() {
                    continue;
                }
                return Err(Failure::Refused(self.refuse_blocked(block, subject, attempt).await?));
            }
            if profile.factor_since.is_some() {
                if self.land(id, now, writes).await?.is_some() {
                    continue;
                }
                // A reset whose waiting time is over ends here, by the password that began it (R33).
                if self.ends_reset(profile, proof.generation(), now).await?.is_some() {
                    continue;
                }
                let shown = Shown::password(&proof, set_by, (profile, kind, attempt), &entering, id);
                return Ok(SignIn::FactorNeeded(self.pending_of(&shown, profile, now).await?));
            }
            if proof.must_change() {
                if self.land(id, now, writes).await?.is_some() {
                    continue;
                }
                let once = Once { subject, generation: proof.generation(), at: proof.at() };
                let (proof, because) = self.permit_change(once, profile.epoch, attempt.account, now).await?;
                return Ok(SignIn::PasswordChangeNeeded { proof, because });
            }
            match self.let_in(attempt, profile, &entering, &places, (id, writes)).await? {
                Ok(signed_in) => return Ok(SignIn::SignedIn(signed_in)),
                // Whatever moved is read again at the top, where another generation is judged, too.
                Err(what) => moved = what,
            }
        }
        Err(busy().into())
    }

    /// Reads again what has moved.
    pub(crate) async fn look_again(
        &self,
        moved: Moved,
        subject: SubjectId,
        attempt: Attempt,
        places: &mut Places,
    ) -> Result<(), Error> {
        if let (Moved::Something, Some(account)) = (moved, attempt.account) {
            places.door = self.door(account, subject).await?;
        }
        if moved != Moved::Nothing {
            places.sessions = self.store.sessions(subject).await?;
            places.devices = self.store.devices(subject).await?;
        }
        Ok(())
    }

    /// The operator keeps the person out, whichever way in it was.
    pub(crate) async fn refuse_blocked(
        &self,
        block: Block,
        subject: SubjectId,
        attempt: Attempt,
    ) -> Result<Refusal, Error> {
        let problem = Problem::Blocked { until: block.until };
        let actor = EventActor::Person(subject);
        self.refuse_after_proof(&problem, actor, Some(subject), attempt.account, attempt.now).await
    }
}

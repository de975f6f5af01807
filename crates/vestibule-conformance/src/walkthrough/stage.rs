//! Where the scenes are played: a deployment with a clock and draws of its own, and the people in it.

use core::sync::atomic::{AtomicI64, Ordering};
use core::time::Duration;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use vestibule::{
    Acting, Authenticated, BuildError, CaseReport, ChangePermit, ErasedStore, NewPerson, NoticeKind,
    PendingSignIn, PhoneCodes, Provider, ProviderAnswer, ProviderSignIn, ProviderSignInRequest, Reason,
    RecoveryRequest, SignIn, SignInRequest, SignedIn, Store, Vestibule, erase, look_up_case,
};
use vestibule_core::{
    AccountId, Audience, ClientAddress, Clock, Error, Failure, IdError, Identifier, KeyId, KeyPurpose,
    KeyRing, KeyRingError, LoginEmail, MessageId, PhoneNumber, Refusal, Remedy, Secret, StoreError,
    SubjectId, Timestamp,
};
use vestibule_credentials::HashPoolConfig;
use vestibule_profiles::{Move, NewAccount, NewMember, ProfilesRead, Role, Status};

use super::Options;
use super::entropy::StageEntropy;
use super::scene::Played;

/// What everybody's password is at first.
pub(super) const PASSWORD: &str = "seven herons over the estuary";
/// What is typed in its place.
pub(super) const WRONG: &str = "seven herons over the estaury";
/// What it becomes.
pub(super) const NEW_PASSWORD: &str = "eleven otters below the pier";

/// A provider that people come by.
pub(super) const PROVIDER: &str = "https://accounts.example.net";
/// A provider by which nobody signs up.
pub(super) const STAFF: &str = "https://staff.example.org";

/// Memory in KiB and work of the hash that another system left behind.
const IMPORTED: (u32, u64) = (64, 192);

/// Scenes are a week apart: no window, case or session of one reaches into another.
const APART: Duration = Duration::from_secs(7 * 24 * 3600);

/// Why a scene was not played to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// The store holds somebody who is to come into being only now.
    #[error("the store is not empty")]
    NotEmpty,
    /// The deployment did not start.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The store, the pool or the draws failed.
    #[error("a fault: {0:?}")]
    Fault(Error),
    /// Something that must be possible was refused.
    #[error("{what} was refused: {code}")]
    Refused {
        /// What was tried.
        what: &'static str,
        /// The code.
        code: &'static str,
    },
    /// Something that must be refused was allowed.
    #[error("{what} was allowed")]
    Allowed {
        /// What was tried.
        what: &'static str,
    },
    /// A line of the script is wrong.
    #[error("the script is wrong: {0}")]
    Script(String),
}

impl From<Error> for StageError {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

impl From<StoreError> for StageError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// Whatever cannot fail with the script's own words.
macro_rules! of_script {
    ($($error:ty),+) => {
        $(impl From<$error> for StageError {
            fn from(error: $error) -> Self {
                Self::Script(error.to_string())
            }
        })+
    };
}

of_script!(
    IdError,
    KeyRingError,
    vestibule_core::AddressError,
    vestibule_mfa::NameError,
    vestibule_profiles::PolicyError,
    vestibule::ReasonError
);

fn provider(issuer: &str) -> Result<Provider, StageError> {
    Provider::new(issuer).map_err(|error| StageError::Script(error.to_string()))
}

struct StageClock(AtomicI64);

impl Clock for StageClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }

    fn is_system(&self) -> bool {
        false
    }
}

/// Where a sign-in led.
#[derive(Debug)]
pub(super) enum Door {
    /// Signed in, and into the account if one was named.
    In(SignedIn),
    /// Signed in, and not admitted to the account.
    Outside(SignedIn, Refusal),
    /// The second factor is needed; there is no session yet.
    Factor(PendingSignIn),
    /// One change of the password is allowed, and nothing else.
    MustChange(ChangePermit, Refusal),
    /// Refused.
    Shut(Refusal),
}

impl Door {
    pub(super) fn of(mut signed_in: SignedIn) -> Self {
        match signed_in.entered.take() {
            Some(Err(refusal)) => Self::Outside(signed_in, refusal),
            entered => {
                signed_in.entered = entered;
                Self::In(signed_in)
            }
        }
    }

    /// Where the first factor led, or both.
    pub(super) fn after(outcome: SignIn) -> Self {
        match outcome {
            SignIn::SignedIn(signed_in) => Self::of(signed_in),
            SignIn::FactorNeeded(pending) => Self::Factor(pending),
            SignIn::PasswordChangeNeeded { proof, because } => Self::MustChange(proof, because),
        }
    }

    /// The end that `scenarios.toml` names.
    pub(super) fn end(&self) -> String {
        match self {
            Self::In(SignedIn { entered: Some(_), .. }) => "entered".to_owned(),
            Self::In(_) => "signed_in".to_owned(),
            Self::Outside(_, refusal) => format!("outside {}", refusal.code()),
            Self::Factor(_) => "factor_needed".to_owned(),
            Self::MustChange(..) => "must_change".to_owned(),
            Self::Shut(refusal) => format!("refused {}", refusal.code()),
        }
    }

    pub(super) fn refusal(self, what: &'static str) -> Result<Refusal, StageError> {
        match self {
            Self::Outside(_, refusal) | Self::MustChange(_, refusal) | Self::Shut(refusal) => Ok(refusal),
            Self::Factor(_) | Self::In(_) => Err(StageError::Allowed { what }),
        }
    }

    pub(super) fn signed_in(self, what: &'static str) -> Result<SignedIn, StageError> {
        match self {
            Self::In(signed_in) | Self::Outside(signed_in, _) => Ok(signed_in),
            Self::Factor(_) => Err(StageError::Refused { what, code: "factor_needed" }),
            Self::MustChange(_, refusal) | Self::Shut(refusal) => {
                Err(StageError::Refused { what, code: refusal.code() })
            }
        }
    }
}

/// The deployment, and the scene that is being played.
pub(super) struct Stage {
    pub(super) vestibule: Vestibule,
    store: ErasedStore,
    entropy: Arc<StageEntropy>,
    clock: Arc<StageClock>,
    start: Timestamp,
    scenario: &'static str,
    number: u32,
    client: IpAddr,
    seen: BTreeSet<MessageId>,
}

impl Stage {
    pub(super) fn build(store: impl Store, options: &Options) -> Result<Self, StageError> {
        let store = erase(store);
        let entropy = Arc::new(StageEntropy::new(options.seed));
        let clock = Arc::new(StageClock(AtomicI64::new(options.clock.unix_micros())));
        entropy.operation("build");
        let mut ring = KeyRing::builder();
        for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
            let id = KeyId::parse("stage").map_err(|error| StageError::Script(error.to_string()))?;
            let drawn = Sha256::new_with_prefix(b"vestibule walkthrough key")
                .chain_update(options.seed.to_be_bytes())
                .chain_update(format!("{purpose:?}"));
            ring = ring.current(purpose, id, Secret::new(drawn.finalize().into()));
        }
        let vestibule = Vestibule::builder()
            .store(store.clone())
            .keys(ring.build()?)
            .hashing(
                HashPoolConfig::new(options.hashing, 1)
                    .with_largest_memory_kib(options.hashing.memory_kib().max(IMPORTED.0))
                    .with_largest_work(options.hashing.work().max(IMPORTED.1)),
            )
            .entropy(Arc::clone(&entropy))
            .clock(Arc::clone(&clock))
            .product("Walkthrough")
            .phone_codes(PhoneCodes::default())
            .provider(provider(PROVIDER)?)
            .provider(provider(STAFF)?.without_sign_up())
            .build()?;
        Ok(Self {
            vestibule,
            store,
            entropy,
            clock,
            start: options.clock,
            scenario: "",
            number: 0,
            client: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
            seen: BTreeSet::new(),
        })
    }

    /// Sets the clock and the draws for a scene. They depend on its place in the table, not on what was played before.
    pub(super) fn begin(&mut self, scenario: &'static str, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.scenario = scenario;
        self.number = number;
        self.entropy.begin(scenario);
        let start = self.start.plus(APART.saturating_mul(number));
        self.clock.0.store(start.unix_micros(), Ordering::SeqCst);
        let host = u8::try_from(number % 250).unwrap_or(0) + 1;
        self.client = IpAddr::V4(Ipv4Addr::new(192, 0, 2, host));
    }

    pub(super) fn wait(&self, span: Duration) {
        let now = self.clock.now().plus(span);
        self.clock.0.store(now.unix_micros(), Ordering::SeqCst);
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Names what is done next, for the draws.
    pub(super) fn operation(&self, operation: &'static str) -> &Vestibule {
        self.entropy.operation(operation);
        &self.vestibule
    }

    /// An address that belongs to this scene alone.
    pub(super) fn address(&self, name: &str) -> String {
        format!("{name}.{}@example.com", self.scenario)
    }

    /// A phone number that belongs to this scene alone, of those kept for stories (555-0100 to 555-0199).
    pub(super) fn phone(&self) -> String {
        format!("+1 202 555 01{:02}", self.number % 100)
    }

    /// The id of somebody in this scene.
    pub(super) fn subject(&self, name: &str) -> Result<SubjectId, StageError> {
        subject_in(self.scenario, name)
    }

    /// Somebody with a mailbox and a password.
    pub(super) async fn person(&mut self, name: &'static str) -> Result<SubjectId, StageError> {
        let login = LoginEmail::parse(&self.address(name))?;
        self.register(name, NewPerson::verified_by_host(login).password(PASSWORD)).await
    }

    /// Somebody with a mailbox, a phone and a password.
    pub(super) async fn person_with_phone(&mut self, name: &'static str) -> Result<SubjectId, StageError> {
        let login = LoginEmail::parse(&self.address(name))?;
        let phone = PhoneNumber::parse(&self.phone())?;
        self.register(name, NewPerson::verified_by_host(login).also(phone).password(PASSWORD)).await
    }

    /// Somebody with a mailbox and no password.
    pub(super) async fn person_without_password(
        &mut self,
        name: &'static str,
    ) -> Result<SubjectId, StageError> {
        let login = LoginEmail::parse(&self.address(name))?;
        self.register(name, NewPerson::verified_by_host(login)).await
    }

    pub(super) async fn register(&mut self, name: &str, person: NewPerson) -> Result<SubjectId, StageError> {
        let subject = self.subject(name)?;
        match self.operation("register").register_verified(person.subject(subject)).await {
            Ok(subject) => Ok(subject),
            Err(Failure::Refused(refusal))
                if matches!(refusal.code(), "profile.taken" | "identifier.taken") =>
            {
                Err(StageError::NotEmpty)
            }
            Err(failure) => Err(unexpected("registering somebody", failure)),
        }
    }

    /// The account of this name.
    pub(super) fn account(&self, name: &str) -> Result<AccountId, StageError> {
        Ok(AccountId::try_from(format!("{}/{name}", self.scenario).as_str())?)
    }

    /// Somebody's new account; they administer it.
    pub(super) async fn company(
        &mut self,
        owner: &'static str,
        name: &'static str,
    ) -> Result<(AccountId, Authenticated), StageError> {
        let who = self.session(owner).await?;
        let account = self.account(name)?;
        let new = NewAccount::new(account, name, Role::parse("owner")?);
        let created = self.operation("create_account").create_account(&who, new).await;
        done("creating an account", created)?;
        Ok((account, who))
    }

    /// With Ada, who administers Acme, and Ben, a member of it.
    pub(super) async fn office(&mut self) -> Result<Office, StageError> {
        self.person("ada").await?;
        let ben = self.person("ben").await?;
        let (acme, ada) = self.company("ada", "acme").await?;
        self.add(&ada, acme, NewMember::active(ben, Role::parse("employee")?)).await?;
        self.mark().await?;
        Ok(Office { acme, ada, ben })
    }

    pub(super) async fn add(
        &self,
        by: &Authenticated,
        account: AccountId,
        member: NewMember,
    ) -> Result<(), StageError> {
        let by = Acting::Administrator(by);
        done("adding a member", self.operation("add_member").add_member(by, account, member).await)
    }

    pub(super) async fn move_member(
        &self,
        by: &Authenticated,
        account: AccountId,
        subject: SubjectId,
        step: Move,
    ) -> Result<(), StageError> {
        let by = Acting::Administrator(by);
        let moved = self.operation("move_member").move_member(by, account, subject, step).await;
        done("moving a membership", moved)
    }

    /// Where everybody in the scene comes from.
    pub(super) fn client(&self) -> Option<ClientAddress> {
        Some(self.client.into())
    }

    /// Somebody at the door of the deployment, typing this.
    pub(super) fn request(&self, login: impl Into<String>, password: &str) -> SignInRequest {
        SignInRequest::new(login, password).from_client(self.client)
    }

    /// Signs somebody in who has the password of everybody.
    pub(super) fn of(&self, name: &str) -> SignInRequest {
        self.request(self.address(name), PASSWORD)
    }

    /// The same, from a device that they have used before.
    pub(super) fn on_device(&self, name: &str, device: Option<Secret<String>>) -> SignInRequest {
        match device {
            Some(device) => self.of(name).device(device),
            None => self.of(name),
        }
    }

    pub(super) async fn sign_in(&self, request: SignInRequest) -> Result<Door, StageError> {
        match self.operation("sign_in").sign_in(request).await {
            Ok(outcome) => Ok(Door::after(outcome)),
            Err(Failure::Refused(refusal)) => Ok(Door::Shut(refusal)),
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }

    /// Somebody comes back from a provider with this answer.
    pub(super) async fn come_with(
        &self,
        answer: ProviderAnswer,
        account: Option<AccountId>,
    ) -> Result<Door, StageError> {
        let mut request = ProviderSignInRequest::new(answer).from_client(self.client);
        if let Some(account) = account {
            request = request.into_account(account);
        }
        match self.operation("sign_in_with_provider").sign_in_with_provider(request).await {
            Ok(ProviderSignIn::FactorNeeded(pending)) => Ok(Door::Factor(pending)),
            Ok(ProviderSignIn::SignedIn(signed_in)) => Ok(Door::of(signed_in)),
            Ok(ProviderSignIn::UnknownLink(unknown)) => Ok(Door::Shut(unknown.because)),
            Err(Failure::Refused(refusal)) => Ok(Door::Shut(refusal)),
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }

    /// A new session of somebody, by their password.
    pub(super) async fn session(&self, name: &'static str) -> Result<Authenticated, StageError> {
        let signed_in = self.sign_in(self.of(name)).await?.signed_in("signing in")?;
        self.authenticate(&signed_in.token).await
    }

    pub(super) async fn authenticate(&self, token: &Secret<String>) -> Result<Authenticated, StageError> {
        done("using a session", self.operation("authenticate").authenticate(token).await)
    }

    /// Enters an account with a session.
    pub(super) async fn enter(&self, who: &Authenticated, account: AccountId) -> Result<String, StageError> {
        match self.operation("enter").enter(who, account, self.client()).await {
            Ok(()) => Ok("entered".to_owned()),
            Err(Failure::Refused(refusal)) => Ok(format!("outside {}", refusal.code())),
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }

    /// Somebody asks for a way back in, for this address.
    pub(super) async fn ask(&self, login: &str) -> Result<(), StageError> {
        let request = RecoveryRequest::new(login).from_client(self.client);
        done("asking for a link", self.operation("request_recovery").request_recovery(request).await)
            .map(drop)
    }

    /// The link that waits in somebody's mailbox.
    pub(super) async fn link(&self, to: &str) -> Result<Secret<String>, StageError> {
        self.link_among(to, |_| true).await
    }

    /// The link of this kind that waits in somebody's mailbox.
    pub(super) async fn link_of(&self, to: &str, kind: NoticeKind) -> Result<Secret<String>, StageError> {
        self.link_among(to, |other| other == kind).await
    }

    async fn link_among(
        &self,
        to: &str,
        is: impl Fn(NoticeKind) -> bool,
    ) -> Result<Secret<String>, StageError> {
        let mut after = None;
        loop {
            let page = self.vestibule.waiting_messages(after, 64).await?;
            for message in page.messages {
                // EXPOSE: compared with the address that the scene asks for.
                let sent = message.recipient.expose() == to && is(message.notice.kind);
                if let (true, Some(link)) = (sent, message.link) {
                    return Ok(link);
                }
            }
            after = page.next;
            if after.is_none() {
                return Err(StageError::Script(format!("no link waits for {to}")));
            }
        }
    }

    /// Sets the new password by a link.
    pub(super) async fn recover(&self, link: &Secret<String>) -> Result<(), Failure<Refusal>> {
        self.operation("recover").recover(link, NEW_PASSWORD, None).await
    }

    /// R1 and R4, one after the other: a link is asked for, sets the new password, and that signs in.
    pub(super) async fn back_in(&self, name: &str) -> Result<String, StageError> {
        let login = self.address(name);
        self.ask(&login).await?;
        done("setting a new password", self.recover(&self.link(&login).await?).await)?;
        Ok(self.sign_in(self.request(login, NEW_PASSWORD)).await?.end())
    }

    /// What has arrived up to now belongs to the preparations.
    pub(super) async fn mark(&mut self) -> Result<(), StageError> {
        self.mail().await.map(|_| ())
    }

    /// The messages that wait and have not been seen, by recipient and purpose.
    async fn mail(&mut self) -> Result<Vec<(String, &'static str, String)>, StageError> {
        let mut letters = Vec::new();
        let mut after = None;
        loop {
            let page = self.vestibule.waiting_messages(after, 64).await?;
            for message in page.messages {
                if self.seen.insert(message.id) {
                    // EXPOSE: the story is told to whoever plays it, with addresses that are nobody's.
                    let to = message.recipient.expose().clone();
                    letters.push((to, message.notice.kind.code(), message.notice.text()));
                }
            }
            after = page.next;
            if after.is_none() {
                letters.sort_unstable();
                return Ok(letters);
            }
        }
    }

    /// The scene up to the refusal.
    pub(super) async fn told(&mut self, refusal: &Refusal) -> Result<Played, StageError> {
        let letters = self.mail().await?;
        let public = refusal.public();
        Ok(Played {
            code: refusal.code(),
            public: public.code,
            case: refusal.case(),
            visitor: said(refusal),
            mailbox: letters.iter().map(|(_, code, _)| *code).collect(),
            letters: letters.iter().map(|(to, _, text)| format!("To {to}: {text}")).collect(),
            facts: Vec::new(),
            sentences: Vec::new(),
            remedies: refusal.remedies(),
            applied: None,
            pending: None,
            then: String::new(),
            end: String::new(),
        })
    }

    /// Adds what the account's administrator sees of somebody, and of the case.
    pub(super) async fn seen(
        &self,
        mut played: Played,
        by: &Authenticated,
        account: AccountId,
        subject: SubjectId,
    ) -> Result<Played, StageError> {
        let by = Acting::Administrator(by);
        let view = self.operation("view_member").view_member(by, account, subject).await;
        let view = done("looking at a member", view)?;
        played.facts = facts(&view);
        played.sentences = view.sentences();
        let case = self.operation("look_up_case").look_up_account_case(by, account, played.case).await;
        if let Some(CaseReport { code, .. }) = done("looking up a case", case)? {
            played.facts.push("case");
            played.sentences.push(format!("Case {}: {code}.", played.case));
        }
        Ok(played)
    }

    /// A fact that the operator finds under the case reference.
    pub(super) async fn looked_up(&self, played: &Played, fact: &str) -> Result<String, StageError> {
        let found = look_up_case(&self.store, played.case).await?;
        let facts = found.into_iter().flat_map(|report| report.facts);
        let value = facts.into_iter().find(|(name, _)| name == fact).map(|(_, value)| value);
        value.ok_or_else(|| StageError::Script(format!("case {} has no fact {fact}", played.case)))
    }

    /// Why the operator acts: the case that the visitor read out.
    pub(super) fn reason(played: &Played) -> Result<Reason, StageError> {
        Ok(Reason::parse(&format!("case {}", played.case))?)
    }
}

/// Ada, who administers Acme, and Ben, a member of it.
pub(super) struct Office {
    pub(super) acme: AccountId,
    pub(super) ada: Authenticated,
    pub(super) ben: SubjectId,
}

impl Played {
    /// The remedy was pressed, and this is what came of it.
    pub(super) fn pressed(mut self, remedy: Remedy, how: &str, end: impl Into<String>) -> Self {
        self.applied = Some(remedy);
        self.ended(how, end)
    }

    /// The remedy is not built yet.
    pub(super) fn waits_for(mut self, capability: &'static str, how: &str, end: impl Into<String>) -> Self {
        self.pending = Some(capability);
        self.ended(how, end)
    }

    fn ended(mut self, how: &str, end: impl Into<String>) -> Self {
        self.end = end.into();
        self.then = format!("{how} {}", sentence(&self.end));
        self
    }
}

/// What the page shows: the text, and the facts that the visitor may know.
fn said(refusal: &Refusal) -> String {
    let facts = refusal.facts_for(Audience::Visitor);
    let facts: Vec<String> =
        facts.map(|(name, value)| format!("{}: {value}", name.replace('_', " "))).collect();
    let text = refusal.public().text;
    if facts.is_empty() { text.to_owned() } else { format!("{text} ({})", facts.join(", ")) }
}

/// An end in words.
fn sentence(end: &str) -> String {
    match end {
        "entered" => "They are in the account.".to_owned(),
        "signed_in" => "They are signed in.".to_owned(),
        "signed_out" => "Every session is ended.".to_owned(),
        "factor_needed" => "They are asked for the second factor.".to_owned(),
        other => match other.split_once(' ') {
            Some(("refused", code)) => format!("They are refused: {code}."),
            Some(("outside", code)) => format!("They are signed in and stay outside: {code}."),
            _ => format!("The end is {other}."),
        },
    }
}

fn facts(view: &vestibule::MemberView) -> Vec<&'static str> {
    use vestibule::LoginSeen;
    use vestibule_profiles::AccountState;
    let mut facts = Vec::new();
    match view.account {
        AccountState::Open => {}
        AccountState::Suspended => facts.push("account_suspended"),
        AccountState::Closed => facts.push("account_closed"),
    }
    let Some(member) = &view.member else {
        facts.push("no_member");
        return facts;
    };
    facts.push(match member.status {
        Status::Active => "active",
        Status::AwaitingApproval => "awaiting_approval",
        Status::Dismissed => "dismissed",
    });
    facts.push(match member.login {
        LoginSeen::None => "no_login",
        LoginSeen::Masked(_) => "login_masked",
    });
    if member.wrong_secret_recently {
        facts.push("wrong_secret");
    }
    match member.factor {
        Some(factor) if !factor.set_up => facts.push("no_factor"),
        Some(factor) => facts.push(if factor.codes { "factor" } else { "factor_without_codes" }),
        None => {}
    }
    if member.exempt_until.is_some() {
        facts.push("exempt");
    }
    facts
}

/// Everybody who appears in a scene.
const CAST: [&str; 4] = ["ada", "ben", "cleo", "private"];

fn subject_in(scenario: &str, name: &str) -> Result<SubjectId, StageError> {
    Ok(SubjectId::try_from(format!("{scenario}/{name}").as_str())?)
}

/// Whether nobody of this scene is in the store. (Played again with the same draws, every batch would only be
/// recognised.)
pub(super) async fn nobody_of(store: &impl ProfilesRead, scenario: &str) -> Result<bool, StageError> {
    for name in CAST {
        if store.profile(subject_in(scenario, name)?).await?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What must succeed.
pub(super) fn done<T>(what: &'static str, result: Result<T, Failure<Refusal>>) -> Result<T, StageError> {
    result.map_err(|failure| unexpected(what, failure))
}

/// What must be refused.
pub(super) fn refused<T>(
    what: &'static str,
    result: Result<T, Failure<Refusal>>,
) -> Result<Refusal, StageError> {
    match result {
        Ok(_) => Err(StageError::Allowed { what }),
        Err(Failure::Refused(refusal)) => Ok(refusal),
        Err(Failure::Fault(fault)) => Err(fault.into()),
    }
}

fn unexpected(what: &'static str, failure: Failure<Refusal>) -> StageError {
    match failure {
        Failure::Refused(refusal) => StageError::Refused { what, code: refusal.code() },
        Failure::Fault(fault) => fault.into(),
    }
}

/// The login's key, for the host's word on a challenge.
pub(super) fn key_of(login: &str) -> Result<vestibule_core::AddressKey, StageError> {
    Ok(Identifier::parse_login(login)?.key())
}

//! PR-14: if a profile has a confirmed second factor, no path yields a session, an admission or a profile change without
//! second-factor evidence, but for the closed list of exceptions.

use core::time::Duration;

use vestibule::{
    Acting, Authenticated, ConnectRequest, Enrolling, FactorAnswer, LoginChange, NewPerson, NextStep,
    PendingSignIn, ProviderAnswer, ProviderIdentity, ProviderSignIn, ProviderSignInRequest, RecoveryRequest,
    SignIn, SignInRequest, TurnFactorOff,
};
use vestibule_core::{AccountId, Failure, LoginEmail, Refusal, Secret, SocialSubject, SubjectId};
use vestibule_mfa::{AuthenticatorId, AuthenticatorName};
use vestibule_profiles::{AccountPolicy, FactorRequirement, Move, NewAccount};

use crate::app::App;
use crate::doors::BOB;
use crate::world::{ADA, HOME, NEW, RIGHT, World, block_on, reason, refused, role};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What holds when somebody comes to the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FactorOn,
    /// As before, in an account that accepts remembered devices: so does the account of every state below that has a factor.
    Remembering,
    /// The code was shown on the device longer ago than the account allows.
    RememberedTooLong,
    FactorStopped,
    Dismissed,
    Blocked,
    Exempt,
    ExemptionOver,
    /// The account asks for a factor that the person has not set up yet.
    Grace,
    GraceOver,
    ResetRunning,
    ResetOver,
    ResetByOperator,
    MustChange,
}

const STATES: [State; 14] = [
    State::FactorOn,
    State::Remembering,
    State::RememberedTooLong,
    State::FactorStopped,
    State::Dismissed,
    State::Blocked,
    State::Exempt,
    State::ExemptionOver,
    State::Grace,
    State::GraceOver,
    State::ResetRunning,
    State::ResetOver,
    State::ResetByOperator,
    State::MustChange,
];

/// By what somebody comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Password,
    Provider,
    RecoveredPassword,
    ExemptByPassword,
    ExemptByProvider,
    Code,
    RecoveryCode,
    CodeAfterProvider,
    SetUp,
    ReplacedPassword,
    RememberedByPassword,
    RememberedByProvider,
    /// By a device that is known and was never to be remembered.
    KnownByPassword,
}

const WAYS: [Way; 13] = [
    Way::Password,
    Way::Provider,
    Way::RecoveredPassword,
    Way::ExemptByPassword,
    Way::ExemptByProvider,
    Way::Code,
    Way::RecoveryCode,
    Way::CodeAfterProvider,
    Way::SetUp,
    Way::ReplacedPassword,
    Way::RememberedByPassword,
    Way::RememberedByProvider,
    Way::KnownByPassword,
];

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// No session.
    Out,
    /// A session that opens the account that exempts or accepts a device, and nothing else.
    Narrow { entered: bool },
    /// A session that may do everything; whether it is in the account.
    Whole { entered: bool },
}

struct Scene {
    world: World,
    bob: SubjectId,
    account: AccountId,
    app: Option<App>,
    codes: Vec<String>,
    /// Tokens of a device that is remembered and of one that is only known.
    devices: Option<(Secret<String>, Secret<String>)>,
}

fn link_of_bob() -> SocialSubject {
    SocialSubject::new(HOME, BOB).unwrap()
}

/// Ada administers the account, Bob is a member with a password and a social account.
fn scene(state: State) -> Scene {
    let (world, _) = World::with_ada();
    let person =
        NewPerson::verified_by_host(LoginEmail::parse(BOB).unwrap()).also(link_of_bob()).password(RIGHT);
    let bob = block_on(world.vestibule.register_verified(person)).unwrap();
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    world.add(&ada, account, bob);
    let v = world.vestibule.clone();
    if matches!(state, State::Grace | State::GraceOver) {
        let mut policy = AccountPolicy::new();
        policy.factor = Some(FactorRequirement::of_everyone(world.now()).grace(DAY));
        block_on(v.edit_policy(Acting::Operator(&reason()), account, policy)).unwrap();
        if state == State::GraceOver {
            world.clock.advance(DAY);
        }
        return Scene { world, bob, account, app: None, codes: Vec::new(), devices: None };
    }
    let (app, codes, _) = world.enrol(BOB);
    let by = Acting::Administrator(&ada);
    world.next_step();
    let pending = world.pending(SignInRequest::new(BOB, RIGHT));
    let known = world.complete(&pending, app.answer(world.now(), 0)).unwrap().device.unwrap();
    world.next_step();
    let pending = world.pending(SignInRequest::new(BOB, RIGHT));
    let answer = app.answer(world.now(), 0);
    let completed = block_on(v.complete_and_remember(&pending.token, answer, None)).unwrap();
    let SignIn::SignedIn(signed_in) = completed.outcome else { panic!("not in") };
    let devices = Some((signed_in.device.unwrap(), known));
    if state != State::FactorOn {
        let mut policy = AccountPolicy::new();
        policy.remembers_devices = Some(7 * DAY);
        block_on(v.edit_policy(Acting::Operator(&reason()), account, policy)).unwrap();
    }
    world.next_step();
    match state {
        State::FactorOn | State::Remembering | State::Grace | State::GraceOver => {}
        State::RememberedTooLong => world.clock.advance(7 * DAY),
        State::FactorStopped => {
            let pending = world.pending(SignInRequest::new(BOB, RIGHT));
            for _ in 0..100 {
                assert!(world.complete(&pending, app.answer(world.now(), 30)).is_err());
            }
        }
        State::Dismissed => block_on(v.move_member(by, account, bob, Move::Dismiss)).unwrap(),
        State::Blocked => block_on(v.block(&reason(), bob, None)).unwrap(),
        State::Exempt | State::ExemptionOver => {
            let until = world.now().plus(DAY);
            block_on(v.exempt(by, account, bob, Some(until), &reason())).unwrap();
            if state == State::ExemptionOver {
                world.clock.advance(DAY);
            }
        }
        State::ResetRunning | State::ResetOver => {
            let pending = world.pending(SignInRequest::new(BOB, RIGHT));
            world.complete(&pending, app.answer(world.now(), 0)).unwrap();
            world.next_step();
            let pending = world.pending(SignInRequest::new(BOB, RIGHT));
            let _ = block_on(v.request_factor_reset(&pending.token)).unwrap();
            let link = world.link_of(vestibule::NoticeKind::FactorResetLink).link.unwrap();
            block_on(v.begin_factor_reset(&pending.token, &link)).unwrap();
            if state == State::ResetOver {
                world.clock.advance(3 * DAY);
            }
        }
        State::ResetByOperator => block_on(v.reset_factor(&reason(), bob)).unwrap(),
        State::MustChange => block_on(v.require_password_change(&reason(), bob)).unwrap(),
    }
    Scene { world, bob, account, app: Some(app), codes, devices }
}

impl Scene {
    fn request(&self, password: &str) -> SignInRequest {
        SignInRequest::new(BOB, password).into_account(self.account)
    }

    fn by_provider(&self) -> Result<ProviderSignIn, Failure<Refusal>> {
        let identity = ProviderIdentity::verified_by_host(link_of_bob(), self.world.now());
        let request =
            ProviderSignInRequest::new(ProviderAnswer::Identity(identity)).into_account(self.account);
        block_on(self.world.vestibule.sign_in_with_provider(request))
    }

    fn pending_by_password(&self, password: &str) -> Option<PendingSignIn> {
        match self.world.try_in(self.request(password)) {
            Ok(SignIn::FactorNeeded(pending)) => Some(pending),
            _ => None,
        }
    }

    fn pending_by_provider(&self) -> Option<PendingSignIn> {
        match self.by_provider() {
            Ok(ProviderSignIn::FactorNeeded(pending)) => Some(pending),
            _ => None,
        }
    }

    /// What a session token is worth.
    fn worth(&self, token: &Secret<String>) -> Came {
        let who = self.world.authenticate(token).unwrap();
        let entered = block_on(self.world.vestibule.is_admitted(&who, self.account)).unwrap();
        let whole = block_on(self.world.vestibule.list_logins(&who)).is_ok();
        if whole { Came::Whole { entered } } else { Came::Narrow { entered } }
    }

    fn signed(&self, outcome: Result<SignIn, Failure<Refusal>>) -> Came {
        match outcome {
            Ok(SignIn::SignedIn(signed_in)) => self.worth(&signed_in.token),
            _ => Came::Out,
        }
    }

    fn complete(&self, pending: Option<PendingSignIn>, answer: FactorAnswer) -> Came {
        let Some(pending) = pending else { return Came::Out };
        let completed = block_on(self.world.vestibule.complete_sign_in(&pending.token, answer, None));
        self.signed(completed.map(|completed| completed.outcome))
    }

    fn code(&self) -> FactorAnswer {
        match &self.app {
            Some(app) => app.answer(self.world.now(), 0),
            None => FactorAnswer::code("123456"),
        }
    }

    fn exempt(&self, pending: Option<PendingSignIn>) -> Came {
        let Some(pending) = pending else { return Came::Out };
        match block_on(self.world.vestibule.enter_exempt(&pending.token, None)) {
            Ok(signed_in) => self.worth(&signed_in.token),
            Err(_) => Came::Out,
        }
    }

    fn remembered(&self, pending: Option<PendingSignIn>, device: Option<&Secret<String>>) -> Came {
        let (Some(pending), Some(device)) = (pending, device) else { return Came::Out };
        match block_on(self.world.vestibule.enter_remembered(&pending.token, device, None)) {
            Ok(signed_in) => self.worth(&signed_in.token),
            Err(_) => Came::Out,
        }
    }

    fn come(&self, way: Way) -> Came {
        let v = &self.world.vestibule;
        match way {
            Way::Password => self.signed(self.world.try_in(self.request(RIGHT))),
            Way::Provider => match self.by_provider() {
                Ok(ProviderSignIn::SignedIn(signed_in)) => self.worth(&signed_in.token),
                _ => Came::Out,
            },
            Way::RecoveredPassword => {
                let _ = block_on(v.request_recovery(RecoveryRequest::new(BOB))).unwrap();
                let page = block_on(v.waiting_messages(None, 1000)).unwrap();
                let link = page
                    .messages
                    .into_iter()
                    .find(|message| message.notice.kind == vestibule::NoticeKind::RecoveryLink)
                    .and_then(|message| message.link);
                let Some(link) = link else { return Came::Out };
                block_on(v.recover(&link, NEW, None)).unwrap();
                self.signed(self.world.try_in(self.request(NEW)))
            }
            Way::ExemptByPassword => self.exempt(self.pending_by_password(RIGHT)),
            Way::ExemptByProvider => self.exempt(self.pending_by_provider()),
            Way::RememberedByPassword | Way::RememberedByProvider | Way::KnownByPassword => {
                let pending = match way {
                    Way::RememberedByProvider => self.pending_by_provider(),
                    _ => self.pending_by_password(RIGHT),
                };
                let device = self.devices.as_ref().map(|(remembered, known)| match way {
                    Way::KnownByPassword => known,
                    _ => remembered,
                });
                self.remembered(pending, device)
            }
            Way::Code => self.complete(self.pending_by_password(RIGHT), self.code()),
            Way::RecoveryCode => {
                let code = self.codes.first().cloned().unwrap_or_default();
                self.complete(self.pending_by_password(RIGHT), FactorAnswer::recovery_code(code))
            }
            Way::CodeAfterProvider => self.complete(self.pending_by_provider(), self.code()),
            Way::SetUp => {
                let Some(pending) = self.pending_by_password(RIGHT) else { return Came::Out };
                let name = AuthenticatorName::parse("a thief's").unwrap();
                let enrolling = Enrolling::Pending(&pending.token);
                let Ok(begun) = block_on(v.begin_authenticator(enrolling, &name)) else { return Came::Out };
                let app = App::scan(&begun);
                let code = app.code(self.world.now(), 0);
                let enrolled = block_on(v.confirm_authenticator(enrolling, app.id, &code, None)).unwrap();
                match enrolled.resumed {
                    vestibule::Resumed::SignedIn(signed_in) => self.worth(&signed_in.token),
                    other => panic!("{other:?}"),
                }
            }
            Way::ReplacedPassword => match self.world.try_in(self.request(RIGHT)) {
                Ok(SignIn::PasswordChangeNeeded { proof, .. }) => {
                    block_on(v.replace_password(proof, NEW)).unwrap();
                    self.signed(self.world.try_in(self.request(NEW)))
                }
                _ => Came::Out,
            },
        }
    }
}

/// The whole table, by words of its own.
fn expected(way: Way, state: State) -> Came {
    use State::*;
    let in_account = Came::Whole { entered: true };
    match (way, state) {
        // Nobody gets past a block.
        (_, Blocked) => Came::Out,
        // Without a factor the first one is enough; the grace decides about the account.
        (Way::Password | Way::Provider | Way::RecoveredPassword, Grace) => in_account,
        (Way::Password | Way::Provider | Way::RecoveredPassword, GraceOver) => Came::Whole { entered: false },
        (_, Grace | GraceOver) => Came::Out,
        // With a factor no first factor is, whatever it was.
        (Way::Password | Way::Provider | Way::RecoveredPassword | Way::ReplacedPassword, _) => Came::Out,
        // The exception R23: this account and nothing else.
        (Way::ExemptByPassword | Way::ExemptByProvider, Exempt) => Came::Narrow { entered: true },
        (Way::ExemptByPassword | Way::ExemptByProvider, _) => Came::Out,
        // A remembered device: the account that accepts it and nothing else, while what was remembered stands.
        (Way::KnownByPassword, _) => Came::Out,
        (
            Way::RememberedByPassword | Way::RememberedByProvider,
            FactorOn | RememberedTooLong | Dismissed | ResetByOperator,
        ) => Came::Out,
        // The password that began the reset ends it, and with it what was remembered; it is also the one that must change.
        (Way::RememberedByPassword, ResetOver | MustChange) => Came::Out,
        (Way::RememberedByPassword | Way::RememberedByProvider, _) => Came::Narrow { entered: true },
        // The exception R33, at its end and by the operator.
        (Way::SetUp, ResetOver | ResetByOperator) => in_account,
        (Way::SetUp, _) => Came::Out,
        // The factor opens what it should, and a dismissed person's profile.
        (Way::Code | Way::RecoveryCode | Way::CodeAfterProvider, Dismissed) => Came::Whole { entered: false },
        (Way::Code | Way::CodeAfterProvider, FactorStopped) => Came::Out,
        // The waiting time is over, and only the password that began the reset ends it: a provider's sign-in comes too early.
        (Way::Code | Way::RecoveryCode, ResetOver) => Came::Out,
        (Way::Code | Way::RecoveryCode | Way::CodeAfterProvider, ResetByOperator) => Came::Out,
        (Way::Code | Way::RecoveryCode, MustChange) => Came::Out,
        (Way::Code | Way::RecoveryCode | Way::CodeAfterProvider, _) => in_account,
    }
}

#[test]
fn pr_14_every_way_in_in_every_state_yields_what_its_evidence_allows() {
    let mut cells = 0;
    for state in STATES {
        for way in WAYS {
            let scene = scene(state);
            assert_eq!(scene.come(way), expected(way, state), "{way:?} while {state:?}");
            let _ = scene.bob;
            cells += 1;
        }
    }
    println!("PR-14: {cells} cells, {} ways in times {} states", WAYS.len(), STATES.len());
    assert_eq!(cells, WAYS.len() * STATES.len());
}

/// Bob's session under an exemption.
fn narrow() -> (Scene, Authenticated) {
    let scene = scene(State::Exempt);
    let pending = scene.pending_by_password(RIGHT).unwrap();
    let signed_in = block_on(scene.world.vestibule.enter_exempt(&pending.token, None)).unwrap();
    let who = scene.world.authenticate(&signed_in.token).unwrap();
    (scene, who)
}

/// The same by a remembered device, a moment after the code was shown on it.
fn remembered() -> (Scene, Authenticated) {
    let scene = scene(State::Remembering);
    let pending = scene.pending_by_password(RIGHT).unwrap();
    let (device, _) = scene.devices.as_ref().unwrap();
    let entered = block_on(scene.world.vestibule.enter_remembered(&pending.token, device, None));
    let who = scene.world.authenticate(&entered.unwrap().token).unwrap();
    (scene, who)
}

#[test]
fn pr_14_a_session_under_an_exemption_does_nothing_to_the_profile() {
    let (scene, who) = narrow();
    does_nothing_to_the_profile(&scene, &who);
}

#[test]
fn pr_14_a_session_of_a_remembered_device_does_nothing_to_the_profile() {
    let (scene, who) = remembered();
    does_nothing_to_the_profile(&scene, &who);
}

fn does_nothing_to_the_profile(scene: &Scene, who: &Authenticated) {
    let world = &scene.world;
    let v = &world.vestibule;
    let (link, word) = (Secret::new("vst1_x".to_owned()), AuthenticatorName::parse("x").unwrap());
    let id = AuthenticatorId::from_bytes([0; 16]);
    let answer = || ProviderAnswer::Identity(ProviderIdentity::verified_by_host(link_of_bob(), world.now()));
    let ada = world.session(ADA);
    let before = crate::doors::rows(world).into_iter().filter(|(key, _)| {
        !matches!(crate::doors::table(key).as_str(), "journal.events" | "journal.cases")
            && !crate::doors::table(key).starts_with("journal")
            && !crate::doors::table(key).starts_with("throttle")
    });
    let before: Vec<_> = before.collect();
    let refusals: Vec<(&str, Refusal)> = vec![
        ("change_password", refused(block_on(v.change_password(who, RIGHT, NEW)))),
        (
            "create_account",
            refused(block_on(v.create_account(who, NewAccount::new(9.into(), "Mine", role())))),
        ),
        (
            "request_login_change",
            refused(block_on(v.request_login_change(who, LoginChange::add("new@example.com")))),
        ),
        ("confirm_login_change", refused(block_on(v.confirm_login_change(who, &link)))),
        ("cancel_login_change", refused(block_on(v.cancel_login_change(who)))),
        ("remove_login", refused(block_on(v.remove_login(who, BOB)))),
        ("list_logins", refused(block_on(v.list_logins(who)))),
        ("set_primary_login", refused(block_on(v.set_primary_login(who, BOB)))),
        ("request_login_release", refused(block_on(v.request_login_release(who, BOB)))),
        ("release_login", refused(block_on(v.release_login(who, &link)))),
        ("link_provider", refused(block_on(v.link_provider(who, answer())))),
        ("unlink_provider", refused(block_on(v.unlink_provider(who, &link_of_bob())))),
        ("move_link to", refused(block_on(v.move_link(who, &ada, answer())))),
        ("move_link from", refused(block_on(v.move_link(&ada, who, answer())))),
        ("list_links", refused(block_on(v.list_links(who)))),
        (
            "request_address",
            refused(block_on(v.request_address(who, ConnectRequest::new("new@example.com")))),
        ),
        ("connect_address", refused(block_on(v.connect_address(who, &link, NEW)))),
        ("list_accounts", refused(block_on(v.list_accounts(who, None, 10)))),
        ("list_sessions", refused(block_on(v.list_sessions(who)))),
        ("end_session", refused(block_on(v.end_session(who, who.session())))),
        ("sign_out_everywhere", refused(block_on(v.sign_out_everywhere(who)))),
        ("list_remembered_devices", refused(block_on(v.list_remembered_devices(who)))),
        ("forget_device", refused(block_on(v.forget_device(who, who.session())))),
        ("own_factor", refused(block_on(v.own_factor(who)))),
        ("begin_authenticator", refused(block_on(v.begin_authenticator(Enrolling::Session(who), &word)))),
        (
            "confirm_authenticator",
            refused(block_on(v.confirm_authenticator(
                Enrolling::Session(who),
                id,
                &Secret::new("123456".into()),
                None,
            ))),
        ),
        ("rename_authenticator", refused(block_on(v.rename_authenticator(who, id, &word)))),
        ("remove_authenticator", refused(block_on(v.remove_authenticator(who, id)))),
        ("renew_recovery_codes", refused(block_on(v.renew_recovery_codes(who)))),
        ("turn_factor_off", refused(block_on(v.turn_factor_off(who, TurnFactorOff::by_password(RIGHT))))),
        (
            "turn_factor_off, without a password",
            refused(block_on(v.turn_factor_off(who, TurnFactorOff::without_password()))),
        ),
    ];
    for (operation, refusal) in refusals {
        assert_eq!(refusal.code(), "factor.required", "{operation}");
    }
    let after: Vec<_> = crate::doors::rows(world)
        .into_iter()
        .filter(|(key, _)| {
            !crate::doors::table(key).starts_with("journal")
                && !crate::doors::table(key).starts_with("throttle")
        })
        .collect();
    assert!(before == after, "something about the profile was changed");
    // Confirming the password proves what was proven already.
    let again = block_on(v.confirm_password(who, RIGHT)).unwrap();
    let again = world.resumed(again);
    assert_eq!(refused(block_on(v.own_factor(&again))).code(), "factor.required");
    block_on(v.sign_out(&again)).unwrap();
}

#[test]
fn pr_14_an_exempt_administrator_acts_in_that_account_only() {
    let (world, _) = World::with_ada();
    let bob = world.person(BOB);
    let ada = world.session(ADA);
    let (here, there) = (world.account(&ada, 1), world.account(&ada, 2));
    for account in [here, there] {
        world.add(&ada, account, bob);
        block_on(world.vestibule.change_role(Acting::Administrator(&ada), account, bob, role(), true))
            .unwrap();
    }
    let _ = world.enrol(BOB);
    let until = Some(world.now().plus(DAY));
    block_on(world.vestibule.exempt(Acting::Administrator(&ada), here, bob, until, &reason())).unwrap();
    let pending = world.pending(SignInRequest::new(BOB, RIGHT).into_account(here));
    assert_eq!(pending.next, NextStep::Code);
    let signed_in = block_on(world.vestibule.enter_exempt(&pending.token, None)).unwrap();
    let who = world.authenticate(&signed_in.token).unwrap();
    let eve = world.person("eve@example.com");
    world.add(&who, here, eve);
    let member = vestibule_profiles::NewMember::active(eve, role());
    let there = block_on(world.vestibule.add_member(Acting::Administrator(&who), there, member));
    assert_eq!(refused(there).code(), "admission.factor_required");
    // An exemption is no factor: nobody is asked for what the asker has not shown.
    let mut policy = AccountPolicy::new();
    policy.factor = Some(FactorRequirement::of_everyone(world.now()));
    let asked = block_on(world.vestibule.edit_policy(Acting::Administrator(&who), here, policy));
    assert_eq!(refused(asked).code(), "admission.factor_required");
}

#[test]
fn pr_14_a_social_account_leaves_a_profile_only_with_a_fresh_second_factor() {
    let scene = scene(State::FactorOn);
    let (world, app) = (&scene.world, scene.app.as_ref().unwrap());
    let v = &world.vestibule;
    let pending = world.pending(SignInRequest::new(BOB, RIGHT));
    let bob =
        world.authenticate(&world.complete(&pending, app.answer(world.now(), 0)).unwrap().token).unwrap();
    world.clock.advance(Duration::from_secs(301));
    let bob = world.resumed(block_on(v.confirm_password(&bob, RIGHT)).unwrap());
    let ada = world.session(ADA);
    let answer = || ProviderAnswer::Identity(ProviderIdentity::verified_by_host(link_of_bob(), world.now()));
    assert_eq!(refused(block_on(v.move_link(&ada, &bob, answer()))).code(), "social.proof_too_old");
    let (resumed, _) = block_on(v.step_up(&bob, app.answer(world.now(), 0), None)).unwrap();
    block_on(v.move_link(&ada, &world.resumed(resumed), answer())).unwrap();
}

//! Remembered devices: in the place of a code, where an account accepts that, and nowhere else (P13, PR-14).

use core::time::Duration;
use std::sync::Barrier;

use vestibule::{
    Acting, AnyWrite, Authenticated, FactorAnswer, NextStep, PendingSignIn, ProviderAnswer, ProviderIdentity,
    ProviderSignIn, ProviderSignInRequest, SignIn, SignInRequest, SignedIn, TurnFactorOff,
};
use vestibule_core::{AccountId, Batch, BatchId, Commit, Secret, SessionHandle, SocialSubject, SubjectId};
use vestibule_journal::{EventKind, JournalRead};
use vestibule_profiles::{AccountPolicy, Move};
use vestibule_sessions::{Amr, SessionsRead, decide::forget_device};

use crate::app::{App, code_of, login};
use crate::world::{ADA, HOME, NEW, RIGHT, World, block_on, reason, rounds};

const BOB: &str = "bob@example.com";
const DAY: Duration = Duration::from_secs(24 * 3600);
const TICK: Duration = Duration::from_micros(1);

/// Ada administers two accounts, Bob is a member of both and has a second factor; the first accepts remembered devices.
struct Office {
    world: World,
    ada: Authenticated,
    bob: SubjectId,
    here: AccountId,
    there: AccountId,
    app: App,
    codes: Vec<String>,
}

fn office() -> Office {
    let (world, _) = World::with_ada();
    let bob = world.person(BOB);
    let ada = world.session(ADA);
    let (here, there) = (world.account(&ada, 1), world.account(&ada, 2));
    world.add(&ada, here, bob);
    world.add(&ada, there, bob);
    accept(&world, here, Some(30 * DAY));
    let (app, codes, _) = world.enrol(BOB);
    world.next_step();
    Office { world, ada, bob, here, there, app, codes }
}

fn accept(world: &World, account: AccountId, span: Option<Duration>) {
    let mut policy = AccountPolicy::new();
    policy.remembers_devices = span;
    block_on(world.vestibule.edit_policy(Acting::Operator(&reason()), account, policy)).unwrap();
}

/// The browser keeps it, and sends it as often as it is asked.
fn sent(token: &Secret<String>) -> Secret<String> {
    // EXPOSE: what the browser sends back.
    Secret::new(token.expose().clone())
}

impl Office {
    fn pending(&self, account: AccountId) -> PendingSignIn {
        self.world.pending(login(BOB).into_account(account))
    }

    fn pending_on(&self, device: &Secret<String>, account: AccountId) -> PendingSignIn {
        self.world.pending(login(BOB).into_account(account).device(sent(device)))
    }

    fn remember_by(&self, pending: &PendingSignIn, answer: FactorAnswer) -> SignedIn {
        let completed = block_on(self.world.vestibule.complete_and_remember(&pending.token, answer, None));
        match completed.unwrap().outcome {
            SignIn::SignedIn(signed_in) => signed_in,
            other => panic!("{other:?}"),
        }
    }

    /// A device that Bob had remembered, and the session that he has there.
    fn remember(&self) -> (Secret<String>, Authenticated) {
        self.world.next_step();
        let pending = self.world.pending(login(BOB));
        let signed_in = self.remember_by(&pending, self.app.answer(self.world.now(), 0));
        let who = self.world.authenticate(&signed_in.token).unwrap();
        (signed_in.device.unwrap(), who)
    }

    fn enter(
        &self,
        pending: &PendingSignIn,
        device: &Secret<String>,
    ) -> Result<SignedIn, vestibule_core::Failure<vestibule_core::Refusal>> {
        block_on(self.world.vestibule.enter_remembered(&pending.token, device, None))
    }

    /// The code by which the device is refused.
    fn refused(&self, device: &Secret<String>, account: AccountId) -> &'static str {
        let pending = self.pending_on(device, account);
        assert!(!pending.remembered, "the page offers nothing that is refused");
        self.world.told(self.enter(&pending, device))
    }

    fn enters(&self, device: &Secret<String>) -> Authenticated {
        let pending = self.pending_on(device, self.here);
        assert!(pending.remembered);
        let signed_in = self.enter(&pending, device).unwrap();
        assert_eq!(signed_in.entered.unwrap().unwrap(), self.here);
        self.world.authenticate(&signed_in.token).unwrap()
    }

    fn kinds(&self) -> Vec<EventKind> {
        let events = block_on(self.world.store.events_of_subject(self.bob, None, 1000)).unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }
}

#[test]
fn a_remembered_device_opens_the_account_that_accepts_it_and_nothing_else() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (device, _) = office.remember();
    assert!(office.kinds().contains(&EventKind::DEVICE_REMEMBERED));
    assert_eq!(office.refused(&device, office.there), "factor.device_not_accepted", "off by default");

    world.clock.advance(DAY);
    let pending = office.pending_on(&device, office.here);
    assert_eq!((pending.next, pending.exempt, pending.remembered), (NextStep::Code, false, true));
    let narrow = office.enter(&pending, &device).unwrap();
    assert_eq!(narrow.entered.unwrap().unwrap(), office.here);
    assert!(narrow.device.is_none(), "it keeps its token");
    assert!(office.kinds().contains(&EventKind::SIGN_IN_BY_DEVICE));
    let who = world.authenticate(&narrow.token).unwrap();
    let own = block_on(world.store.sessions(office.bob)).unwrap();
    let row = own.iter().find(|row| row.handle == who.session()).unwrap();
    let amr: Vec<_> = row.evidence.iter().map(|one| (one.amr, world.now().since(one.at))).collect();
    assert_eq!(amr, [(Amr::Password, Duration::ZERO), (Amr::Remembered, DAY)], "dated by the code");

    assert!(block_on(v.is_admitted(&who, office.here)).unwrap());
    block_on(v.enter(&who, office.here, None)).unwrap();
    assert!(!block_on(v.is_admitted(&who, office.there)).unwrap());
    assert_eq!(world.told(block_on(v.enter(&who, office.there, None))), "admission.factor_required");
    for refusal in [
        world.told(block_on(v.change_password(&who, RIGHT, NEW))),
        world.told(block_on(v.list_logins(&who))),
        world.told(block_on(v.list_remembered_devices(&who))),
        world.told(block_on(v.own_factor(&who))),
    ] {
        assert_eq!(refusal, "factor.required");
    }
    // The factor makes it whole, and another account that accepts the device opens, too.
    accept(world, office.there, Some(DAY + TICK));
    block_on(v.enter(&who, office.there, None)).unwrap();
    let (resumed, _) = block_on(v.step_up(&who, office.app.answer(world.now(), 0), None)).unwrap();
    let whole = world.resumed(resumed);
    block_on(v.list_logins(&whole)).unwrap();
}

#[test]
fn one_sign_in_makes_one_session_whatever_stands_in_for_the_factor() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (device, _) = office.remember();
    let until = Some(world.now().plus(DAY));
    let by = Acting::Administrator(&office.ada);
    block_on(v.exempt(by, office.here, office.bob, until, &reason())).unwrap();
    let pending = office.pending_on(&device, office.here);
    assert!(pending.exempt && pending.remembered);
    let _ = office.enter(&pending, &device).unwrap();
    assert_eq!(world.told(office.enter(&pending, &device)), "factor.sign_in_over");
    assert_eq!(world.told(block_on(v.enter_exempt(&pending.token, None))), "factor.sign_in_over");
}

#[test]
fn only_a_device_whose_owner_asked_is_remembered_and_its_token_is_new() {
    let office = office();
    let world = &office.world;
    let pending = office.pending(office.here);
    let plain = world.complete(&pending, office.app.answer(world.now(), 0)).unwrap().device.unwrap();
    assert_eq!(office.refused(&plain, office.here), "factor.device_not_remembered", "nobody asked");

    world.next_step();
    let before = block_on(world.store.devices(office.bob)).unwrap().len();
    let pending = office.pending_on(&plain, office.here);
    let asked = office.remember_by(&pending, office.app.answer(world.now(), 0)).device.unwrap();
    assert_eq!(office.refused(&plain, office.here), "factor.device_not_remembered", "the token of before");
    let _ = office.enters(&asked);
    let devices = block_on(world.store.devices(office.bob)).unwrap();
    let remembered = devices.iter().filter(|row| row.remembered_since.is_some()).count();
    assert_eq!((devices.len(), remembered), (before, 1), "one device takes one slot");
    // By a recovery code, too; and on a device of which nothing was to be left the person asks all the same.
    let pending = world.pending(login(BOB).into_account(office.here).leaving_no_device());
    let code = FactorAnswer::recovery_code(office.codes[0].clone());
    let _ = office.enters(&office.remember_by(&pending, code).device.unwrap());
    // A session that goes on remembers nothing.
    world.next_step();
    let pending = office.pending(office.here);
    let plain = world.complete(&pending, office.app.answer(world.now(), 0)).unwrap();
    world.next_step();
    let who = world.authenticate(&plain.token).unwrap();
    let _ = block_on(world.vestibule.step_up(&who, office.app.answer(world.now(), 0), None)).unwrap();
    assert_eq!(office.refused(&plain.device.unwrap(), office.here), "factor.device_not_remembered");
}

#[test]
fn a_device_is_its_owner_s_and_no_stranger_s() {
    let office = office();
    let world = &office.world;
    let (device, _) = office.remember();
    let (app, ..) = world.enrol(ADA);
    world.next_step();
    let pending = world.pending(login(ADA));
    let hers = office.remember_by(&pending, app.answer(world.now(), 0)).device.unwrap();
    assert_eq!(office.refused(&hers, office.here), "factor.device_not_remembered");
    for nonsense in ["", "vst1_device_k1_0_0"] {
        assert_eq!(
            office.refused(&Secret::new(nonsense.to_owned()), office.here),
            "factor.device_not_remembered"
        );
    }
    // Neither is a device without the password.
    let forged = Secret::new("vst1_x".to_owned());
    let nobody = block_on(world.vestibule.enter_remembered(&forged, &device, None));
    assert_eq!(code_of(nobody), "factor.sign_in_over");
    let _ = office.enters(&device);
}

#[test]
fn what_counts_is_the_code_and_not_the_last_use_and_the_end_itself_is_too_late() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (device, _) = office.remember();
    accept(world, office.here, Some(7 * DAY));
    let mut used = Vec::new();
    for _ in 0..6 {
        world.clock.advance(DAY);
        used.push(office.enters(&device));
    }
    world.clock.advance(DAY - TICK);
    let last = office.enters(&device);
    assert!(block_on(v.is_admitted(&last, office.here)).unwrap());
    world.clock.advance(TICK);
    assert_eq!(office.refused(&device, office.here), "factor.device_not_accepted");
    for who in used.iter().chain([&last]) {
        assert!(!block_on(v.is_admitted(who, office.here)).unwrap(), "by time alone");
        assert_eq!(world.told(block_on(v.enter(who, office.here, None))), "admission.factor_required");
    }
    // Remembered anew, on the same device.
    let pending = office.pending_on(&device, office.here);
    let anew = office.remember_by(&pending, office.app.answer(world.now(), 0)).device.unwrap();
    let _ = office.enters(&anew);
}

#[test]
fn an_account_that_changes_its_mind_shuts_at_the_next_use() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (device, _) = office.remember();
    world.clock.advance(2 * DAY);
    let who = office.enters(&device);
    for (span, open) in [(Some(2 * DAY), false), (Some(2 * DAY + TICK), true), (None, false)] {
        accept(world, office.here, span);
        // The stamp is of another policy: admission is asked for anew.
        assert!(!block_on(v.is_admitted(&who, office.here)).unwrap());
        assert_eq!(block_on(v.enter(&who, office.here, None)).is_ok(), open, "{span:?}");
        assert_eq!(block_on(v.is_admitted(&who, office.here)).unwrap(), open);
    }
    assert_eq!(office.refused(&device, office.here), "factor.device_not_accepted");
    // A policy out of its bounds is none.
    for span in [DAY - TICK, 90 * DAY + TICK] {
        let mut policy = AccountPolicy::new();
        policy.remembers_devices = Some(span);
        let refused = block_on(v.edit_policy(Acting::Operator(&reason()), office.here, policy));
        assert_eq!(world.told(refused), "account.out_of_bounds");
    }
}

#[test]
fn whoever_came_in_by_a_device_does_not_make_its_time_longer() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (by, role) = (Acting::Administrator(&office.ada), crate::world::role());
    block_on(v.change_role(by, office.here, office.bob, role, true)).unwrap();
    let (device, whole) = office.remember();
    let who = office.enters(&device);
    let policy = |days: u32| {
        let mut policy = AccountPolicy::new();
        policy.remembers_devices = Some(days * DAY);
        policy
    };
    let longer = block_on(v.edit_policy(Acting::Administrator(&who), office.here, policy(31)));
    assert_eq!(world.told(longer), "admission.factor_required");
    // Shorter it may be, and with the factor longer.
    block_on(v.edit_policy(Acting::Administrator(&who), office.here, policy(29))).unwrap();
    block_on(v.edit_policy(Acting::Administrator(&whole), office.here, policy(90))).unwrap();
}

/// What a person, the operator or the deployment does after which no device is remembered any more.
#[test]
fn it_dies_with_the_epoch_with_every_change_of_the_factor_and_with_the_codes() {
    type Act = fn(&Office, &Authenticated, &App);
    let acts: [(&str, Act); 9] = [
        ("signing out everywhere", |o, who, _| {
            block_on(o.world.vestibule.sign_out_everywhere(who)).unwrap();
        }),
        ("another authenticator", |o, who, _| {
            let further = o.world.begin(who);
            let _ = o.world.confirm(who, &further);
        }),
        ("one authenticator less", |o, who, spare| {
            let _ = block_on(o.world.vestibule.remove_authenticator(who, spare.id)).unwrap();
        }),
        ("new recovery codes", |o, who, _| {
            let _ = block_on(o.world.vestibule.renew_recovery_codes(who)).unwrap();
        }),
        ("the factor turned off and on again", |o, who, _| {
            let token =
                block_on(o.world.vestibule.turn_factor_off(who, TurnFactorOff::by_password(RIGHT))).unwrap();
            let who = o.world.authenticate(&token).unwrap();
            let new = o.world.begin(&who);
            let _ = o.world.confirm(&who, &new);
        }),
        ("a new password", |o, who, _| {
            block_on(o.world.vestibule.change_password(who, RIGHT, NEW)).unwrap();
        }),
        ("a reset by the operator", |o, _, _| {
            block_on(o.world.vestibule.reset_factor(&reason(), o.bob)).unwrap();
        }),
        ("a block that was lifted", |o, _, _| {
            block_on(o.world.vestibule.block(&reason(), o.bob, None)).unwrap();
            block_on(o.world.vestibule.unblock(&reason(), o.bob)).unwrap();
        }),
        ("the end of a reset (R33)", |o, _, _| {
            let v = &o.world.vestibule;
            let pending = o.pending(o.here);
            let _ = block_on(v.request_factor_reset(&pending.token)).unwrap();
            let link = o.world.link_of(vestibule::NoticeKind::FactorResetLink).link.unwrap();
            block_on(v.begin_factor_reset(&pending.token, &link)).unwrap();
            o.world.clock.advance(3 * DAY);
        }),
    ];
    for (what, act) in acts {
        let office = office();
        let world = &office.world;
        let spare = {
            let pending = office.pending(office.here);
            let who = world.complete(&pending, office.app.answer(world.now(), 0)).unwrap();
            let who = world.authenticate(&who.token).unwrap();
            let spare = world.begin(&who);
            let _ = world.confirm(&who, &spare);
            spare
        };
        let (device, who) = office.remember();
        let _ = office.enters(&device);
        world.clock.advance(TICK);
        act(&office, &who, &spare);
        let password = if what == "a new password" { NEW } else { RIGHT };
        let request = SignInRequest::new(BOB, password).into_account(office.here).device(sent(&device));
        let pending = world.pending(request);
        assert!(!pending.remembered, "{what}");
        assert_eq!(world.told(office.enter(&pending, &device)), "factor.device_not_remembered", "{what}");
    }
}

/// One code that was used makes another in its place; that says nothing about the devices.
#[test]
fn a_used_recovery_code_forgets_no_device() {
    let office = office();
    let (device, _) = office.remember();
    office.world.clock.advance(DAY);
    let code = FactorAnswer::recovery_code(office.codes[3].clone());
    office.world.complete(&office.pending(office.here), code).unwrap();
    let _ = office.enters(&device);
}

#[test]
fn a_person_sees_their_remembered_devices_and_forgets_them_one_by_one() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (first, _) = office.remember();
    let shown = world.now();
    let (second, who) = office.remember();
    let own = || block_on(v.list_remembered_devices(&who)).unwrap();
    let names: Vec<_> = own().into_iter().map(|one| one.handle).collect();
    assert_eq!(names.len(), 2);
    let device = own().into_iter().find(|one| one.remembered_since == shown).unwrap();
    let opened = [office.enters(&first), office.enters(&first)];
    let other = office.enters(&second);
    let sessions = block_on(v.list_sessions(&who)).unwrap();
    let by_the_first = sessions.iter().filter(|one| one.remembered_since == Some(shown)).count();
    let by_none = sessions.iter().filter(|one| one.remembered_since.is_none()).count();
    assert_eq!((by_the_first, sessions.len() - by_the_first - by_none), (2, 1), "the list says by what");
    assert_eq!(own().len(), 2, "using one changes nothing in the list");
    let (_, codes_of_ada, ada) = world.enrol(ADA);
    assert_eq!(codes_of_ada.len(), 10);
    let strange = block_on(v.forget_device(&ada, device.handle));
    assert_eq!(world.told(strange), "factor.device_not_remembered", "another's");

    block_on(v.forget_device(&who, device.handle)).unwrap();
    assert!(office.kinds().contains(&EventKind::DEVICE_FORGOTTEN));
    assert_eq!(own().len(), 1);
    assert_eq!(office.refused(&first, office.here), "factor.device_not_remembered");
    for narrow in opened {
        assert_eq!(code_of(block_on(v.enter(&narrow, office.here, None))), "session.revoked");
    }
    block_on(v.enter(&other, office.here, None)).unwrap();
    let again = block_on(v.forget_device(&who, device.handle));
    assert_eq!(world.told(again), "factor.device_not_remembered");
    // It stays a known one: nobody is given a second.
    let pending = office.pending_on(&first, office.here);
    world.next_step();
    assert!(world.complete(&pending, office.app.answer(world.now(), 0)).unwrap().device.is_none());
}

#[test]
fn a_session_that_showed_the_factor_since_outlives_its_device() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (device, _) = office.remember();
    let narrow = office.enters(&device);
    world.next_step();
    let (resumed, _) = block_on(v.step_up(&narrow, office.app.answer(world.now(), 0), None)).unwrap();
    let whole = world.resumed(resumed);
    let own = block_on(v.list_remembered_devices(&whole)).unwrap();
    block_on(v.forget_device(&whole, own[0].handle)).unwrap();
    block_on(v.list_logins(&whole)).unwrap();
}

#[test]
fn it_steps_nothing_up_however_fresh_the_code_was() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (device, _) = office.remember();
    let who = office.enters(&device);
    let again = world.resumed(block_on(v.confirm_password(&who, RIGHT)).unwrap());
    assert_eq!(world.told(block_on(v.renew_recovery_codes(&again))), "factor.required");
    assert_eq!(
        world.told(block_on(v.turn_factor_off(&again, TurnFactorOff::by_password(RIGHT)))),
        "factor.required"
    );
    assert_eq!(world.told(block_on(v.sign_out_everywhere(&again))), "factor.required");
    block_on(v.sign_out(&again)).unwrap();
}

#[test]
fn the_gate_is_passed_as_by_every_way_in() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (device, who) = office.remember();
    // Without an account, and into one where nobody knows the person or that nobody has, the answer is the same.
    let pending = world.pending(login(BOB).device(sent(&device)));
    assert_eq!(world.told(office.enter(&pending, &device)), "factor.device_not_accepted");
    let strange = world.account(&office.ada, 3);
    accept(world, strange, Some(30 * DAY));
    assert_eq!(office.refused(&device, strange), "factor.device_not_accepted");
    assert_eq!(office.refused(&device, AccountId::from(99)), "factor.device_not_accepted");

    let by = Acting::Administrator(&office.ada);
    block_on(v.move_member(by, office.here, office.bob, Move::Dismiss)).unwrap();
    let pending = office.pending_on(&device, office.here);
    assert_eq!(world.told(office.enter(&pending, &device)), "admission.dismissed");
    block_on(v.move_member(by, office.here, office.bob, Move::Reinstate)).unwrap();

    block_on(v.require_password_change(&reason(), office.bob)).unwrap();
    let pending = office.pending_on(&device, office.here);
    assert_eq!(world.told(office.enter(&pending, &device)), "password.must_change");
    // A device is remembered by who signs in, not by who changes a password.
    world.next_step();
    let answer = office.app.answer(world.now(), 0);
    let completed = block_on(v.complete_and_remember(&pending.token, answer, None)).unwrap();
    assert!(matches!(completed.outcome, SignIn::PasswordChangeNeeded { .. }));
    assert_eq!(block_on(v.list_remembered_devices(&who)).unwrap().len(), 1, "as it was");
}

#[test]
fn behind_a_social_account_it_is_the_same() {
    let (world, _) = World::with_ada();
    let link = SocialSubject::new(HOME, "bob").unwrap();
    let person = vestibule::NewPerson::verified_by_host(vestibule_core::LoginEmail::parse(BOB).unwrap());
    let person = person.also(link.clone()).password(RIGHT);
    let bob = block_on(world.vestibule.register_verified(person)).unwrap();
    let ada = world.session(ADA);
    let here = world.account(&ada, 1);
    world.add(&ada, here, bob);
    accept(&world, here, Some(DAY));
    let (app, ..) = world.enrol(BOB);
    world.next_step();
    let come = |device: Option<&Secret<String>>| {
        let identity = ProviderIdentity::verified_by_host(link.clone(), world.now());
        let mut request = ProviderSignInRequest::new(ProviderAnswer::Identity(identity)).into_account(here);
        request.device = device.map(sent);
        match block_on(world.vestibule.sign_in_with_provider(request)).unwrap() {
            ProviderSignIn::FactorNeeded(pending) => pending,
            other => panic!("{other:?}"),
        }
    };
    let answer = app.answer(world.now(), 0);
    let completed = block_on(world.vestibule.complete_and_remember(&come(None).token, answer, None));
    let SignIn::SignedIn(signed_in) = completed.unwrap().outcome else { panic!("not in") };
    let device = signed_in.device.unwrap();
    let pending = come(Some(&device));
    assert!(pending.remembered);
    let narrow = block_on(world.vestibule.enter_remembered(&pending.token, &device, None)).unwrap();
    let own = block_on(world.store.sessions(bob)).unwrap();
    let row = own.iter().find(|row| row.handle == narrow.session).unwrap();
    let amr: Vec<Amr> = row.evidence.iter().map(|one| one.amr).collect();
    assert_eq!(amr, [Amr::Federated, Amr::Remembered]);
}

/// Of somebody who enters by a device and its owner who forgets it, whoever is first: nothing is left that it opened.
#[test]
fn a_device_that_is_forgotten_leaves_no_session_of_it() {
    for _ in 0..rounds(12) {
        let office = office();
        let (world, v) = (&office.world, &office.world.vestibule);
        let (device, who) = office.remember();
        let handle = block_on(v.list_remembered_devices(&who)).unwrap()[0].handle;
        let pending: Vec<_> = (0..3).map(|_| office.pending_on(&device, office.here)).collect();
        let barrier = Barrier::new(pending.len() + 1);
        let opened: Vec<SignedIn> = std::thread::scope(|scope| {
            let (office, barrier, device) = (&office, &barrier, &device);
            let racers: Vec<_> = pending
                .iter()
                .map(|pending| {
                    scope.spawn(move || {
                        barrier.wait();
                        office.enter(pending, device).ok()
                    })
                })
                .collect();
            barrier.wait();
            block_on(v.forget_device(&who, handle)).unwrap();
            racers.into_iter().filter_map(|racer| racer.join().unwrap()).collect()
        });
        for signed_in in opened {
            assert_eq!(world.dead(&signed_in.token), "session.unknown");
        }
        let own = block_on(world.store.sessions(office.bob)).unwrap();
        assert!(own.iter().all(|row| row.remembered_since().is_none()));
        assert_eq!(office.refused(&device, office.here), "factor.device_not_remembered");
    }
}

/// What a device opened before the factor was shown on it anew is its own, too.
#[test]
fn a_device_that_is_forgotten_leaves_no_session_of_before_it_was_remembered_anew() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (device, _) = office.remember();
    let other = office.remember().0;
    let narrow = office.enters(&device);
    let others = office.enters(&other);
    world.clock.advance(DAY);
    let pending = office.pending_on(&device, office.here);
    let anew = office.remember_by(&pending, office.app.answer(world.now(), 0));
    let who = world.authenticate(&anew.token).unwrap();
    assert!(block_on(v.is_admitted(&narrow, office.here)).unwrap());
    let own = block_on(v.list_remembered_devices(&who)).unwrap();
    let latest = own.iter().max_by_key(|device| device.remembered_since).unwrap();
    block_on(v.forget_device(&who, latest.handle)).unwrap();
    assert!(!block_on(v.is_admitted(&narrow, office.here)).unwrap());
    assert!(block_on(v.is_admitted(&others, office.here)).unwrap(), "another device's");
}

/// The commit has landed, and what comes after it has not: asked again, the rest is done.
#[test]
fn a_device_whose_forgetting_met_a_fault_is_forgotten_by_asking_again() {
    let office = office();
    let (world, v) = (&office.world, &office.world.vestibule);
    let (device, who) = office.remember();
    let narrow = office.enters(&device);
    let own = block_on(v.list_remembered_devices(&who)).unwrap();
    let row = block_on(world.store.devices(office.bob)).unwrap();
    let row = row.iter().find(|row| row.handle == own[0].handle).unwrap();
    let id = BatchId::from_bytes([7; 16]);
    let write = forget_device(row, SessionHandle::from_bytes([8; 16]), id);
    let batch = Batch::new(id, world.now(), vec![AnyWrite::from(write)]).unwrap();
    assert_eq!(block_on(world.store.commit(&batch)).unwrap().refused(), None);
    assert!(block_on(v.is_admitted(&narrow, office.here)).unwrap());
    block_on(v.forget_device(&who, own[0].handle)).unwrap();
    assert!(!block_on(v.is_admitted(&narrow, office.here)).unwrap());
    let again = block_on(v.forget_device(&who, own[0].handle));
    assert_eq!(world.told(again), "factor.device_not_remembered");
}

//! The second factor is turned off by its owner.

use core::time::Duration;

use vestibule::{
    Authenticated, ConnectRequest, NewPerson, NoticeKind, ProviderAnswer, ProviderIdentity, ProviderSignIn,
    ProviderSignInRequest, SignInRequest, TurnFactorOff,
};
use vestibule_core::{Failure, Refusal, Secret};

use crate::app::{App, code_of, login};
use crate::social::{session_by, social};
use crate::world::{ADA, HOME, NEW, RIGHT, WRONG, World, block_on, rounds};

#[test]
fn turning_it_off_asks_for_factor_and_password_and_replaces_one_that_is_too_short() {
    let (world, _) = World::with_ada();
    let (_, _, who) = world.enrol(ADA);
    let short = "two-herons";
    let token = block_on(world.vestibule.change_password(&who, RIGHT, short)).unwrap();
    let who = world.authenticate(&token).unwrap();
    let off = |new: Option<&str>, present: &str| {
        let by = match new {
            Some(new) => TurnFactorOff::by_password_replaced(present, new),
            None => TurnFactorOff::by_password(present),
        };
        block_on(world.vestibule.turn_factor_off(&who, by))
    };
    assert_eq!(world.told(off(None, WRONG)), "password.wrong");
    assert_eq!(world.told(off(None, short)), "password.rejected", "it cannot stand alone");
    assert_eq!(world.told(off(Some("three-hawks"), short)), "password.rejected");
    let token = off(Some(NEW), short).unwrap();
    assert_eq!(world.told_by_mail(NoticeKind::FactorOff), 1);
    world.sign_in_with(SignInRequest::new(ADA, NEW));
    let who = world.authenticate(&token).unwrap();
    let own = block_on(world.vestibule.own_factor(&who)).unwrap();
    assert_eq!((own.since, own.codes, own.authenticators.len()), (None, 0, 0));
    assert_eq!(
        world.told(block_on(world.vestibule.turn_factor_off(&who, TurnFactorOff::by_password(NEW)))),
        "mfa.not_enrolled"
    );
}

/// Somebody who has a social account and nothing else, signed in by it and by their second factor.
struct OfProvider {
    world: World,
    app: App,
}

impl OfProvider {
    fn new() -> Self {
        let world = World::new();
        let person = NewPerson::verified_by_host(social(HOME, "1"));
        block_on(world.vestibule.register_verified(person)).unwrap();
        let who = session_by(&world, HOME, "1");
        let app = world.begin(&who);
        let _ = world.confirm(&who, &app);
        Self { world, app }
    }

    fn come(&self) -> Authenticated {
        self.world.next_step();
        let identity = ProviderIdentity::verified_by_host(social(HOME, "1"), self.world.now());
        let request = ProviderSignInRequest::new(ProviderAnswer::Identity(identity));
        let pending = match block_on(self.world.vestibule.sign_in_with_provider(request)).unwrap() {
            ProviderSignIn::FactorNeeded(pending) => pending,
            other => panic!("{other:?}"),
        };
        let signed_in = self.world.complete(&pending, self.app.answer(self.world.now(), 0)).unwrap();
        self.world.authenticate(&signed_in.token).unwrap()
    }

    fn off(&self, who: &Authenticated, by: TurnFactorOff) -> Result<Secret<String>, Failure<Refusal>> {
        block_on(self.world.vestibule.turn_factor_off(who, by))
    }
}

#[test]
fn who_has_no_password_turns_it_off_having_come_in_by_provider_and_factor() {
    let of = OfProvider::new();
    let who = of.come();
    assert_eq!(of.world.told(of.off(&who, TurnFactorOff::by_password(RIGHT))), "password.none");
    let other = of.come();
    let token = of.off(&who, TurnFactorOff::without_password()).unwrap();
    let who = of.world.authenticate(&token).unwrap();
    assert_eq!(block_on(of.world.vestibule.own_factor(&who)).unwrap().since, None);
    assert_eq!(code_of(of.off(&other, TurnFactorOff::without_password())), "session.revoked");
    assert_eq!(of.world.told(of.off(&who, TurnFactorOff::without_password())), "mfa.not_enrolled");
    let _ = session_by(&of.world, HOME, "1");
}

/// A session that was stolen, with the phone, does not turn it off: the provider was asked too long ago.
#[test]
fn a_fresh_code_alone_does_not_turn_it_off() {
    let of = OfProvider::new();
    let who = of.come();
    of.world.clock.advance(Duration::from_secs(1800));
    let answer = of.app.answer(of.world.now(), 0);
    let (resumed, _) = block_on(of.world.vestibule.step_up(&who, answer, None)).unwrap();
    let who = of.world.resumed(resumed);
    assert_eq!(of.world.told(of.off(&who, TurnFactorOff::without_password())), "social.proof_too_old");
    assert!(of.off(&of.come(), TurnFactorOff::without_password()).is_ok());
}

/// A password that is set at the same time: either it is asked for, or whoever sets it meets what was turned off.
#[test]
fn a_password_that_is_set_at_that_moment_is_never_passed_by() {
    let mut won = [0, 0];
    for _ in 0..rounds(30) {
        let of = OfProvider::new();
        let who = of.come();
        let v = &of.world.vestibule;
        let _ = block_on(v.request_address(&who, ConnectRequest::new(ADA))).unwrap();
        let waiting = block_on(v.waiting_messages(None, 100)).unwrap().messages;
        let link = waiting.into_iter().find_map(|message| message.link).unwrap();
        let (off, connected) = std::thread::scope(|scope| {
            let off = scope.spawn(|| of.off(&who, TurnFactorOff::without_password()));
            let connected = scope.spawn(|| block_on(v.connect_address(&who, &link, NEW)));
            (off.join().unwrap(), connected.join().unwrap())
        });
        // The session that was first goes on under a new token; the other act was of the old one.
        assert!(off.is_ok() != connected.is_ok());
        won[usize::from(off.is_ok())] += 1;
        let lost = if off.is_ok() { code_of(connected) } else { code_of(off) };
        assert_eq!(lost, "session.revoked");
    }
    assert_eq!(won[0] + won[1], rounds(30));
}

/// Whoever has one is asked for it, however they came in.
#[test]
fn who_has_a_password_does_not_do_without_it() {
    let (world, _) = World::with_ada();
    let (app, ..) = world.enrol(ADA);
    world.next_step();
    let signed_in = world.complete(&world.pending(login(ADA)), app.answer(world.now(), 0)).unwrap();
    let who = world.authenticate(&signed_in.token).unwrap();
    let off = block_on(world.vestibule.turn_factor_off(&who, TurnFactorOff::without_password()));
    assert_eq!(world.told(off), "social.has_password");
}

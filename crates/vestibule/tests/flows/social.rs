//! Signing in by a social account: a link opens its profile, and nothing else does.

use core::time::Duration;
use std::sync::Barrier;

use vestibule::{
    Acting, Authenticated, EmailVerified, NewPerson, ProviderAnswer, ProviderIdentity, ProviderSignIn,
    ProviderSignInRequest, SignedIn, UnknownLink,
};
use vestibule_core::{Failure, Identifier, LoginEmail, PhoneNumber, Refusal, SocialSubject, SubjectId};
use vestibule_profiles::{Move, ProfilesRead};
use vestibule_sessions::{Amr, SessionsRead};
use vestibule_throttle::{ChallengePolicy, Limit, ThrottlePolicy};

use crate::world::{ADA, ELSEWHERE, HOME, STAFF, World, block_on, reason, refused, rounds};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// What a provider says of somebody, now.
pub(crate) fn says(world: &World, issuer: &str, subject: &str) -> ProviderIdentity {
    ProviderIdentity::verified_by_host(social(issuer, subject), world.vestibule.now())
}

pub(crate) fn social(issuer: &str, subject: &str) -> SocialSubject {
    SocialSubject::new(issuer, subject).unwrap()
}

pub(crate) fn come(world: &World, answer: ProviderAnswer) -> Result<ProviderSignIn, Failure<Refusal>> {
    block_on(world.vestibule.sign_in_with_provider(ProviderSignInRequest::new(answer)))
}

pub(crate) fn signed_in(came: Result<ProviderSignIn, Failure<Refusal>>) -> SignedIn {
    match came.unwrap() {
        ProviderSignIn::FactorNeeded(_) => panic!("a second factor is needed"),
        ProviderSignIn::SignedIn(signed_in) => signed_in,
        ProviderSignIn::UnknownLink(unknown) => panic!("{}", unknown.because.code()),
    }
}

pub(crate) fn unknown(came: Result<ProviderSignIn, Failure<Refusal>>) -> UnknownLink {
    match came.unwrap() {
        ProviderSignIn::FactorNeeded(pending) => panic!("{} is known", pending.subject),
        ProviderSignIn::SignedIn(signed_in) => panic!("{} was signed in", signed_in.subject),
        ProviderSignIn::UnknownLink(unknown) => unknown,
    }
}

pub(crate) fn enter_by(world: &World, issuer: &str, subject: &str) -> SignedIn {
    signed_in(come(world, ProviderAnswer::Identity(says(world, issuer, subject))))
}

/// The session that a social account opens.
pub(crate) fn session_by(world: &World, issuer: &str, subject: &str) -> Authenticated {
    world.authenticate(&enter_by(world, issuer, subject).token).unwrap()
}

/// Somebody with an address and this social account, for whom the host vouches.
pub(crate) fn person_with(world: &World, login: &str, issuer: &str, subject: &str) -> SubjectId {
    let person = NewPerson::verified_by_host(LoginEmail::parse(login).unwrap())
        .also(social(issuer, subject))
        .password(crate::world::RIGHT);
    block_on(world.vestibule.register_verified(person)).unwrap()
}

/// Whose social account it is.
pub(crate) fn owner(world: &World, issuer: &str, subject: &str) -> Option<SubjectId> {
    let link = Identifier::from(social(issuer, subject));
    block_on(world.store.identifier_owner(link.kind(), link.key())).unwrap().map(|own| own.subject)
}

#[test]
fn a_link_opens_its_profile_and_the_session_says_by_what() {
    let world = World::new();
    let ada = person_with(&world, ADA, HOME, "1");
    let entered = enter_by(&world, HOME, "1");
    assert_eq!(entered.subject, ada);
    let sessions = block_on(world.store.sessions(ada)).unwrap();
    let amr: Vec<Amr> = sessions[0].evidence.iter().map(|one| one.amr).collect();
    assert_eq!(amr, [Amr::Federated]);
    // Byte by byte: another issuer, another subject, another case is somebody else.
    for (issuer, subject) in [(ELSEWHERE, "1"), (HOME, "2"), (HOME, " 1"), (HOME, "1 ")] {
        let came = come(&world, ProviderAnswer::Identity(says(&world, issuer, subject)));
        assert_eq!(unknown(came).because.code(), "social.unknown_link", "{issuer} {subject:?}");
    }
}

/// The address is a hint. Even where the provider runs the domain and has verified it, it signs nobody in and joins nothing.
#[test]
fn an_unknown_link_creates_nothing_and_its_address_finds_nobody() {
    let (world, ada) = World::with_ada();
    let identity = says(&world, HOME, "1").email(ADA, EmailVerified::True);
    let nobody = unknown(come(&world, ProviderAnswer::Identity(identity.clone())));
    assert_eq!((nobody.may_link_after_sign_in, nobody.may_sign_up), (true, true));
    assert_eq!(world.found(&nobody.because), (true, false), "support finds it");
    assert_eq!(owner(&world, HOME, "1"), None);
    assert!(block_on(world.store.sessions(ada)).unwrap().is_empty());
    let own = block_on(world.store.identifiers(ada)).unwrap();
    assert_eq!(own.len(), 1, "nothing was added to whoever has the address");

    let staff = unknown(come(&world, ProviderAnswer::Identity(says(&world, STAFF, "1"))));
    assert_eq!((staff.may_sign_up, staff.because.code()), (false, "social.sign_up_closed"));
}

#[test]
fn what_a_provider_did_not_say_is_an_answer_with_a_way_out() {
    let (world, _) = World::with_ada();
    let issuer = || HOME.to_owned();
    let late = ProviderAnswer::Identity(says(&world, HOME, "1"));
    let ahead = ProviderIdentity::verified_by_host(social(HOME, "1"), world.vestibule.now().plus(2 * MINUTE));
    let cases = [
        (ProviderAnswer::Denied { issuer: issuer() }, "social.denied"),
        (ProviderAnswer::Unreachable { issuer: issuer() }, "social.unreachable"),
        (ProviderAnswer::Denied { issuer: "https://other.example".to_owned() }, "social.not_offered"),
        (ProviderAnswer::Unreachable { issuer: "x".repeat(9_000) }, "social.not_offered"),
        (ProviderAnswer::Identity(says(&world, "https://other.example", "1")), "social.not_offered"),
        (ProviderAnswer::Identity(ahead), "social.answer_too_old"),
    ];
    for (answer, code) in cases {
        let refusal = refused(come(&world, answer));
        assert_eq!(refusal.code(), code);
        assert_eq!(world.found(&refusal), (true, false), "{code}");
        assert!(!refusal.remedies().is_empty());
    }
    world.clock.advance(10 * MINUTE);
    assert_eq!(refused(come(&world, late)).code(), "social.answer_too_old", "at its tenth minute");
}

#[test]
fn blocks_admission_and_known_devices_are_those_of_every_sign_in() {
    let world = World::new();
    let ada = person_with(&world, ADA, HOME, "1");
    let boss = world.person("boss@example.com");
    let by = world.session("boss@example.com");
    let account = world.account(&by, 7);
    world.add(&by, account, ada);
    let request = || {
        let answer = ProviderAnswer::Identity(says(&world, HOME, "1"));
        ProviderSignInRequest::new(answer).into_account(account)
    };
    let come = |request| signed_in(block_on(world.vestibule.sign_in_with_provider(request)));

    let first = come(request());
    assert_eq!(first.entered.unwrap().unwrap(), account);
    let device = first.device.unwrap();
    assert!(come(request().device(device)).device.is_none(), "known already");
    assert!(come(request().leaving_no_device()).device.is_none());

    let dismissed = world.vestibule.move_member(Acting::Administrator(&by), account, ada, Move::Dismiss);
    block_on(dismissed).unwrap();
    let outside = come(request());
    assert_eq!(outside.entered.unwrap().unwrap_err().code(), "admission.dismissed");

    block_on(world.vestibule.block(&reason(), ada, None)).unwrap();
    assert_eq!(world.dead(&outside.token), "session.revoked");
    assert_eq!(world.told(block_on(world.vestibule.sign_in_with_provider(request()))), "profile.blocked");
    assert_ne!(ada, boss);
}

#[test]
fn whoever_knocks_with_one_social_account_again_and_again_waits() {
    let limit = Limit::new(3, MINUTE).unwrap();
    let policy = ThrottlePolicy::default().identifier(&[limit]).unwrap().challenge(ChallengePolicy::never());
    let world = World::with(policy);
    person_with(&world, ADA, HOME, "1");
    let knock = |subject| come(&world, ProviderAnswer::Identity(says(&world, HOME, subject)));
    for _ in 0..3 {
        let _ = unknown(knock("2"));
    }
    assert_eq!(refused(knock("2")).code(), "throttle.wait");
    for _ in 0..9 {
        let _ = signed_in(knock("1"));
    }
}

/// PR-5: a sign-in that the link opened while it was taken away leaves no session that outlives it.
#[test]
fn no_session_of_a_link_outlives_its_end() {
    for round in 0..rounds(60) {
        let world = World::new();
        person_with(&world, ADA, HOME, "1");
        let who = world.session(ADA);
        let barrier = Barrier::new(2);
        let answer = ProviderAnswer::Identity(says(&world, HOME, "1"));
        let came = std::thread::scope(|scope| {
            let coming = scope.spawn(|| {
                barrier.wait();
                come(&world, answer)
            });
            scope.spawn(|| {
                barrier.wait();
                block_on(world.vestibule.unlink_provider(&who, &social(HOME, "1"))).unwrap();
            });
            coming.join().unwrap()
        });
        if let ProviderSignIn::SignedIn(signed_in) = came.unwrap() {
            assert_eq!(world.dead(&signed_in.token), "session.revoked", "round {round}");
        }
    }
}

#[test]
fn a_telephone_number_is_no_social_account() {
    let world = World::new();
    let phone = PhoneNumber::parse("+1 555 010 9999").unwrap();
    block_on(world.vestibule.register_verified(NewPerson::verified_by_host(phone))).unwrap();
    let came = come(&world, ProviderAnswer::Identity(says(&world, HOME, "+15550109999")));
    let _ = unknown(came);
}

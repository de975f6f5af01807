//! Linking, unlinking and moving social accounts (R20), and the way of a profile without an address to one (P6, R19).

use std::sync::Barrier;

use vestibule::{
    Authenticated, ConnectRequest, EmailVerified, NewPerson, NoticeKind, ProviderAnswer, RecoveryRequest,
    SignInRequest, WaitingMessage,
};
use vestibule_core::{Failure, LoginEmail, PhoneNumber, Refusal, Secret, SubjectId};
use vestibule_journal::{EventKind, JournalRead};
use vestibule_profiles::ProfilesRead;

use crate::social::{
    MINUTE, come, enter_by, owner, person_with, says, session_by, signed_in, social, unknown,
};
use crate::world::{ADA, ELSEWHERE, HOME, NEW, RIGHT, STAFF, World, block_on, refused, rounds};

const BOB: &str = "bob@example.com";

fn link(
    world: &World,
    who: &Authenticated,
    issuer: &str,
    subject: &str,
) -> Result<Secret<String>, Failure<Refusal>> {
    block_on(world.vestibule.link_provider(who, ProviderAnswer::Identity(says(world, issuer, subject))))
}

fn unlink(
    world: &World,
    who: &Authenticated,
    issuer: &str,
    subject: &str,
) -> Result<Secret<String>, Failure<Refusal>> {
    block_on(world.vestibule.unlink_provider(who, &social(issuer, subject)))
}

fn moving(
    world: &World,
    to: &Authenticated,
    from: &Authenticated,
) -> Result<Secret<String>, Failure<Refusal>> {
    let answer = ProviderAnswer::Identity(says(world, HOME, "1"));
    block_on(world.vestibule.move_link(to, from, answer))
}

/// Who was told of what, as far as social accounts go.
fn told(world: &World) -> Vec<(String, NoticeKind)> {
    let social = |message: &WaitingMessage| message.notice.kind.code().starts_with("notice.social");
    let waiting = block_on(world.vestibule.waiting_messages(None, 200)).unwrap().messages.into_iter();
    let mut told: Vec<_> = waiting
        .filter(social)
        .map(|message| (message.recipient.expose().clone(), message.notice.kind))
        .collect();
    told.sort_by(|a, b| (&a.0, a.1.code()).cmp(&(&b.0, b.1.code())));
    told
}

fn events(world: &World, subject: SubjectId) -> Vec<EventKind> {
    let events = block_on(world.store.events_of_subject(subject, None, 100)).unwrap();
    events.into_iter().map(|event| event.kind).filter(|kind| kind.as_str().starts_with("social.")).collect()
}

/// Somebody whom a social account alone opens.
fn social_only(world: &World, issuer: &str, subject: &str) -> SubjectId {
    let mut person = NewPerson::verified_by_host(LoginEmail::parse("x@example.com").unwrap());
    person.identifiers = vec![social(issuer, subject).into()];
    block_on(world.vestibule.register_verified(person)).unwrap()
}

#[test]
fn a_link_is_made_by_its_owner_with_a_fresh_proof_and_told_to_every_address() {
    let (world, ada) = World::with_ada();
    let other = world.sign_in(ADA);
    let who = world.session(ADA);
    world.clock.advance(5 * MINUTE);
    assert_eq!(world.told(link(&world, &who, HOME, "1")), "social.proof_too_old");
    let who = world.session(ADA);
    let token = link(&world, &who, HOME, "1").unwrap();
    assert_eq!(world.dead(&other.token), "session.revoked", "every other session has ended");
    assert_eq!(refused(link(&world, &who, ELSEWHERE, "1")).code(), "session.revoked", "the old token, too");
    let who = world.authenticate(&token).unwrap();
    assert_eq!(enter_by(&world, HOME, "1").subject, ada);
    assert_eq!(told(&world), [(ADA.to_owned(), NoticeKind::SocialLinked)]);
    assert_eq!(events(&world, ada), [EventKind::SOCIAL_LINKED]);

    assert_eq!(world.told(link(&world, &who, HOME, "2")), "social.provider_linked");
    world.person(BOB);
    let bob = world.session(BOB);
    assert_eq!(world.told(link(&world, &bob, HOME, "1")), "social.linked_elsewhere");
    assert_eq!(owner(&world, HOME, "1"), Some(ada), "it is never moved by linking");
    let denied = ProviderAnswer::Denied { issuer: HOME.to_owned() };
    assert_eq!(refused(block_on(world.vestibule.link_provider(&bob, denied))).code(), "social.denied");
}

#[test]
fn a_link_is_taken_away_with_the_sessions_it_opened() {
    let world = World::new();
    let ada = person_with(&world, ADA, HOME, "1");
    let by_link = enter_by(&world, HOME, "1");
    let who = world.session(ADA);
    assert_eq!(world.told(unlink(&world, &who, HOME, "2")), "social.not_linked");
    let token = unlink(&world, &who, HOME, "1").unwrap();
    assert_eq!(world.dead(&by_link.token), "session.revoked");
    assert!(world.authenticate(&token).is_ok());
    let _ = unknown(come(&world, ProviderAnswer::Identity(says(&world, HOME, "1"))));
    assert_eq!(told(&world), [(ADA.to_owned(), NoticeKind::SocialUnlinked)]);
    assert_eq!(events(&world, ada), [EventKind::SOCIAL_UNLINKED]);
    // Free again, for whoever shows it.
    world.person(BOB);
    link(&world, &world.session(BOB), HOME, "1").unwrap();
}

/// PR-2: no unlinking leaves a profile that nothing opens.
#[test]
fn the_last_way_in_stays() {
    let world = World::new();
    social_only(&world, HOME, "1");
    let who = session_by(&world, HOME, "1");
    assert_eq!(world.told(unlink(&world, &who, HOME, "1")), "identifier.last_way_in");
    let own = block_on(world.vestibule.list_links(&who)).unwrap();
    assert!(!own.links[0].may_unlink);

    let token = link(&world, &who, ELSEWHERE, "1").unwrap();
    let who = world.authenticate(&token).unwrap();
    let token = unlink(&world, &who, HOME, "1").unwrap();
    let who = world.authenticate(&token).unwrap();
    assert_eq!(world.told(unlink(&world, &who, ELSEWHERE, "1")), "identifier.last_way_in");

    // Where no codes go to phones, a number without a password opens nothing.
    let world = World::with_phones(None);
    let phone = |number: &str| PhoneNumber::parse(number).unwrap();
    let person = NewPerson::verified_by_host(phone("+1 555 010 9999")).also(social(STAFF, "1"));
    block_on(world.vestibule.register_verified(person)).unwrap();
    let who = session_by(&world, STAFF, "1");
    assert_eq!(world.told(unlink(&world, &who, STAFF, "1")), "identifier.last_way_in");
    let person =
        NewPerson::verified_by_host(phone("+1 555 010 8888")).also(social(STAFF, "2")).password(RIGHT);
    block_on(world.vestibule.register_verified(person)).unwrap();
    let who = session_by(&world, STAFF, "2");
    unlink(&world, &who, STAFF, "2").unwrap();
}

/// PR-2, raced: of two links that are taken away at once, one stays.
#[test]
fn of_two_removals_at_once_the_last_way_in_survives() {
    for round in 0..rounds(60) {
        let world = World::new();
        let both = [HOME, ELSEWHERE];
        let mut person = NewPerson::verified_by_host(LoginEmail::parse("x@example.com").unwrap());
        person.identifiers = both.map(|issuer| social(issuer, "1").into()).to_vec();
        let subject = block_on(world.vestibule.register_verified(person)).unwrap();
        let sessions = both.map(|issuer| session_by(&world, issuer, "1"));
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            for (issuer, who) in both.into_iter().zip(&sessions) {
                let (world, barrier) = (&world, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let _ = unlink(world, who, issuer, "1");
                });
            }
        });
        let left = both.into_iter().filter(|issuer| owner(&world, issuer, "1").is_some()).count();
        let profile = block_on(world.store.profile(subject)).unwrap().unwrap();
        assert_eq!((left, profile.social_links), (1, 1), "round {round}");
    }
}

/// PR-1: of many who link one social account at once, one has it.
#[test]
fn of_many_who_link_one_social_account_at_once_one_has_it() {
    for round in 0..rounds(30) {
        let world = World::new();
        let logins: Vec<String> = (0..16).map(|number| format!("{number}@example.com")).collect();
        let people: Vec<_> = logins.iter().map(|login| world.person(login)).collect();
        let sessions: Vec<_> = logins.iter().map(|login| world.session(login)).collect();
        let barrier = Barrier::new(logins.len());
        let linked: Vec<bool> = std::thread::scope(|scope| {
            let (world, barrier) = (&world, &barrier);
            let racing: Vec<_> = sessions
                .iter()
                .map(|who| {
                    scope.spawn(move || {
                        barrier.wait();
                        match link(world, who, HOME, "1") {
                            Ok(_) => true,
                            other => {
                                assert_eq!(refused(other).code(), "social.linked_elsewhere");
                                false
                            }
                        }
                    })
                })
                .collect();
            racing.into_iter().map(|task| task.join().unwrap()).collect()
        });
        let won: Vec<SubjectId> =
            people.into_iter().zip(&linked).filter(|(_, won)| **won).map(|(who, _)| who).collect();
        assert_eq!(won.len(), 1, "round {round}");
        assert_eq!(owner(&world, HOME, "1"), Some(won[0]));
    }
}

/// P5a: the social account opens another profile than its owner means. It moves with proof on both sides, and both are told.
#[test]
fn a_link_moves_with_proof_on_both_sides_and_nothing_else_moves_with_it() {
    let world = World::new();
    let (ada, bob) = (world.person(ADA), person_with(&world, BOB, HOME, "1"));
    let to = world.session(ADA);
    // What the social account itself opens is no proof that it belongs elsewhere: a borrowed browser has it (U-6).
    let by_link = session_by(&world, HOME, "1");
    assert_eq!(world.told(moving(&world, &to, &by_link)), "social.proof_too_old");
    let old = world.session(BOB);
    world.clock.advance(5 * MINUTE);
    let to = world.session(ADA);
    assert_eq!(world.told(moving(&world, &to, &old)), "social.proof_too_old");
    assert_eq!(world.told(moving(&world, &to, &to)), "social.not_linked");
    let from = world.session(BOB);
    let elsewhere = ProviderAnswer::Identity(says(&world, ELSEWHERE, "1"));
    let other = block_on(world.vestibule.move_link(&to, &from, elsewhere));
    assert_eq!(world.told(other), "social.not_linked");

    moving(&world, &to, &from).unwrap();
    assert_eq!(owner(&world, HOME, "1"), Some(ada));
    assert_eq!(enter_by(&world, HOME, "1").subject, ada);
    assert_eq!(
        told(&world),
        [(ADA.to_owned(), NoticeKind::SocialLinked), (BOB.to_owned(), NoticeKind::SocialMovedAway)]
    );
    assert_eq!(events(&world, bob), [EventKind::SOCIAL_MOVED_AWAY]);
    assert_eq!(events(&world, ada), [EventKind::SOCIAL_LINKED]);
    // The other profile is left as it was, and its owner signs in there as before.
    assert_eq!(world.sign_in(BOB).subject, bob);
    let counts = [ada, bob].map(|who| block_on(world.store.profile(who)).unwrap().unwrap().social_links);
    assert_eq!(counts, [1, 0]);
}

#[test]
fn a_link_that_is_all_there_is_moves_nowhere() {
    let world = World::new();
    world.person(ADA);
    social_only(&world, HOME, "1");
    // Not even a password of the same minute changes that: there is none.
    let to = world.session(ADA);
    let from = session_by(&world, HOME, "1");
    assert_eq!(world.told(moving(&world, &to, &from)), "social.proof_too_old");
    assert_ne!(owner(&world, HOME, "1"), Some(to.subject()));
}

fn answer_in(world: &World, to: &str) -> WaitingMessage {
    let waiting = block_on(world.vestibule.waiting_messages(None, 200)).unwrap().messages.into_iter();
    let own = |message: &WaitingMessage| {
        message.recipient.expose() == to && message.notice.kind.code().starts_with("mailbox.")
    };
    let mut answers: Vec<_> = waiting.filter(own).collect();
    assert_eq!(answers.len(), 1, "one answer at a time");
    answers.remove(0)
}

fn ask(world: &World, who: &Authenticated, address: &str) {
    let _ = block_on(world.vestibule.request_address(who, ConnectRequest::new(address))).unwrap();
}

fn connect(
    world: &World,
    who: &Authenticated,
    link: &Secret<String>,
    password: &str,
) -> Result<Secret<String>, &'static str> {
    match block_on(world.vestibule.connect_address(who, link, password)) {
        Ok(token) => Ok(token),
        refusal => Err(refused(refusal).code()),
    }
}

/// P6 and R19, pressed.
#[test]
fn a_profile_without_an_address_gets_one_and_a_password() {
    let world = World::new();
    let ada = social_only(&world, HOME, "1");
    let who = session_by(&world, HOME, "1");
    let own = block_on(world.vestibule.list_links(&who)).unwrap();
    let advice = own.advice.unwrap();
    assert_eq!((advice.code, advice.domain), ("social.only", "P6"));
    assert_eq!(world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "sign_in.login_unknown");

    ask(&world, &who, ADA);
    let told = answer_in(&world, ADA);
    assert_eq!(told.notice.kind, NoticeKind::ConnectLink);
    let link = told.link.unwrap();
    assert_eq!(connect(&world, &who, &link, "short").unwrap_err(), "password.rejected");
    let by_link = enter_by(&world, HOME, "1");
    let token = connect(&world, &who, &link, RIGHT).unwrap();
    assert_eq!(world.dead(&by_link.token), "session.revoked");
    let who = world.authenticate(&token).unwrap();
    assert_eq!(world.sign_in(ADA).subject, ada);
    assert_eq!(enter_by(&world, HOME, "1").subject, ada, "the social account stays");
    assert_eq!(connect(&world, &who, &link, NEW).unwrap_err(), "checkword.used");
    assert!(block_on(world.vestibule.list_links(&who)).unwrap().advice.is_none());
    let again = block_on(world.vestibule.request_address(&who, ConnectRequest::new(BOB)));
    assert_eq!(world.told(again), "social.has_password");
    // Now there is a second way in, and the social account may go.
    unlink(&world, &who, HOME, "1").unwrap();
}

/// The link alone connects nothing: its reader would become part of somebody else's profile (trojan identifier).
#[test]
fn an_address_is_connected_in_the_session_that_asked_and_in_no_other_way() {
    let (world, _) = World::with_ada();
    social_only(&world, HOME, "1");
    let who = session_by(&world, HOME, "1");
    ask(&world, &who, "eve@example.com");
    let link = answer_in(&world, "eve@example.com").link.unwrap();
    assert!(block_on(world.vestibule.recover(&link, NEW, None)).is_err());
    assert!(block_on(world.vestibule.inspect_recovery(&link, None)).is_err());
    assert_eq!(connect(&world, &world.session(ADA), &link, NEW).unwrap_err(), "checkword.other_person");
    // A link for another thing is none for this.
    let bob = NewPerson::verified_by_host(LoginEmail::parse(BOB).unwrap()).also(social(STAFF, "7"));
    block_on(world.vestibule.register_verified(bob)).unwrap();
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(BOB))).unwrap();
    let first = answer_in(&world, BOB);
    assert_eq!(first.notice.kind, NoticeKind::FirstPasswordLink);
    let bobs = session_by(&world, STAFF, "7");
    assert_eq!(connect(&world, &bobs, &first.link.unwrap(), NEW).unwrap_err(), "checkword.wrong_purpose");
    connect(&world, &who, &link, NEW).unwrap();
}

/// P7 from here: the page says the same, the mailbox is told that it is somebody's login, and the link of before is refused.
#[test]
fn an_address_that_is_taken_is_told_to_its_owner_alone() {
    let (world, ada) = World::with_ada();
    social_only(&world, HOME, "1");
    let who = session_by(&world, HOME, "1");
    ask(&world, &who, ADA);
    let told = answer_in(&world, ADA);
    assert_eq!((told.notice.kind, told.link.is_none()), (NoticeKind::AlreadyALogin, true));
    ask(&world, &who, "eve@example.com");
    let link = answer_in(&world, "eve@example.com").link.unwrap();
    let eve = world.person("eve@example.com");
    assert_eq!(connect(&world, &who, &link, NEW).unwrap_err(), "identifier.taken");
    assert_eq!(world.sign_in("eve@example.com").subject, eve);
    assert_eq!(world.sign_in(ADA).subject, ada);
}

/// The provider's address rests as a hint: it is proposed to its profile, and opens and reserves nothing.
#[test]
fn a_hint_is_proposed_and_grants_nothing() {
    let (world, _) = World::with_ada();
    let who = world.session(ADA);
    let identity = says(&world, ELSEWHERE, "1").email("eve@example.com", EmailVerified::True);
    let answer = ProviderAnswer::Identity(identity);
    let token = block_on(world.vestibule.link_provider(&who, answer)).unwrap();
    let who = world.authenticate(&token).unwrap();
    let own = block_on(world.vestibule.list_links(&who)).unwrap();
    assert_eq!(own.hints, ["eve@example.com"]);
    assert_eq!(
        world.refused_in(SignInRequest::new("eve@example.com", RIGHT)).code(),
        "sign_in.login_unknown"
    );
    let eve = world.person("eve@example.com");
    assert_eq!(world.sign_in("eve@example.com").subject, eve);
    let _ = signed_in(come(&world, ProviderAnswer::Identity(says(&world, ELSEWHERE, "1"))));
}

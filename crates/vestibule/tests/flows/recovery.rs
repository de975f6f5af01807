//! Getting back in by a link: the page's constant answer, the truth in the mailbox, and one use of the newest link.

use core::time::Duration;

use vestibule::{
    Acting, Advice, NewPerson, NoticeKind, OpenSession, RecoveryRequest, SignInRequest, WaitingMessage,
};
use vestibule_core::{AddressKind, Identifier, LoginEmail, Secret, SocialSubject, SubjectId};
use vestibule_profiles::Move;

use crate::world::{ADA, NEW, RIGHT, World, block_on, reason, refused};

const BOB: &str = "bob@example.com";
const NOBODY: &str = "nobody@example.com";
const MINUTE: Duration = Duration::from_secs(60);

fn ask(world: &World, login: &str) {
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(login))).unwrap();
}

/// What waits for an address, of the answers to its owner.
fn answers(world: &World, to: &str) -> Vec<WaitingMessage> {
    let waiting = block_on(world.vestibule.waiting_messages(None, 500)).unwrap();
    let answers =
        waiting.messages.into_iter().filter(|message| message.notice.kind.code().starts_with("mailbox."));
    answers.filter(|message| message.recipient.expose() == to).collect()
}

fn told(world: &World, to: &str) -> Vec<NoticeKind> {
    answers(world, to).iter().map(|message| message.notice.kind).collect()
}

/// The link that waits for an address.
fn link(world: &World, to: &str) -> Secret<String> {
    let mut answers = answers(world, to);
    assert_eq!(answers.len(), 1, "one answer at a time");
    answers.remove(0).link.expect("a link")
}

fn asked(world: &World, login: &str) -> Secret<String> {
    ask(world, login);
    link(world, login)
}

fn recover(world: &World, link: &Secret<String>, new: &str) -> Result<(), &'static str> {
    match block_on(world.vestibule.recover(link, new, None)) {
        Ok(()) => Ok(()),
        refusal => Err(refused(refusal).code()),
    }
}

fn inspected(world: &World, link: &Secret<String>) -> Result<String, &'static str> {
    match block_on(world.vestibule.inspect_recovery(link, None)) {
        Ok(page) => Ok(page.address),
        refusal => Err(refused(refusal).code()),
    }
}

fn same(one: &Secret<String>, other: &Secret<String>) -> bool {
    one.expose() == other.expose()
}

fn social(world: &World, subject: &str, login: &str) -> SubjectId {
    let link = SocialSubject::new("https://accounts.example.com", subject).unwrap();
    let person = NewPerson::verified_by_host(link).also(LoginEmail::parse(login).unwrap());
    block_on(world.vestibule.register_verified(person)).unwrap()
}

#[test]
fn a_link_sets_a_new_password_once_and_ends_every_session() {
    let (world, _) = World::with_ada();
    let before = world.sign_in(ADA);
    // However it was typed, the message goes to the address as its owner wrote it.
    ask(&world, "  ADA@example.com ");
    let link = link(&world, ADA);
    let page = block_on(world.vestibule.inspect_recovery(&link, None)).unwrap();
    assert_eq!((page.address.as_str(), page.first_password), ("a***@e***.com", false));
    assert_eq!(page.expires_at, world.vestibule.now().plus(60 * MINUTE));
    recover(&world, &link, NEW).unwrap();
    assert_eq!(world.dead(&before.token), "session.revoked");
    assert_eq!(world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "password.wrong");
    world.sign_in_with(SignInRequest::new(ADA, NEW));
    assert_eq!(recover(&world, &link, RIGHT), Err("checkword.used"));
    assert_eq!(inspected(&world, &link), Err("checkword.used"));
    assert!(told(&world, ADA).is_empty(), "the used link waits no more");
    let waiting = block_on(world.vestibule.waiting_messages(None, 500)).unwrap();
    let kinds: Vec<_> = waiting.messages.iter().map(|message| message.notice.kind).collect();
    assert_eq!(kinds, [NoticeKind::PasswordRecovered]);
}

/// Design, section 3: the first of the truths that holds, for its owner alone; the page's answer is the same.
#[test]
fn the_mailbox_is_told_the_truth_and_the_page_nothing() {
    let (world, _) = World::with_ada();
    let eve = world.person("eve@example.com");
    social(&world, "7", BOB);
    block_on(world.vestibule.block(&reason(), eve, None)).unwrap();
    for login in [ADA, BOB, "eve@example.com", NOBODY] {
        ask(&world, login);
    }
    assert_eq!(told(&world, ADA), [NoticeKind::RecoveryLink]);
    assert_eq!(told(&world, BOB), [NoticeKind::FirstPasswordLink]);
    assert_eq!(told(&world, "eve@example.com"), [NoticeKind::RecoveryWhileBlocked]);
    assert_eq!(told(&world, NOBODY), [NoticeKind::NobodyHere]);
    let links = |login| answers(&world, login).iter().filter(|message| message.link.is_some()).count();
    assert_eq!([ADA, BOB, "eve@example.com", NOBODY].map(links), [1, 1, 0, 0]);
}

#[test]
fn a_profile_without_a_password_gets_its_first_by_a_link_and_keeps_its_social_account() {
    let world = World::new();
    let bob = social(&world, "7", BOB);
    assert_eq!(world.refused_in(SignInRequest::new(BOB, RIGHT)).code(), "password.none");
    let link = asked(&world, BOB);
    let page = block_on(world.vestibule.inspect_recovery(&link, None)).unwrap();
    assert!(page.first_password);
    recover(&world, &link, RIGHT).unwrap();
    assert_eq!(world.sign_in(BOB).subject, bob);
    let own = block_on(vestibule_profiles::ProfilesRead::identifiers(&world.store, bob)).unwrap();
    assert!(own.iter().any(|own| own.identifier.kind() == AddressKind::Social));
}

#[test]
fn somebody_dismissed_from_everywhere_recovers_and_signs_in_and_stays_dismissed() {
    let (world, _) = World::with_ada();
    let bob = world.person(BOB);
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    world.add(&ada, account, bob);
    block_on(world.vestibule.move_member(Acting::Administrator(&ada), account, bob, Move::Dismiss)).unwrap();
    recover(&world, &asked(&world, BOB), NEW).unwrap();
    let entered = world.sign_in_with(SignInRequest::new(BOB, NEW).into_account(account)).entered;
    assert_eq!(entered.unwrap().unwrap_err().code(), "admission.dismissed");
}

/// PR-11: what is refused before the commit spends nothing.
#[test]
fn a_rejected_password_and_a_thousand_visits_leave_the_link_as_it_was() {
    let (world, _) = World::with_ada();
    let link = asked(&world, ADA);
    for _ in 0..1000 {
        assert_eq!(inspected(&world, &link), Ok("a***@e***.com".to_owned()));
    }
    for bad in ["short", "password1234567", ADA] {
        assert_eq!(recover(&world, &link, bad), Err("password.rejected"), "{bad}");
    }
    world.sign_in(ADA);
    recover(&world, &link, NEW).unwrap();
}

/// P8b: the boundary instant is refused.
#[test]
fn a_link_is_refused_from_its_sixtieth_minute_on() {
    let (world, _) = World::with_ada();
    let link = asked(&world, ADA);
    world.clock.advance(60 * MINUTE - Duration::from_micros(1));
    assert!(inspected(&world, &link).is_ok());
    world.clock.advance(Duration::from_micros(1));
    assert_eq!(recover(&world, &link, NEW), Err("checkword.expired"));
    world.sign_in(ADA);
}

/// U-23: whoever asks again and again does not make the link worthless; P8a: only the newest works.
#[test]
fn the_same_link_is_sent_again_in_the_first_half_of_its_life_and_superseded_in_the_second() {
    let (world, _) = World::with_ada();
    let first = asked(&world, ADA);
    for _ in 0..29 {
        world.clock.advance(MINUTE + Duration::from_secs(1));
        ask(&world, ADA);
        assert!(same(&first, &link(&world, ADA)));
        assert!(inspected(&world, &first).is_ok());
    }
    // By then four messages were sent, and the next may follow an hour after the last.
    world.clock.advance(60 * MINUTE);
    let second = asked(&world, ADA);
    assert!(!same(&first, &second));
    assert_eq!(recover(&world, &first, NEW), Err("checkword.superseded"));
    recover(&world, &second, NEW).unwrap();
}

/// P8d: what changes the profile makes the link worthless, and says by which change.
#[test]
fn a_password_change_and_a_block_make_a_link_worthless() {
    let (world, ada) = World::with_ada();
    let link = asked(&world, ADA);
    let who = world.session(ADA);
    let _ = block_on(world.vestibule.change_password(&who, RIGHT, NEW)).unwrap();
    assert!(told(&world, ADA).is_empty(), "what is worth nothing is sent no more");
    let refusal = refused(block_on(world.vestibule.recover(&link, RIGHT, None)));
    assert_eq!(refusal.code(), "checkword.rotated");
    let mut facts = refusal.facts_for(vestibule_core::Audience::Visitor);
    assert!(facts.any(|fact| fact == ("change", "password_set")));

    world.clock.advance(60 * MINUTE);
    let link = asked(&world, ADA);
    block_on(world.vestibule.block(&reason(), ada, None)).unwrap();
    assert_eq!(recover(&world, &link, RIGHT), Err("checkword.rotated"));
    block_on(world.vestibule.unblock(&reason(), ada)).unwrap();
    assert_eq!(recover(&world, &link, RIGHT), Err("checkword.rotated"), "not after the block, either");
    world.sign_in_with(SignInRequest::new(ADA, NEW));
}

/// P8c: the table of the session that the browser holds.
#[test]
fn a_link_in_the_browser_of_somebody_else_is_neither_spent_nor_used() {
    let (world, _) = World::with_ada();
    world.person(BOB);
    let (adas, bobs) = (world.sign_in(ADA), world.sign_in(BOB));
    let link = asked(&world, ADA);
    let seen = |session: Option<&Secret<String>>| {
        block_on(world.vestibule.inspect_recovery(&link, session)).unwrap().session
    };
    assert_eq!(seen(None), OpenSession::Nobody);
    assert_eq!(seen(Some(&adas.token)), OpenSession::SamePerson);
    let other = seen(Some(&bobs.token));
    assert_eq!(other, OpenSession::OtherPerson { signed_in_as: "b***@e***.com".to_owned() });
    assert_eq!((other.at_inspection(), other.at_redemption()), (Advice::OfferSwitch, Advice::Refuse));
    let refusal = refused(block_on(world.vestibule.recover(&link, NEW, Some(&bobs.token))));
    assert_eq!(refusal.code(), "checkword.other_person");
    // R6: signed out, the browser holds nobody.
    block_on(world.vestibule.sign_out(&world.authenticate(&bobs.token).unwrap())).unwrap();
    assert_eq!(seen(Some(&bobs.token)), OpenSession::Nobody);
    block_on(world.vestibule.recover(&link, NEW, Some(&bobs.token))).unwrap();
    world.sign_in_with(SignInRequest::new(ADA, NEW));
}

/// P8e: a secret of another purpose, a text that was cut, and one that was never made here.
#[test]
fn what_is_no_link_to_a_password_is_told_apart() {
    let (world, _) = World::with_ada();
    let signed_in = world.sign_in(ADA);
    assert_eq!(inspected(&world, &signed_in.token), Err("checkword.wrong_purpose"));
    let link = asked(&world, ADA);
    let text = link.expose().clone();
    let other = text.replace("vst1_recovery", "vst1_recoverx");
    let mut short = text;
    short.pop();
    for cut in ["", "vst1_recovery", &short, &other] {
        let code = inspected(&world, &Secret::new(cut.to_owned())).unwrap_err();
        assert!(["checkword.malformed", "checkword.wrong_purpose"].contains(&code), "{cut}: {code}");
    }
    let elsewhere = World::with_ada().0;
    assert_eq!(inspected(&elsewhere, &link), Err("checkword.unknown"));
    recover(&world, &link, NEW).unwrap();
}

/// R3: it goes to the member's own login; the administrator sees neither the link nor whether it went out.
#[test]
fn an_administrator_has_a_link_sent_and_never_sees_it() {
    let world = World::with_phones(None);
    world.person(ADA);
    let bob = world.person(BOB);
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    let by = Acting::Administrator(&ada);
    let send = |by, whom| block_on(world.vestibule.send_recovery(by, account, whom));
    assert_eq!(world.told(send(by, bob)), "admission.not_member");
    world.add(&ada, account, bob);
    send(by, bob).unwrap();
    send(by, bob).unwrap(); // spaced: the answer is the same
    assert_eq!(told(&world, BOB), [NoticeKind::RecoveryLink]);
    let bobs = world.session(BOB);
    assert_eq!(world.told(send(Acting::Administrator(&bobs), ada.subject())), "membership.not_permitted");
    recover(&world, &link(&world, BOB), NEW).unwrap();
    let events =
        block_on(vestibule_journal::JournalRead::events_of_account(&world.store, account, None, 100))
            .unwrap();
    let sent = events.iter().filter(|event| event.kind == vestibule_journal::EventKind::RECOVERY_SENT);
    assert_eq!(sent.count(), 2);
    let carol = {
        let phone = vestibule_core::PhoneNumber::parse("+41445550100").unwrap();
        block_on(world.vestibule.register_verified(NewPerson::verified_by_host(phone).password(RIGHT)))
            .unwrap()
    };
    world.add(&ada, account, carol);
    assert_eq!(world.told(send(by, carol)), "recovery.no_address");
}

#[test]
fn nobody_here_is_told_once_a_day() {
    let world = World::new();
    ask(&world, NOBODY);
    let first = answers(&world, NOBODY);
    for _ in 0..5 {
        world.clock.advance(120 * MINUTE);
        ask(&world, NOBODY);
    }
    let then = answers(&world, NOBODY);
    assert_eq!(
        first.iter().map(|one| one.id).collect::<Vec<_>>(),
        then.iter().map(|one| one.id).collect::<Vec<_>>()
    );
    world.clock.advance(24 * 60 * MINUTE);
    ask(&world, NOBODY);
    assert_ne!(first[0].id, answers(&world, NOBODY)[0].id);
}

#[test]
fn what_is_no_mailbox_is_refused_at_the_door() {
    let world = World::new();
    let code = |request| refused(block_on(world.vestibule.request_recovery(request))).code();
    assert_eq!(code(RecoveryRequest::new("a@b@c")), "sign_in.login_malformed");
    let from = |login: &str| RecoveryRequest::new(login).from_client(std::net::IpAddr::from([192, 0, 2, 7]));
    for number in 0..60 {
        let _ = block_on(world.vestibule.request_recovery(from(&format!("n{number}@example.com")))).unwrap();
    }
    assert_eq!(code(from(ADA)), "throttle.wait");
    ask(&world, ADA);
}

#[test]
fn the_link_of_an_address_that_left_the_profile_opens_nothing() {
    let world = World::new();
    let (ada, home) = (LoginEmail::parse(ADA).unwrap(), LoginEmail::parse("ada@home.example").unwrap());
    let both = NewPerson::verified_by_host(ada).also(home.clone()).password(RIGHT);
    let subject = block_on(world.vestibule.register_verified(both)).unwrap();
    let link = asked(&world, "ada@home.example");
    let home = Identifier::from(home);
    let release = vestibule_profiles::ProfilesWrite::ReleaseIdentifier {
        subject,
        kind: home.kind(),
        key: home.key(),
        verified: true,
    };
    let batch = vestibule_core::Batch::new(
        vestibule_core::BatchId::from_bytes([9; 16]),
        world.vestibule.now(),
        vec![release],
    );
    let landed = block_on(vestibule_core::Commit::commit(&world.store, &batch.unwrap())).unwrap();
    assert_eq!(landed.refused(), None);
    assert_eq!(recover(&world, &link, NEW), Err("checkword.rotated"));
}

/// A batch tells every address and blanks every mailbox: with as many as there can be it still lands.
#[test]
fn a_person_with_eight_addresses_recovers_changes_the_password_and_is_blocked() {
    let world = World::new();
    let address = |number: usize| LoginEmail::parse(&format!("ada{number}@example.com")).unwrap();
    let person =
        (1..8).fold(NewPerson::verified_by_host(address(0)), |person, number| person.also(address(number)));
    let subject = block_on(world.vestibule.register_verified(person.password(RIGHT))).unwrap();
    recover(&world, &asked(&world, "ada7@example.com"), NEW).unwrap();
    let signed_in = world.sign_in_with(SignInRequest::new("ada3@example.com", NEW));
    let who = world.authenticate(&signed_in.token).unwrap();
    let _ = block_on(world.vestibule.change_password(&who, NEW, RIGHT)).unwrap();
    block_on(world.vestibule.block(&reason(), subject, None)).unwrap();
    let waiting = block_on(world.vestibule.waiting_messages(None, 500)).unwrap();
    assert_eq!(waiting.messages.len(), 3 * 8, "each address is told of each of the three");
}

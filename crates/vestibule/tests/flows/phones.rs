//! Codes to phones (R2): the page's constant answer, the truth for whoever types the code, and the link it leads to.

use core::time::Duration;

use vestibule::{
    Acting, Authenticated, ConnectRequest, LoginChange, NewPerson, NoticeKind, PhoneCodes, RecoveryRequest,
    Sent, SignInRequest, SignUpAsked, SignUpRequest, WaitingMessage,
};
use vestibule_core::{AddressKind, Failure, PhoneNumber, Refusal, Secret, SocialSubject, SubjectId};

use crate::races::at_once;
use crate::world::{ADA, HOME, NEW, RIGHT, World, block_on, reason, refused, rounds};

const BOB: &str = "bob@example.com";
const BOBS: &str = "+1 (202) 555-0101";
const PLAIN: &str = "+12025550101";
const NOBODYS: &str = "+1 202 555 0199";
const OTHER: &str = "+12025550102";
const MINUTE: Duration = Duration::from_secs(60);

/// Bob, with a mailbox, a phone and a password.
fn with_bob() -> (World, SubjectId) {
    let world = World::new();
    let login = vestibule_core::LoginEmail::parse(BOB).unwrap();
    let person = NewPerson::verified_by_host(login).also(PhoneNumber::parse(BOBS).unwrap()).password(RIGHT);
    let bob = block_on(world.vestibule.register_verified(person)).unwrap();
    (world, bob)
}

fn ticket_of(sent: Sent) -> Secret<String> {
    match sent {
        Sent::Code(sent) => sent.ticket,
        Sent::Message => panic!("a message was sent, and no code"),
    }
}

fn ask(world: &World, phone: &str) -> Secret<String> {
    ticket_of(block_on(world.vestibule.request_recovery(RecoveryRequest::new(phone))).unwrap())
}

fn sign_up(world: &World, phone: &str) -> Secret<String> {
    let request = SignUpRequest::new(phone).has_no_profile();
    match block_on(world.vestibule.request_sign_up(request)).unwrap() {
        SignUpAsked::Sent(sent) => ticket_of(sent),
        SignUpAsked::AskForProfile => panic!("it was answered"),
    }
}

/// The codes that wait for a phone.
fn texts(world: &World, to: &str) -> Vec<WaitingMessage> {
    let waiting = block_on(world.vestibule.waiting_messages(None, 500)).unwrap();
    let codes = waiting.messages.into_iter().filter(|message| message.notice.kind.carries_code());
    codes.filter(|message| message.recipient.expose() == to).collect()
}

fn code(world: &World, to: &str) -> String {
    let mut texts = texts(world, to);
    assert_eq!(texts.len(), 1, "one code at a time");
    let text = texts.remove(0);
    assert!(text.link.is_none() && text.by == AddressKind::Phone);
    text.code.unwrap().expose().clone()
}

fn wrong(code: &str) -> String {
    code.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect()
}

fn typed(world: &World, ticket: &Secret<String>, code: &str) -> Result<Secret<String>, Failure<Refusal>> {
    block_on(world.vestibule.confirm_recovery_code(ticket, code, None))
}

fn told<T>(answer: Result<T, Failure<Refusal>>) -> &'static str {
    refused(answer).code()
}

#[test]
fn a_code_leads_to_a_link_that_sets_a_new_password_once() {
    let (world, _) = with_bob();
    let before = world.sign_in(BOB);
    let ticket = ask(&world, BOBS);
    let code = code(&world, PLAIN);
    let (left, right) = code.split_at(3);
    let link = typed(&world, &ticket, &format!("{left} {right}")).unwrap();
    assert!(texts(&world, PLAIN).is_empty(), "a code that was typed waits no more");
    let _ = world.authenticate(&before.token).unwrap();
    let page = block_on(world.vestibule.inspect_recovery(&link, None)).unwrap();
    assert_eq!(page.address, "+1***01");
    block_on(world.vestibule.recover(&link, NEW, None)).unwrap();
    assert_eq!(world.dead(&before.token), "session.revoked");
    world.sign_in_with(SignInRequest::new(PLAIN, NEW));
    assert_eq!(refused(block_on(world.vestibule.recover(&link, RIGHT, None))).code(), "checkword.used");
    assert_eq!(refused(typed(&world, &ticket, &code)).code(), "checkword.rotated");
}

/// PR-11: whose answer was lost, or who sends the form twice, is handed the same link, as long as nothing has become of it.
#[test]
fn a_code_that_is_typed_again_hands_over_the_same_link_and_no_other() {
    let (world, _) = with_bob();
    let ticket = ask(&world, BOBS);
    let code = code(&world, PLAIN);
    let (one, other) = (typed(&world, &ticket, &code).unwrap(), typed(&world, &ticket, &code).unwrap());
    assert!(one.expose() == other.expose());
    // A later link by mail has taken its place: the code is used, and makes no further one.
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(BOB))).unwrap();
    assert_eq!(refused(typed(&world, &ticket, &code)).code(), "checkword.used");
    assert_eq!(refused(block_on(world.vestibule.recover(&one, NEW, None))).code(), "checkword.superseded");
}

/// PR-6: a stranger who asked for the same number learns nothing of what its owner does with the code.
#[test]
fn whoever_types_a_wrong_code_learns_nothing_of_what_the_owner_did() {
    let (world, _) = with_bob();
    let ticket = ask(&world, BOBS);
    let code = code(&world, PLAIN);
    let strangers = ask(&world, BOBS);
    let guess = |ticket: &Secret<String>| refused(typed(&world, ticket, &wrong(&code))).code();
    assert_eq!(guess(&strangers), "checkword.code_wrong");
    let link = typed(&world, &ticket, &code).unwrap();
    assert_eq!(guess(&strangers), "checkword.code_wrong");
    block_on(world.vestibule.recover(&link, NEW, None)).unwrap();
    world.clock.advance(MINUTE * 2);
    let _ = ask(&world, BOBS);
    assert_eq!(guess(&strangers), "checkword.code_wrong");
}

#[test]
fn the_page_is_told_the_truth_about_a_number_once_its_code_was_typed() {
    let (world, bob) = with_bob();
    let ticket = ask(&world, BOBS);
    block_on(world.vestibule.block(&reason(), bob, None)).unwrap();
    assert_eq!(told(typed(&world, &ticket, &code(&world, PLAIN))), "profile.blocked");
    block_on(world.vestibule.unblock(&reason(), bob)).unwrap();
    let social = SocialSubject::new(HOME, "7").unwrap();
    let cleo = NewPerson::verified_by_host(social).also(PhoneNumber::parse(OTHER).unwrap());
    block_on(world.vestibule.register_verified(cleo)).unwrap();
    let ticket = ask(&world, OTHER);
    let link = typed(&world, &ticket, &code(&world, OTHER)).unwrap();
    let page = block_on(world.vestibule.inspect_recovery(&link, None)).unwrap();
    assert!(page.first_password);
    let ticket = sign_up(&world, OTHER);
    assert_eq!(
        told(block_on(world.vestibule.confirm_sign_up_code(&ticket, &code(&world, OTHER), None))),
        "identifier.taken"
    );
}

/// PR-6: nothing that the page gets tells whose the number is.
#[test]
fn a_number_that_nobody_has_is_sent_nothing_and_its_page_is_told_the_same() {
    let (world, _) = with_bob();
    let mut all = Vec::new();
    for phone in [BOBS, NOBODYS] {
        let ticket = ask(&world, phone);
        let again = ask(&world, phone);
        assert!(ticket.expose() == again.expose(), "within half its life it is the same");
        let mut answers = vec![ticket.expose().split('_').nth(1).unwrap().to_owned()];
        // Wrong for both, whatever they are: five tries meet no code of six digits but by luck of 1 in 200 000.
        let guesses = match texts(&world, PLAIN).pop() {
            Some(text) => vec![wrong(text.code.unwrap().expose()); 6],
            None => vec!["000000".to_owned(); 6],
        };
        for guess in guesses {
            let refusal = refused(typed(&world, &ticket, &guess));
            let facts: Vec<_> = refusal.facts_for(vestibule_core::Audience::Visitor).collect();
            let told = format!("{:?} {facts:?}", refusal.public());
            answers.push(told.replace(&refusal.case().to_string(), "case"));
        }
        all.push(answers);
    }
    assert_eq!(all[0], all[1]);
    assert!(all[0][6].contains("checkword.code_spent"), "{:?}", all[0]);
    assert_eq!((texts(&world, PLAIN).len(), texts(&world, "+12025550199").len()), (1, 0));
}

/// PR-5: a code that was asked for before the profile changed opens nothing after it, and its ticket tells nothing before.
#[test]
fn a_code_of_before_a_new_password_opens_nothing() {
    let (world, _) = with_bob();
    let ticket = ask(&world, BOBS);
    let code = code(&world, PLAIN);
    let who = world.session(BOB);
    let _ = block_on(world.vestibule.change_password(&who, RIGHT, NEW)).unwrap();
    world.clock.advance(MINUTE);
    assert!(ask(&world, BOBS).expose() == ticket.expose());
    assert_eq!(refused(typed(&world, &ticket, &wrong(&code))).code(), "checkword.code_wrong");
    assert_eq!(refused(typed(&world, &ticket, &code)).code(), "checkword.rotated");
    world.clock.advance(MINUTE * 6);
    let ticket = ask(&world, BOBS);
    let link = typed(&world, &ticket, &self::code(&world, PLAIN)).unwrap();
    block_on(world.vestibule.recover(&link, RIGHT, None)).unwrap(); // a later one does
}

#[test]
fn a_link_by_mail_and_one_by_phone_supersede_one_another() {
    let (world, _) = with_bob();
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(BOB))).unwrap();
    let waiting = || block_on(world.vestibule.waiting_messages(None, 500)).unwrap().messages;
    let mailed = waiting().into_iter().find_map(|message| message.link).unwrap();
    let ticket = ask(&world, BOBS);
    let handed = typed(&world, &ticket, &code(&world, PLAIN)).unwrap();
    assert!(waiting().iter().all(|message| message.link.is_none()), "the older one is sent no more");
    let refusal = refused(block_on(world.vestibule.recover(&mailed, NEW, None)));
    assert_eq!(refusal.code(), "checkword.superseded");
    block_on(world.vestibule.recover(&handed, NEW, None)).unwrap();
}

#[test]
fn somebody_signs_up_with_a_phone_and_nothing_is_there_before() {
    let world = World::new();
    let ticket = sign_up(&world, NOBODYS);
    let code = code(&world, "+12025550199");
    let known = || {
        let number = PhoneNumber::parse(NOBODYS).unwrap();
        let owner = vestibule_profiles::ProfilesRead::identifier_owner(
            &world.store,
            AddressKind::Phone,
            number.key(),
        );
        block_on(owner).unwrap().is_some()
    };
    assert!(!known());
    let link = block_on(world.vestibule.confirm_sign_up_code(&ticket, &code, None)).unwrap();
    assert!(!known());
    let page = block_on(world.vestibule.inspect_sign_up(&link, None)).unwrap();
    assert_eq!(page.address, "+1***99");
    block_on(world.vestibule.confirm_sign_up(&link, RIGHT, None)).unwrap();
    world.sign_in(NOBODYS);
}

/// P6: a profile that a social account alone opens gets a number and a password.
#[test]
fn a_profile_without_a_password_connects_a_number() {
    let world = World::new();
    let social = NewPerson::verified_by_host(SocialSubject::new(HOME, "1").unwrap());
    let ada = block_on(world.vestibule.register_verified(social)).unwrap();
    let token = crate::social::enter_by(&world, HOME, "1").token;
    let who = world.authenticate(&token).unwrap();
    let sent = block_on(world.vestibule.request_address(&who, ConnectRequest::new(BOBS))).unwrap();
    let (ticket, code) = (ticket_of(sent), code(&world, PLAIN));
    let link = block_on(world.vestibule.confirm_address_code(&who, &ticket, &code)).unwrap();
    let _ = block_on(world.vestibule.connect_address(&who, &link, RIGHT)).unwrap();
    assert_eq!(world.sign_in(BOBS).subject, ada);
}

fn add(world: &World, who: &Authenticated, phone: &str) -> Secret<String> {
    let asked = block_on(world.vestibule.request_login_change(who, LoginChange::add(phone)));
    ticket_of(asked.unwrap())
}

/// N9: a number that is verified at another profile; its owner is told so on the page, and frees it there.
#[test]
fn a_number_becomes_a_login_unless_it_is_somebody_elses() {
    let (world, _) = with_bob();
    world.person(ADA);
    let who = world.session(ADA);
    let ticket = add(&world, &who, OTHER);
    let link = confirm(&world, &who, &ticket, OTHER).unwrap();
    block_on(world.vestibule.confirm_login_change(&who, &link)).unwrap();
    world.sign_in(OTHER);
    world.clock.advance(MINUTE * 10);
    let who = world.session(ADA);
    let ticket = add(&world, &who, OTHER);
    assert_eq!(told(confirm(&world, &who, &ticket, OTHER)), "login.is_yours");
    world.clock.advance(MINUTE * 20);
    let who = world.session(ADA);
    let ticket = add(&world, &who, BOBS);
    assert_eq!(told(confirm(&world, &who, &ticket, PLAIN)), "identifier.taken");
    // Bob gives it up. For a week nobody else takes it, unless he frees it.
    let bob = world.session(BOB);
    block_on(world.vestibule.remove_login(&bob, BOBS)).unwrap();
    assert_eq!(told(confirm(&world, &who, &ticket, PLAIN)), "login.still_leaving");
    block_on(world.vestibule.request_login_release(&bob, BOBS)).unwrap();
    let waiting = block_on(world.vestibule.waiting_messages(None, 500)).unwrap().messages;
    let free = waiting.into_iter().find(|one| one.notice.kind == NoticeKind::LoginReleaseLink).unwrap();
    assert_eq!((free.by, free.recipient.expose().as_str()), (AddressKind::Phone, PLAIN));
    block_on(world.vestibule.release_login(&bob, &free.link.unwrap())).unwrap();
    // The refusals have not spent the code.
    let link = confirm(&world, &who, &ticket, PLAIN).unwrap();
    block_on(world.vestibule.confirm_login_change(&who, &link)).unwrap();
    assert_eq!(world.sign_in(BOBS).subject, world.sign_in(ADA).subject);
}

fn confirm(
    world: &World,
    who: &Authenticated,
    ticket: &Secret<String>,
    to: &str,
) -> Result<Secret<String>, Failure<Refusal>> {
    block_on(world.vestibule.confirm_login_code(who, ticket, &code(world, to)))
}

#[test]
fn the_ticket_of_somebodys_session_is_good_in_no_other() {
    let (world, _) = with_bob();
    world.person(ADA);
    let (ada, bob) = (world.session(ADA), world.session(BOB));
    let ticket = add(&world, &ada, OTHER);
    let code = code(&world, OTHER);
    let other = block_on(world.vestibule.confirm_login_code(&bob, &ticket, &code));
    assert_eq!(refused(other).code(), "checkword.other_person");
    assert_eq!(refused(typed(&world, &ticket, &code)).code(), "checkword.wrong_purpose");
    let _link = block_on(world.vestibule.confirm_login_code(&ada, &ticket, &code)).unwrap();
}

/// R3: who has a phone alone gets the link itself there.
#[test]
fn an_administrator_has_a_link_sent_to_a_member_who_has_a_phone_alone() {
    let (world, _) = World::with_ada();
    let number = PhoneNumber::parse(BOBS).unwrap();
    let bob =
        block_on(world.vestibule.register_verified(NewPerson::verified_by_host(number).password(RIGHT)))
            .unwrap();
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    world.add(&ada, account, bob);
    block_on(world.vestibule.send_recovery(Acting::Administrator(&ada), account, bob)).unwrap();
    let waiting = block_on(world.vestibule.waiting_messages(None, 500)).unwrap().messages;
    let to_bob = waiting.into_iter().find(|message| message.link.is_some()).unwrap();
    assert_eq!((to_bob.recipient.expose().as_str(), to_bob.by), (PLAIN, AddressKind::Phone));
    block_on(world.vestibule.recover(&to_bob.link.unwrap(), NEW, None)).unwrap();
    world.sign_in_with(SignInRequest::new(BOBS, NEW));
}

/// What is spaced is not sent, and costs the realm nothing: an administrator who presses on uses up nobody's messages.
#[test]
fn an_administrator_who_asks_again_and_again_costs_one_message() {
    let world =
        World::with_phones(Some(PhoneCodes::default().per_hour(core::num::NonZeroU32::new(2).unwrap())));
    world.person(ADA);
    let mallory = NewPerson::verified_by_host(PhoneNumber::parse(BOBS).unwrap()).password(RIGHT);
    let mallory = block_on(world.vestibule.register_verified(mallory)).unwrap();
    let ada = world.session(ADA);
    let account = world.account(&ada, 1);
    world.add(&ada, account, mallory);
    let send = || block_on(world.vestibule.send_recovery(Acting::Administrator(&ada), account, mallory));
    for _ in 0..5 {
        send().unwrap();
    }
    let _others = ask(&world, "+12025550177");
    world.clock.advance(MINUTE * 2);
    assert_eq!(refused(send()).code(), "throttle.wait", "two are what the realm pays for");
}

/// Codes cost money: one client gets ten in an hour, and then uses nothing of the realm's.
#[test]
fn one_client_asks_for_ten_codes_in_an_hour_and_a_realm_for_what_it_pays() {
    let paid = PhoneCodes::default().per_hour(core::num::NonZeroU32::new(12).unwrap());
    let world = World::with_phones(Some(paid));
    let from = |client: [u8; 4], number: u32| {
        let request = RecoveryRequest::new(format!("+1202555{number:04}"));
        block_on(world.vestibule.request_recovery(request.from_client(std::net::IpAddr::from(client))))
    };
    for number in 0..10 {
        let _ = from([192, 0, 2, 1], number).unwrap();
    }
    for number in 10..20 {
        assert_eq!(refused(from([192, 0, 2, 1], number)).code(), "throttle.wait");
    }
    for number in 20..22 {
        let _ = from([192, 0, 2, 7], number).unwrap();
    }
    assert_eq!(refused(from([192, 0, 2, 9], 30)).code(), "throttle.wait", "the realm's are used up");
    world.clock.advance(MINUTE * 60);
    let _ = from([192, 0, 2, 1], 40).unwrap();
}

#[test]
fn a_deployment_that_sends_no_codes_says_so() {
    let world = World::with_phones(None);
    for phone in [BOBS, NOBODYS] {
        let refusal = refused(block_on(world.vestibule.request_recovery(RecoveryRequest::new(phone))));
        assert_eq!(refusal.code(), "recovery.kind_not_offered");
    }
}

/// Never two winners, and never more than five looks.
#[test]
fn those_who_type_one_code_at_once_are_handed_one_link() {
    for _ in 0..rounds(20) {
        let (world, _) = with_bob();
        let ticket = ask(&world, BOBS);
        let code = code(&world, PLAIN);
        let ended = at_once(16, |_| typed(&world, &ticket, &code));
        let won = ended.iter().filter(|one| one.is_ok()).count();
        assert!(won > 0, "{ended:?}");
        let mut links = ended.into_iter().filter_map(|one| match one {
            Ok(link) => Some(link),
            Err(Failure::Refused(refusal)) => {
                assert_eq!(refusal.code(), "checkword.code_spent");
                None
            }
            Err(Failure::Fault(fault)) => panic!("{fault:?}"),
        });
        let first = links.next().unwrap();
        assert!(links.all(|link| link.expose() == first.expose()), "one link for all of them");
        block_on(world.vestibule.recover(&first, NEW, None)).unwrap();
    }
}

fn changing(world: &World, who: &Authenticated, phone: &str) -> Result<Secret<String>, &'static str> {
    match block_on(world.vestibule.request_login_change(who, LoginChange::add(phone))) {
        Ok(sent) => Ok(ticket_of(sent)),
        refusal => Err(refused(refusal).code()),
    }
}

/// What was asked for before is not taken for what is asked for now.
#[test]
fn whoever_asks_for_another_number_too_soon_is_told_to_wait() {
    let (world, _) = with_bob();
    let who = world.session(BOB);
    let first = changing(&world, &who, OTHER).unwrap();
    assert_eq!(changing(&world, &who, NOBODYS).unwrap_err(), "throttle.wait");
    assert!(changing(&world, &who, OTHER).unwrap().expose() == first.expose(), "the same number is");
    world.clock.advance(MINUTE);
    let second = changing(&world, &who, NOBODYS).unwrap();
    assert_eq!(
        told(
            confirm(&world, &who, &second, "+12025550199")
                .map(drop)
                .and_then(|()| { block_on(world.vestibule.confirm_login_code(&who, &first, "000000")) })
        ),
        "checkword.code_wrong",
        "the first is superseded, and that is told to whoever has its code"
    );
}

/// One change is pending at a time, whichever way it was asked for, and none after it was taken back.
#[test]
fn a_change_by_phone_and_one_by_mail_take_each_others_place_and_are_taken_back() {
    let (world, _) = with_bob();
    let who = world.session(BOB);
    let home = "bob@home.example";
    let mail = |world: &World| {
        let waiting = block_on(world.vestibule.waiting_messages(None, 500)).unwrap().messages;
        waiting
            .into_iter()
            .find(|one| one.notice.kind == NoticeKind::LoginChangeLink)
            .and_then(|one| one.link)
    };
    let _ = block_on(world.vestibule.request_login_change(&who, LoginChange::add(home))).unwrap();
    let link = mail(&world).unwrap();
    let ticket = changing(&world, &who, OTHER).unwrap();
    assert!(mail(&world).is_none(), "it is sent no more");
    assert_eq!(told(block_on(world.vestibule.confirm_login_change(&who, &link))), "checkword.rotated");
    let typed = code(&world, OTHER);
    world.clock.advance(MINUTE);
    let _ = block_on(world.vestibule.request_login_change(&who, LoginChange::add(home))).unwrap();
    assert!(texts(&world, OTHER).is_empty());
    let late = block_on(world.vestibule.confirm_login_code(&who, &ticket, &typed));
    assert_eq!(told(late), "checkword.rotated");
    world.clock.advance(MINUTE * 5);
    let who = world.session(BOB);
    let ticket = changing(&world, &who, OTHER).unwrap();
    let typed = code(&world, OTHER);
    block_on(world.vestibule.cancel_login_change(&who)).unwrap();
    assert!(texts(&world, OTHER).is_empty());
    let late = block_on(world.vestibule.confirm_login_code(&who, &ticket, &typed));
    assert_eq!(told(late), "checkword.rotated");
}

/// A stranger's request takes no place of what somebody asked for in a session of theirs.
#[test]
fn a_code_that_somebody_asked_for_in_a_session_waits_whoever_asks_for_the_number() {
    let (world, _) = with_bob();
    world.person(ADA);
    let (ada, bob) = (world.session(ADA), world.session(BOB));
    let ticket = changing(&world, &bob, OTHER).unwrap();
    let _ = changing(&world, &ada, OTHER).unwrap();
    let _ = sign_up(&world, OTHER);
    let codes: Vec<String> =
        texts(&world, OTHER).into_iter().map(|text| text.code.unwrap().expose().clone()).collect();
    assert_eq!(codes.len(), 3);
    let right =
        codes.iter().any(|code| block_on(world.vestibule.confirm_login_code(&bob, &ticket, code)).is_ok());
    assert!(right);
}

#[test]
fn one_client_types_fifteen_codes_in_an_hour() {
    let world = World::new();
    let client = std::net::IpAddr::from([192, 0, 2, 1]);
    for number in 0..15 {
        let ticket = ask(&world, &format!("+1202555{:04}", number / 5));
        let wrong = block_on(world.vestibule.confirm_recovery_code(&ticket, "00000", Some(client.into())));
        assert_eq!(refused(wrong).code(), "checkword.code_wrong", "{number}");
    }
    let ticket = ask(&world, "+12025550009");
    let refusal =
        refused(block_on(world.vestibule.confirm_recovery_code(&ticket, "00000", Some(client.into()))));
    assert_eq!(refusal.code(), "throttle.wait");
}

/// Whoever wants a number as a login, in whichever way; and nobody keeps its owner from recovering by it.
#[test]
fn a_number_is_sent_ten_messages_in_an_hour_by_those_who_want_it_as_a_login() {
    let (world, _) = with_bob();
    for person in 0..9 {
        let login = format!("n{person}@example.com");
        world.person(&login);
        let _ = changing(&world, &world.session(&login), BOBS).unwrap();
    }
    let social = NewPerson::verified_by_host(SocialSubject::new(HOME, "1").unwrap());
    block_on(world.vestibule.register_verified(social)).unwrap();
    let who = world.authenticate(&crate::social::enter_by(&world, HOME, "1").token).unwrap();
    let connect = || block_on(world.vestibule.request_address(&who, ConnectRequest::new(BOBS)));
    let _ = connect().unwrap();
    let _ = connect().expect("the ticket of the code that is on its way");
    world.person(ADA);
    assert_eq!(changing(&world, &world.session(ADA), BOBS).unwrap_err(), "throttle.wait");
    let _ticket = ask(&world, BOBS);
}

/// What was spaced was no message: whoever presses on keeps nobody else from an address, by phone or by mail.
#[test]
fn an_address_counts_the_messages_and_not_the_requests() {
    let (world, _) = with_bob();
    world.person(ADA);
    let mallory = world.session(ADA);
    for wanted in [OTHER, "nobody@example.com"] {
        let change = || block_on(world.vestibule.request_login_change(&mallory, LoginChange::add(wanted)));
        let _ = change().unwrap();
        for _ in 0..20 {
            // The ticket of the code that is on its way, or how long to wait: nothing more is sent.
            let _ = change();
        }
        for person in 0..9 {
            let link = SocialSubject::new(HOME, &format!("{wanted} {person}")).unwrap();
            block_on(world.vestibule.register_verified(NewPerson::verified_by_host(link.clone()))).unwrap();
            let who =
                world.authenticate(&crate::social::enter_by(&world, HOME, link.subject()).token).unwrap();
            let _ = block_on(world.vestibule.request_address(&who, ConnectRequest::new(wanted))).unwrap();
        }
        let link = SocialSubject::new(HOME, wanted).unwrap();
        block_on(world.vestibule.register_verified(NewPerson::verified_by_host(link))).unwrap();
        let who = world.authenticate(&crate::social::enter_by(&world, HOME, wanted).token).unwrap();
        let eleventh = block_on(world.vestibule.request_address(&who, ConnectRequest::new(wanted)));
        assert_eq!(told(eleventh), "throttle.wait", "ten were sent");
    }
}

/// Nor do the messages of one person that connects an address: what is spaced is counted four times at most.
#[test]
fn one_person_who_connects_an_address_keeps_nobody_else_from_it() {
    let world = World::new();
    let social = |subject: &str| {
        let link = SocialSubject::new(HOME, subject).unwrap();
        block_on(world.vestibule.register_verified(NewPerson::verified_by_host(link))).unwrap();
        world.authenticate(&crate::social::enter_by(&world, HOME, subject).token).unwrap()
    };
    // The same whether anybody has it or not (PR-6).
    world.person(ADA);
    for (number, wanted) in [ADA, "nobody@example.com"].into_iter().enumerate() {
        let connect = |who: &_| block_on(world.vestibule.request_address(who, ConnectRequest::new(wanted)));
        let mallory = social(&format!("mallory {number}"));
        for _ in 0..40 {
            let _ = connect(&mallory).unwrap();
        }
        for person in 0..6 {
            let _ = connect(&social(&format!("{number} {person}"))).unwrap();
        }
        assert_eq!(told(connect(&social(&format!("last {number}")))), "throttle.wait");
    }
}

#[test]
fn codes_go_to_the_countries_that_were_named() {
    let world = World::with_phones(Some(PhoneCodes::default().only_to(&["+41", "+1202"])));
    let code = |phone: &str| block_on(world.vestibule.request_recovery(RecoveryRequest::new(phone)));
    for reached in ["+41 44 555 01 00", BOBS] {
        assert!(matches!(code(reached), Ok(Sent::Code(_))), "{reached}");
    }
    assert_eq!(refused(code("+49 30 123456")).code(), "recovery.kind_not_offered");
}

/// Twenty codes of one number are looked at in a day; its other ways in stay open.
#[test]
fn a_number_whose_codes_were_guessed_at_all_day_waits_until_the_day_is_over() {
    let (world, _) = with_bob();
    for _ in 0..4 {
        let ticket = ask(&world, BOBS);
        let guess = wrong(&code(&world, PLAIN));
        for _ in 0..5 {
            assert_eq!(told(typed(&world, &ticket, &guess)), "checkword.code_wrong");
        }
        assert_eq!(told(typed(&world, &ticket, &guess)), "checkword.code_spent");
        world.clock.advance(MINUTE * 16);
    }
    let ticket = ask(&world, BOBS);
    assert_eq!(told(typed(&world, &ticket, &code(&world, PLAIN))), "checkword.code_wait");
    world.sign_in(PLAIN);
    world.clock.advance(MINUTE * 60 * 24);
    let ticket = ask(&world, BOBS);
    let _link = typed(&world, &ticket, &code(&world, PLAIN)).unwrap();
}

/// PR-5: a new password ends what was asked for before it, also in the session that goes on.
#[test]
fn a_code_for_a_login_of_before_a_new_password_makes_none() {
    let (world, _) = with_bob();
    let who = world.session(BOB);
    let ticket = changing(&world, &who, OTHER).unwrap();
    let typed = code(&world, OTHER);
    let token = block_on(world.vestibule.change_password(&who, RIGHT, NEW)).unwrap();
    let who = world.authenticate(&token).unwrap();
    let late = block_on(world.vestibule.confirm_login_code(&who, &ticket, &typed));
    assert_eq!(told(late), "checkword.rotated");
}

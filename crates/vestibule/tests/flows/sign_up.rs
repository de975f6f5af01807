//! Signing up: nothing exists before the address is proven, and then everything at once.

use core::time::Duration;

use vestibule::{
    NewPerson, NoticeKind, OpenSession, RecoveryRequest, Sent, SignInRequest, SignUpAsked, SignUpRequest,
    WaitingMessage,
};
use vestibule_core::{Identifier, LoginEmail, Secret};
use vestibule_profiles::ProfilesRead;

use crate::world::{ADA, NEW, RIGHT, World, block_on, reason, refused};

const EVE: &str = "eve@example.com";
const MINUTE: Duration = Duration::from_secs(60);

fn ask(world: &World, address: &str) {
    let request = SignUpRequest::new(address).has_no_profile();
    assert!(matches!(
        block_on(world.vestibule.request_sign_up(request)).unwrap(),
        SignUpAsked::Sent(Sent::Message)
    ));
}

fn answer(world: &World, to: &str) -> WaitingMessage {
    let waiting = block_on(world.vestibule.waiting_messages(None, 500)).unwrap();
    let own = |message: &WaitingMessage| {
        message.recipient.expose() == to && message.notice.kind.code().starts_with("mailbox.")
    };
    let mut answers: Vec<_> = waiting.messages.into_iter().filter(own).collect();
    assert_eq!(answers.len(), 1, "one answer at a time");
    answers.remove(0)
}

fn signing_up(world: &World, address: &str) -> Secret<String> {
    ask(world, address);
    let answer = answer(world, address);
    assert_eq!(answer.notice.kind, NoticeKind::SignUpLink);
    answer.link.unwrap()
}

fn confirm(world: &World, link: &Secret<String>, password: &str) -> Result<(), &'static str> {
    match block_on(world.vestibule.confirm_sign_up(link, password, None)) {
        Ok(_) => Ok(()),
        refusal => Err(refused(refusal).code()),
    }
}

fn is_known(world: &World, login: &str) -> bool {
    let login = Identifier::parse_login(login).unwrap();
    block_on(world.store.identifier_owner(login.kind(), login.key())).unwrap().is_some()
}

#[test]
fn whoever_confirms_chooses_the_password_and_signs_in() {
    let world = World::new();
    let asked = block_on(world.vestibule.request_sign_up(SignUpRequest::new(EVE))).unwrap();
    assert!(matches!(asked, SignUpAsked::AskForProfile));
    let link = signing_up(&world, EVE);
    assert!(!is_known(&world, EVE), "a sign-up is no profile");
    assert_eq!(world.refused_in(SignInRequest::new(EVE, RIGHT)).code(), "sign_in.login_unknown");
    let page = block_on(world.vestibule.inspect_sign_up(&link, None)).unwrap();
    assert_eq!((page.address.as_str(), page.session), ("e***@e***.com", OpenSession::Nobody));
    assert_eq!(confirm(&world, &link, "short"), Err("password.rejected"));
    assert_eq!(confirm(&world, &link, EVE), Err("password.rejected"), "the own address");
    confirm(&world, &link, RIGHT).unwrap();
    world.sign_in(EVE);
    assert_eq!(confirm(&world, &link, NEW), Err("checkword.used"));
}

/// The classic attack on accounts that do not exist yet: whoever prepares a sign-up for somebody's address gets nothing by it,
/// whatever its owner does later (U-4, Sudhodanan and Paverd).
#[test]
fn a_sign_up_prepared_by_a_stranger_gives_them_nothing() {
    let world = World::new();
    let strangers = signing_up(&world, "Eve@Example.com");
    // The owner signs up, too: the message goes to the address as they wrote it, and the link is the same one.
    world.clock.advance(2 * MINUTE);
    let again = signing_up(&world, EVE);
    assert!(again.expose() == strangers.expose());
    confirm(&world, &again, RIGHT).unwrap();
    world.sign_in(EVE);
    assert_eq!(confirm(&world, &strangers, NEW), Err("checkword.used"));
}

#[test]
fn an_address_that_is_a_login_is_told_so_in_its_mailbox_alone() {
    let (world, ada) = World::with_ada();
    ask(&world, ADA);
    let told = answer(&world, ADA);
    assert_eq!((told.notice.kind, told.link.is_none()), (NoticeKind::AlreadyALogin, true));
    world.clock.advance(120 * MINUTE);
    block_on(world.vestibule.block(&reason(), ada, None)).unwrap();
    ask(&world, ADA);
    assert_eq!(answer(&world, ADA).notice.kind, NoticeKind::RecoveryWhileBlocked);
}

/// N3: whoever has not confirmed yet and asks for a new password is sent the confirmation again.
#[test]
fn a_recovery_of_a_sign_up_that_waits_sends_its_confirmation_again() {
    let world = World::new();
    let link = signing_up(&world, EVE);
    world.clock.advance(2 * MINUTE);
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(EVE))).unwrap();
    let again = answer(&world, EVE);
    assert_eq!(again.notice.kind, NoticeKind::SignUpLink);
    assert!(again.link.unwrap().expose() == link.expose());
    world.clock.advance(120 * MINUTE);
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(EVE))).unwrap();
    assert_eq!(answer(&world, EVE).notice.kind, NoticeKind::NobodyHere, "it has expired");
    assert_eq!(confirm(&world, &link, RIGHT), Err("checkword.expired"));
}

#[test]
fn an_address_that_somebody_verified_meanwhile_is_taken_and_the_link_stays() {
    let world = World::new();
    let link = signing_up(&world, EVE);
    let eve = NewPerson::verified_by_host(LoginEmail::parse(EVE).unwrap()).password(RIGHT);
    block_on(world.vestibule.register_verified(eve)).unwrap();
    assert_eq!(confirm(&world, &link, NEW), Err("identifier.taken"));
    assert!(block_on(world.vestibule.inspect_sign_up(&link, None)).is_ok());
    world.sign_in(EVE);
}

/// P8c: nobody confirms a profile in a browser in which somebody else is signed in, and nothing is spent by trying.
#[test]
fn in_somebodys_session_a_sign_up_is_not_confirmed() {
    let (world, _) = World::with_ada();
    let ada = world.sign_in(ADA);
    let link = signing_up(&world, EVE);
    let tried = block_on(world.vestibule.confirm_sign_up(&link, RIGHT, Some(&ada.token)));
    assert_eq!(refused(tried).code(), "checkword.other_person");
    confirm(&world, &link, RIGHT).unwrap();
}

/// A link for one thing is none for another, in either direction (U-13).
#[test]
fn a_sign_up_and_a_recovery_do_not_take_each_others_links() {
    let (world, _) = World::with_ada();
    let link = signing_up(&world, EVE);
    assert_eq!(
        refused(block_on(world.vestibule.recover(&link, NEW, None))).code(),
        "checkword.wrong_purpose"
    );
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(ADA))).unwrap();
    let recovery = answer(&world, ADA).link.unwrap();
    assert_eq!(confirm(&world, &recovery, NEW), Err("checkword.wrong_purpose"));
    confirm(&world, &link, RIGHT).unwrap();
}

//! Logins: added, replaced, removed, given free, fought over.

use core::time::Duration;

use vestibule::{
    Acting, Authenticated, LoginChange, NewPerson, NoticeKind, Propagation, RecoveryRequest, SignInRequest,
    WaitingMessage,
};
use vestibule_core::{Audience, ContactEmail, Failure, Identifier, LoginEmail, Refusal, Secret, SubjectId};
use vestibule_profiles::{Move, NewMember, ProfilesRead};

use crate::world::{ADA, NEW, RIGHT, World, block_on, reason, refused, role};

pub(crate) const HOME: &str = "ada@home.example";
pub(crate) const OFFICE: &str = "ada@office.example";
pub(crate) const BOB: &str = "bob@example.com";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn waiting(world: &World, to: &str, kind: NoticeKind) -> Option<WaitingMessage> {
    let waiting = block_on(world.vestibule.waiting_messages(None, 1000)).unwrap();
    let mut found =
        waiting.messages.into_iter().filter(|one| one.notice.kind == kind && one.recipient.expose() == to);
    let message = found.next();
    assert!(found.next().is_none(), "one of a kind");
    message
}

pub(crate) fn link(world: &World, to: &str, kind: NoticeKind) -> Secret<String> {
    waiting(world, to, kind).expect("a message").link.expect("a link")
}

pub(crate) fn code<T>(result: Result<T, Failure<Refusal>>) -> Result<(), &'static str> {
    match result {
        Ok(_) => Ok(()),
        refusal => Err(refused(refusal).code()),
    }
}

pub(crate) fn ask(world: &World, who: &Authenticated, change: LoginChange) -> Result<(), &'static str> {
    code(block_on(world.vestibule.request_login_change(who, change)))
}

pub(crate) fn confirm(world: &World, who: &Authenticated, link: &Secret<String>) -> Result<(), &'static str> {
    code(block_on(world.vestibule.confirm_login_change(who, link)))
}

/// Asked for and confirmed.
pub(crate) fn change(world: &World, who: &Authenticated, change: LoginChange) {
    let new = change.new.clone();
    ask(world, who, change).unwrap();
    confirm(world, who, &link(world, &new, NoticeKind::LoginChangeLink)).unwrap();
}

pub(crate) fn freeze(world: &World, message: &WaitingMessage) -> Result<(), &'static str> {
    let (link, typed) = (message.link.as_ref().unwrap(), message.code.as_ref().unwrap());
    code(block_on(world.vestibule.freeze_profile(link, typed.expose())))
}

fn recover(world: &World, login: &str, new: &str) -> Result<(), &'static str> {
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(login))).unwrap();
    let waiting = block_on(world.vestibule.waiting_messages(None, 1000)).unwrap();
    let link = waiting.messages.into_iter().find_map(|one| {
        let meant = one.notice.kind == NoticeKind::RecoveryLink && one.recipient.expose() == login;
        one.link.filter(|_| meant)
    });
    let Some(link) = link else { return Err("no link") };
    code(block_on(world.vestibule.recover(&link, new, None)))
}

fn logins(world: &World, who: &Authenticated) -> Vec<(String, bool)> {
    let own = block_on(world.vestibule.list_logins(who)).unwrap();
    own.logins.into_iter().map(|own| (own.login, own.primary)).collect()
}

fn owner(world: &World, login: &str) -> Option<SubjectId> {
    let login = Identifier::parse_login(login).unwrap();
    block_on(world.store.identifier_owner(login.kind(), login.key())).unwrap().map(|own| own.subject)
}

/// Ada with a second login that she had before anything else happens.
pub(crate) fn with_two(world: &World) -> SubjectId {
    let person = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap())
        .also(LoginEmail::parse(HOME).unwrap())
        .password(RIGHT);
    block_on(world.vestibule.register_verified(person)).unwrap()
}

#[test]
fn a_login_is_added_by_its_mailbox_in_the_persons_own_session() {
    let (world, ada) = World::with_ada();
    let who = world.session(ADA);
    ask(&world, &who, LoginChange::add(HOME)).unwrap();
    assert_eq!(owner(&world, HOME), None, "what is only asked for opens nothing");
    assert_eq!(world.refused_in(SignInRequest::new(HOME, RIGHT)).code(), "sign_in.login_unknown");
    let own = block_on(world.vestibule.list_logins(&who)).unwrap();
    assert_eq!((own.pending.as_deref(), own.logins.len()), (Some(HOME), 1));
    let link = link(&world, HOME, NoticeKind::LoginChangeLink);
    // A link alone does nothing, nor does somebody else's session (ATK-C12).
    world.person(BOB);
    assert_eq!(confirm(&world, &world.session(BOB), &link), Err("checkword.other_person"));
    let page = block_on(world.vestibule.inspect_login_change(&link, None)).unwrap();
    assert_eq!((page.address.as_str(), page.replaces), ("a***@h***.example", false));
    confirm(&world, &who, &link).unwrap();
    assert_eq!(owner(&world, HOME), Some(ada));
    assert_eq!(world.sign_in(HOME).subject, ada);
    assert_eq!(logins(&world, &who), [(ADA.to_owned(), true), (HOME.to_owned(), false)].map(|own| own));
    for address in [ADA, HOME] {
        assert!(waiting(&world, address, NoticeKind::LoginAdded).is_some(), "{address} is told");
    }
    assert_eq!(confirm(&world, &who, &link), Err("checkword.used"));
}

/// ATK-A5: whether anybody has the address is told in its mailbox alone.
#[test]
fn the_mailbox_is_told_the_truth_and_the_page_nothing() {
    let (world, _) = World::with_ada();
    world.person(BOB);
    for (address, kind) in
        [(BOB, NoticeKind::LoginTaken), (ADA, NoticeKind::LoginIsYours), (HOME, NoticeKind::LoginChangeLink)]
    {
        let who = world.session(ADA);
        ask(&world, &who, LoginChange::add(address)).unwrap();
        let told = waiting(&world, address, kind).unwrap();
        assert_eq!(told.link.is_some(), kind == NoticeKind::LoginChangeLink);
        let own = block_on(world.vestibule.list_logins(&who)).unwrap();
        assert_eq!(own.pending.as_deref(), Some(address), "pending, whatever is true of it");
        // The person hears of the spacing; that depends on nobody's address.
        assert_eq!(ask(&world, &who, LoginChange::add(OFFICE)), Err("throttle.wait"));
        world.clock.advance(20 * MINUTE);
        assert_eq!(ask(&world, &who, LoginChange::add(OFFICE)), Err("login.proof_too_old"), "ATK-G3");
    }
}

#[test]
fn one_change_is_pending_and_what_ends_it_ends_its_message() {
    type End = fn(&World, &Authenticated);
    let end: [(&str, End); 5] = [
        ("withdrawn", |world, who| block_on(world.vestibule.cancel_login_change(who)).unwrap()),
        ("withdrawn", |world, who| block_on(world.vestibule.sign_out_everywhere(who)).unwrap()),
        ("password_set", |world, who| {
            block_on(world.vestibule.change_password(who, RIGHT, RIGHT)).map(drop).unwrap();
        }),
        ("password_set", |world, _| recover(world, ADA, NEW).unwrap()),
        ("profile_blocked", |world, who| {
            block_on(world.vestibule.block(&reason(), who.subject(), None)).unwrap();
            block_on(world.vestibule.unblock(&reason(), who.subject())).unwrap();
        }),
    ];
    for (why, end) in end {
        let (world, _) = World::with_ada();
        let who = world.session(ADA);
        ask(&world, &who, LoginChange::add(HOME)).unwrap();
        let link = link(&world, HOME, NoticeKind::LoginChangeLink);
        end(&world, &who);
        assert!(waiting(&world, HOME, NoticeKind::LoginChangeLink).is_none(), "{why}: it is sent no more");
        let password = if world.try_in(SignInRequest::new(ADA, NEW)).is_ok() { NEW } else { RIGHT };
        let token = world.sign_in_with(SignInRequest::new(ADA, password)).token;
        let who = world.authenticate(&token).unwrap();
        let refusal = refused(block_on(world.vestibule.confirm_login_change(&who, &link)));
        assert_eq!(refusal.code(), "checkword.rotated");
        let told: Vec<_> =
            refusal.facts_for(Audience::Visitor).filter(|(name, _)| *name == "change").collect();
        assert_eq!(told, [("change", why)]);
    }
    // A newer one takes the place of the older.
    let (world, _) = World::with_ada();
    ask(&world, &world.session(ADA), LoginChange::add(HOME)).unwrap();
    let older = link(&world, HOME, NoticeKind::LoginChangeLink);
    world.clock.advance(2 * MINUTE);
    ask(&world, &world.session(ADA), LoginChange::add(OFFICE)).unwrap();
    assert!(waiting(&world, HOME, NoticeKind::LoginChangeLink).is_none());
    let who = world.session(ADA);
    assert_eq!(confirm(&world, &who, &older), Err("checkword.superseded"));
    let newer = link(&world, OFFICE, NoticeKind::LoginChangeLink);
    world.clock.advance(60 * MINUTE);
    assert_eq!(confirm(&world, &world.session(ADA), &newer), Err("checkword.expired"));
}

#[test]
fn a_replaced_login_opens_nothing_stays_taken_for_a_week_and_then_is_free() {
    let (world, ada) = World::with_ada();
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(ADA))).unwrap();
    let recovery = link(&world, ADA, NoticeKind::RecoveryLink);
    let who = world.session(ADA);
    change(&world, &who, LoginChange::replace(ADA, HOME));
    assert_eq!(logins(&world, &who), [(HOME.to_owned(), true)]);
    assert_eq!(world.sign_in(HOME).subject, ada);
    // No sign-in, no link that was made before, no link that is asked for now.
    assert_eq!(world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "sign_in.login_unknown");
    assert!(waiting(&world, ADA, NoticeKind::RecoveryLink).is_none(), "what waited for it is sent no more");
    assert_eq!(code(block_on(world.vestibule.recover(&recovery, NEW, None))), Err("checkword.rotated"));
    assert_eq!(recover(&world, ADA, NEW), Err("no link"));
    assert!(
        waiting(&world, ADA, NoticeKind::LoginLeaves).is_some(),
        "and its word of the change still waits"
    );
    // Nobody else takes it, until the week is over.
    world.person(BOB);
    let bob = world.session(BOB);
    ask(&world, &bob, LoginChange::add(ADA)).unwrap();
    assert!(waiting(&world, ADA, NoticeKind::LoginStillLeaving).unwrap().link.is_none());
    let taken = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap());
    assert_eq!(code(block_on(world.vestibule.register_verified(taken))), Err("identifier.taken"));
    world.clock.advance(7 * DAY);
    let bob = world.session(BOB);
    change(&world, &bob, LoginChange::add(ADA));
    assert_eq!(owner(&world, ADA), Some(bob.subject()));
    assert!(block_on(world.vestibule.list_logins(&world.session(HOME))).unwrap().leaving.is_empty());
}

#[test]
fn whoever_gave_a_login_up_may_take_it_back() {
    let (world, ada) = World::with_ada();
    let who = world.session(ADA);
    change(&world, &who, LoginChange::replace(ADA, HOME));
    let objection = waiting(&world, ADA, NoticeKind::LoginLeaves).unwrap();
    world.clock.advance(10 * MINUTE);
    change(&world, &world.session(HOME), LoginChange::add(ADA));
    assert_eq!(owner(&world, ADA), Some(ada));
    assert_eq!(freeze(&world, &objection), Err("checkword.rotated"), "it is theirs again");
}

#[test]
fn the_primary_login_is_chosen_and_outlives_its_removal_as_another() {
    let world = World::new();
    with_two(&world);
    let who = world.session(ADA);
    assert_eq!(logins(&world, &who).iter().filter(|(_, primary)| *primary).count(), 1);
    block_on(world.vestibule.set_primary_login(&who, HOME)).unwrap();
    assert_eq!(logins(&world, &who), [(ADA.to_owned(), false), (HOME.to_owned(), true)]);
    assert_eq!(code(block_on(world.vestibule.set_primary_login(&who, BOB))), Err("login.not_yours"));
    block_on(world.vestibule.remove_login(&who, HOME)).unwrap();
    assert_eq!(logins(&world, &who), [(ADA.to_owned(), true)]);
    assert!(waiting(&world, HOME, NoticeKind::LoginLeaves).is_some());
    assert!(waiting(&world, ADA, NoticeKind::LoginRemoved).is_some());
}

/// P7, the whole way out: recover the other profile, move its address away, claim it here.
#[test]
fn an_address_of_another_profile_of_ones_own_is_moved_here() {
    let (world, ada) = World::with_ada();
    let other = world.person(HOME);
    ask(&world, &world.session(ADA), LoginChange::add(HOME)).unwrap();
    assert!(waiting(&world, HOME, NoticeKind::LoginTaken).is_some());
    recover(&world, HOME, NEW).unwrap();
    let there = world.sign_in_with(SignInRequest::new(HOME, NEW));
    assert_eq!(there.subject, other);
    let there = world.authenticate(&there.token).unwrap();
    change(&world, &there, LoginChange::replace(HOME, OFFICE));
    // It would be free in a week; its mailbox gives it free at once.
    let objection = waiting(&world, HOME, NoticeKind::LoginLeaves).unwrap();
    block_on(world.vestibule.request_login_release(&there, HOME)).unwrap();
    let release = link(&world, HOME, NoticeKind::LoginReleaseLink);
    block_on(world.vestibule.release_login(&there, &release)).unwrap();
    world.clock.advance(10 * MINUTE);
    change(&world, &world.session(ADA), LoginChange::add(HOME));
    assert_eq!(owner(&world, HOME), Some(ada));
    assert_eq!(freeze(&world, &objection), Err("checkword.rotated"), "its owner gave it free");
    assert!(waiting(&world, HOME, NoticeKind::LoginLeaves).is_none());
}

#[test]
fn an_address_is_given_free_at_once_only_where_it_was_given_up_and_by_its_mailbox() {
    let world = World::new();
    with_two(&world);
    let (who, elsewhere) = (world.session(ADA), world.session(ADA));
    change(&world, &who, LoginChange::replace(ADA, OFFICE));
    let released = |who: &Authenticated| code(block_on(world.vestibule.request_login_release(who, ADA)));
    assert_eq!(released(&elsewhere), Err("login.other_session"));
    assert_eq!(code(block_on(world.vestibule.request_login_release(&who, HOME))), Err("login.not_leaving"));
    released(&who).unwrap();
    assert!(
        waiting(&world, OFFICE, NoticeKind::LoginReleaseLink).is_none(),
        "the old address alone is asked"
    );
    let release = link(&world, ADA, NoticeKind::LoginReleaseLink);
    let give = |who: &Authenticated| code(block_on(world.vestibule.release_login(who, &release)));
    assert_eq!(give(&elsewhere), Err("login.other_session"));
    world.person(BOB);
    assert_eq!(give(&world.session(BOB)), Err("checkword.other_person"));
    give(&who).unwrap();
    assert_eq!(give(&who), Err("checkword.used"));
    world.person(ADA);
}

/// ATK-G3: a thief with a session of the person's moves the login away. The old address freezes the profile; what the thief
/// brought proves nothing, what was there long before does.
#[test]
fn the_old_address_freezes_the_profile_and_an_old_enough_one_lifts_that() {
    let world = World::new();
    let ada = with_two(&world);
    world.clock.advance(30 * DAY);
    let thief = world.session(ADA);
    change(&world, &thief, LoginChange::replace(ADA, "eve@evil.example"));
    let objection = waiting(&world, ADA, NoticeKind::LoginLeaves).unwrap();
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new("eve@evil.example"))).unwrap();
    let prepared = link(&world, "eve@evil.example", NoticeKind::RecoveryLink);
    // A scanner of mail submits the form, without a code.
    let scanned = block_on(world.vestibule.freeze_profile(objection.link.as_ref().unwrap(), ""));
    assert_eq!(code(scanned), Err("login.freeze_code_wrong"));
    freeze(&world, &objection).unwrap();
    assert_eq!(freeze(&world, &objection), Err("checkword.used"));
    // Every session is over; the thief still has the password, and changes nothing with it.
    assert_eq!(code(block_on(world.vestibule.list_logins(&thief))), Err("session.revoked"));
    let thief = world.session("eve@evil.example");
    let frozen = Err("profile.frozen");
    assert_eq!(ask(&world, &thief, LoginChange::add(OFFICE)), frozen);
    assert_eq!(code(block_on(world.vestibule.remove_login(&thief, HOME))), frozen);
    assert_eq!(code(block_on(world.vestibule.set_primary_login(&thief, HOME))), frozen);
    assert_eq!(code(block_on(world.vestibule.request_login_release(&thief, ADA))), frozen);
    assert_eq!(code(block_on(world.vestibule.change_password(&thief, RIGHT, NEW))), frozen);
    assert_eq!(
        code(block_on(world.vestibule.recover(&prepared, NEW, None))),
        frozen,
        "it came with the change"
    );
    assert_eq!(code(block_on(world.vestibule.inspect_recovery(&prepared, None))), frozen);
    world.clock.advance(MINUTE);
    assert_eq!(
        recover(&world, "eve@evil.example", NEW),
        Err("no link"),
        "nor supersedes it the owner's link"
    );
    assert!(waiting(&world, "eve@evil.example", NoticeKind::RecoveryWhileFrozen).is_some());
    // The old address restores nothing.
    assert_eq!(recover(&world, ADA, NEW), Err("no link"));
    // The address that was there 30 days before shows who is right.
    recover(&world, HOME, NEW).unwrap();
    assert_eq!(code(block_on(world.vestibule.list_logins(&thief))), Err("session.revoked"));
    let token = world.sign_in_with(SignInRequest::new(HOME, NEW)).token;
    let who = world.authenticate(&token).unwrap();
    assert_eq!(who.subject(), ada);
    block_on(world.vestibule.remove_login(&who, "eve@evil.example")).unwrap();
}

#[test]
fn what_is_younger_than_thirty_days_lifts_no_freeze_and_the_operator_does() {
    let world = World::new();
    let ada = with_two(&world);
    world.clock.advance(30 * DAY - Duration::from_micros(1));
    change(&world, &world.session(ADA), LoginChange::replace(ADA, OFFICE));
    freeze(&world, &waiting(&world, ADA, NoticeKind::LoginLeaves).unwrap()).unwrap();
    assert_eq!(recover(&world, HOME, NEW), Err("no link"));
    block_on(world.vestibule.lift_freeze(&reason(), ada)).unwrap();
    assert!(waiting(&world, HOME, NoticeKind::ProfileUnfrozen).is_some());
    block_on(world.vestibule.set_primary_login(&world.session(HOME), HOME)).unwrap();
}

/// A thief changes the login twice, and asks about the old address, so that its message is superseded: it is not.
#[test]
fn no_later_change_and_no_strangers_request_takes_the_old_address_its_say() {
    let world = World::new();
    with_two(&world);
    world.clock.advance(31 * DAY);
    let thief = world.session(ADA);
    change(&world, &thief, LoginChange::replace(ADA, "eve@evil.example"));
    world.clock.advance(2 * MINUTE);
    change(&world, &thief, LoginChange::replace("eve@evil.example", "eva@evil.example"));
    let _ = block_on(world.vestibule.request_recovery(RecoveryRequest::new(ADA))).unwrap();
    block_on(world.vestibule.change_password(&thief, RIGHT, NEW)).map(drop).unwrap();
    world.clock.advance(6 * DAY);
    let objection = waiting(&world, ADA, NoticeKind::LoginLeaves).unwrap();
    freeze(&world, &objection).unwrap();
    // Of two disputed changes the earlier counts: the login of the first is no proof about the second.
    assert_eq!(recover(&world, "eva@evil.example", RIGHT), Err("no link"));
    recover(&world, HOME, RIGHT).unwrap();
}

#[test]
fn a_freeze_link_ends_with_its_window() {
    let (world, _) = World::with_ada();
    change(&world, &world.session(ADA), LoginChange::replace(ADA, HOME));
    let objection = waiting(&world, ADA, NoticeKind::LoginLeaves).unwrap();
    let page = block_on(world.vestibule.inspect_freeze(objection.link.as_ref().unwrap())).unwrap();
    assert_eq!(page.address, "a***@e***.com");
    world.clock.advance(7 * DAY - Duration::from_micros(1));
    assert!(block_on(world.vestibule.inspect_freeze(objection.link.as_ref().unwrap())).is_ok());
    world.clock.advance(Duration::from_micros(1));
    assert_eq!(freeze(&world, &objection), Err("checkword.expired"));
}

/// Everything at its caps lands: eight logins, each told.
#[test]
fn a_person_with_eight_logins_replaces_one_and_adds_none() {
    let world = World::new();
    let address = |number: usize| LoginEmail::parse(&format!("ada{number}@example.com")).unwrap();
    let person =
        (1..8).fold(NewPerson::verified_by_host(address(0)), |person, number| person.also(address(number)));
    block_on(world.vestibule.register_verified(person.password(RIGHT))).unwrap();
    let who = world.session("ada3@example.com");
    assert_eq!(ask(&world, &who, LoginChange::add(HOME)), Err("identifier.too_many"));
    change(&world, &who, LoginChange::replace("ada7@example.com", HOME));
    let objection = waiting(&world, "ada7@example.com", NoticeKind::LoginLeaves).unwrap();
    freeze(&world, &objection).unwrap();
    assert!(waiting(&world, "ada0@example.com", NoticeKind::ProfileFrozen).is_some());
}

/// Each login that leaves is told and can freeze: no more of them leave at once than a profile can have.
#[test]
fn no_more_logins_leave_at_once_than_a_profile_can_have() {
    let (world, _) = World::with_ada();
    let name = |number: usize| if number == 0 { ADA.to_owned() } else { format!("ada{number}@example.com") };
    let next = |number| LoginChange::replace(name(number), name(number + 1));
    for number in 0..8 {
        change(&world, &world.session(&name(number)), next(number));
        world.clock.advance(60 * MINUTE);
    }
    let who = world.session(&name(8));
    assert_eq!(ask(&world, &who, next(8)), Err("login.too_many_leaving"));
    assert_eq!(code(block_on(world.vestibule.remove_login(&who, &name(8)))), Err("login.too_many_leaving"));
    ask(&world, &who, LoginChange::add(name(9))).unwrap();
    // The first ones are free by then.
    world.clock.advance(7 * DAY);
    change(&world, &world.session(&name(8)), next(8));
}

/// R3: of several logins the primary one is sent the link that an administrator asks for.
#[test]
fn an_administrators_link_goes_to_the_primary_login() {
    let world = World::new();
    let ada = with_two(&world);
    world.person(BOB);
    let bob = world.session(BOB);
    let account = world.account(&bob, 1);
    world.add(&bob, account, ada);
    let send = || block_on(world.vestibule.send_recovery(Acting::Administrator(&bob), account, ada)).unwrap();
    block_on(world.vestibule.set_primary_login(&world.session(ADA), HOME)).unwrap();
    send();
    assert!(waiting(&world, HOME, NoticeKind::RecoveryLink).is_some());
    assert!(waiting(&world, ADA, NoticeKind::RecoveryLink).is_none());
}

/// U-9: a contact address follows the login account by account; what is somebody else's there is skipped, and reported.
#[test]
fn a_contact_address_follows_a_login_where_it_can_and_says_where_it_cannot() {
    let world = World::new();
    let ada = with_two(&world);
    world.person(BOB);
    let carol = world.person("carol@example.com");
    let owner = world.session(BOB);
    let by = Acting::Administrator(&owner);
    let contact = |typed: &str| ContactEmail::parse(typed).unwrap();
    let add = |account, subject, typed: &str| {
        let member = NewMember::active(subject, role()).contact(contact(typed));
        block_on(world.vestibule.add_member(by, account, member)).unwrap();
    };
    let [plain, taken, other, left] = [1, 2, 3, 4].map(|number| world.account(&owner, number));
    add(plain, ada, "ADA@example.com");
    add(taken, ada, ADA);
    add(taken, carol, HOME);
    add(other, ada, "desk@example.com");
    add(left, ada, ADA);
    block_on(world.vestibule.move_member(by, left, ada, Move::Dismiss)).unwrap();
    let who = world.session(ADA);
    let propagate = |old: &str, new: &str| block_on(world.vestibule.propagate_login(&who, old, new));
    assert_eq!(world.told(propagate(ADA, BOB)), "login.not_yours");
    let report = propagate(ADA, HOME).unwrap();
    assert_eq!(report, [(plain, Propagation::Changed), (taken, Propagation::Taken)]);
    let contacts = [plain, taken, other, left]
        .map(|account| block_on(world.store.membership(account, ada)).unwrap().unwrap().contact.unwrap());
    assert_eq!(contacts, [HOME, ADA, "desk@example.com", ADA]);
    let key = contact(HOME).key();
    assert_eq!(block_on(world.store.contact_owner(plain, key)).unwrap(), Some(ada));
    assert_eq!(block_on(world.store.contact_owner(plain, contact(ADA).key())).unwrap(), None, "free there");
    assert_eq!(block_on(world.store.contact_owner(taken, key)).unwrap(), Some(carol));
    assert_eq!(
        propagate(ADA, HOME).unwrap(),
        [(taken, Propagation::Taken)],
        "again it goes on with the rest"
    );
}

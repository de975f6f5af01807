//! Contact addresses: unique in an account, and only there.

use vestibule_profiles::{ActingAs, Move, NewMember, Problem, ProfilesRead};

use super::{World, at, block_on, contact, refusal, role};

#[test]
fn a_contact_address_is_unique_in_its_account_and_nowhere_else() {
    let world = World::new();
    let founder = world.register("founder");
    let (acme, other) = (world.open("acme", founder), world.open("other", founder));
    let (ada, ben) = (world.register("ada"), world.register("ben"));
    let office = || contact("office@example.com");
    world.add(acme, NewMember::active(ada, role("worker")).contact(office())).unwrap();

    let before = world.dump();
    let same = contact("Office@EXAMPLE.com");
    let refused = world.add(acme, NewMember::active(ben, role("worker")).contact(same));
    assert_eq!(refusal(refused), Problem::ContactTaken);
    assert_eq!(world.dump(), before);

    world.add(other, NewMember::active(ben, role("worker")).contact(office())).unwrap();
    let key = office().key();
    assert_eq!(block_on(world.store.contact_owner(acme, key)).unwrap(), Some(ada));
    assert_eq!(block_on(world.store.contact_owner(other, key)).unwrap(), Some(ben));
}

#[test]
fn a_declined_member_frees_the_contact_address_and_a_dismissed_one_keeps_it() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let (ada, ben, eve) = (world.register("ada"), world.register("ben"), world.register("eve"));
    let office = || contact("office@example.com");
    let moved =
        |who, step| block_on(world.profiles.move_member(ActingAs::Operator, account, who, step, at(5)));

    world.add(account, NewMember::awaiting_approval(ada, role("worker")).contact(office())).unwrap();
    moved(ada, Move::Decline).unwrap();
    assert_eq!(block_on(world.store.contact_owner(account, office().key())).unwrap(), None);

    world.add(account, NewMember::active(ben, role("worker")).contact(office())).unwrap();
    moved(ben, Move::Dismiss).unwrap();
    let refused = world.add(account, NewMember::active(eve, role("worker")).contact(office()));
    assert_eq!(refusal(refused), Problem::ContactTaken);
    moved(ben, Move::Reinstate).unwrap();
    assert_eq!(world.membership(account, ben).unwrap().contact.as_deref(), Some("office@example.com"));
    assert_eq!(block_on(world.store.contact_owner(account, office().key())).unwrap(), Some(ben));
}

#[test]
fn a_declined_person_may_be_added_again_and_a_dismissed_one_only_reinstated() {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    let (ada, ben) = (world.register("ada"), world.register("ben"));
    let moved =
        |who, step| block_on(world.profiles.move_member(ActingAs::Operator, account, who, step, at(5)));

    world.add(account, NewMember::awaiting_approval(ada, role("worker"))).unwrap();
    moved(ada, Move::Decline).unwrap();
    assert_eq!(block_on(world.store.memberships_of(ada, None, 10)).unwrap(), []);
    assert_eq!(world.profile(ada).unwrap().live_memberships, 0);
    world.add(account, NewMember::active(ada, role("worker"))).unwrap();

    world.add(account, NewMember::active(ben, role("worker"))).unwrap();
    moved(ben, Move::Dismiss).unwrap();
    let status = vestibule_profiles::Status::Dismissed;
    let again = world.add(account, NewMember::active(ben, role("worker")));
    assert_eq!(refusal(again), Problem::AlreadyMember { status });
}

//! S-1: a batch of which any one guard is refused leaves the database byte for byte as it was.

use vestibule_core::{AccountId, Landed, SubjectId, Write};
use vestibule_profiles::{
    AccountState, By, Move, NewAccount, NewMember, ProfileIdentifier, ProfilesWrite, Status, decide,
};

use super::{World, account_id, at, contact, login, person, role};

/// A world in which every shape of batch can be decided: an administrator acts on members of every status.
struct Scene {
    world: World,
    account: AccountId,
    founder: SubjectId,
}

fn scene() -> Scene {
    let world = World::new();
    let founder = world.register("founder");
    let account = world.open("acme", founder);
    world.administrator(account, "second");
    world.member(account, "active", role("worker"));
    let awaiting = world.register("awaiting");
    let new = NewMember::awaiting_approval(awaiting, role("worker")).contact(contact("wait@example.com"));
    world.add(account, new).unwrap();
    let dismissed = world.member(account, "dismissed", role("worker"));
    let operator = super::ActingAs::Operator;
    let dismissal = world.profiles.move_member(operator, account, dismissed, Move::Dismiss, at(3));
    super::block_on(dismissal).unwrap();
    assert_eq!(world.status(account, dismissed), Some(Status::Dismissed));
    world.register("new");
    Scene { world, account, founder }
}

/// Every shape of batch that this crate decides.
fn shapes(scene: &Scene) -> Vec<(&'static str, Vec<ProfilesWrite>)> {
    let Scene { world, account: id, founder } = scene;
    let account = world.account(*id);
    let acting = world.membership(*id, *founder).unwrap();
    let by = By::Member(&acting);
    let member = |name: &str| world.membership(*id, person(name)).unwrap();
    let moved = |name, step| decide::move_member(by, &account, Some(&member(name)), step, at(5)).unwrap();
    let changed = |name, administers| {
        decide::change_role(by, &account, Some(&member(name)), role("deputy"), administers).unwrap()
    };
    let added = |new| decide::add_member(by, &account, None, new, at(5)).unwrap();
    let fresh = person("new");
    let addresses = vec![login("a@example.com"), login("b@example.com"), login("c@example.com")];
    let profile = world.profile(*founder).unwrap();
    let new = NewAccount::new(account_id("newly"), "newly", role("worker"));
    vec![
        ("register", decide::register(person("fresh"), addresses, at(5)).unwrap()),
        ("create account", decide::create_account(&profile, new, 7, at(5)).unwrap()),
        ("add active", added(NewMember::active(fresh, role("worker")).contact(contact("new@example.com")))),
        (
            "add awaiting",
            added(NewMember::awaiting_approval(fresh, role("worker")).contact(contact("new@example.com"))),
        ),
        ("approve", moved("awaiting", Move::Approve)),
        ("decline", moved("awaiting", Move::Decline)),
        ("dismiss", moved("active", Move::Dismiss)),
        ("dismiss an administrator", moved("second", Move::Dismiss)),
        ("reinstate", moved("dismissed", Move::Reinstate)),
        ("change role", changed("active", false)),
        ("make administrator", changed("active", true)),
        ("unmake administrator", changed("second", false)),
        ("edit policy", decide::edit_policy(by, &account, super::policy()).unwrap()),
        ("close", decide::set_state(by, &account, AccountState::Closed).unwrap()),
        ("block", vec![decide::set_block(&profile, Some(None), at(5))]),
    ]
}

/// The same write with a guard that does not hold.
fn spoil(write: &ProfilesWrite) -> ProfilesWrite {
    let mut spoilt = write.clone();
    match &mut spoilt {
        ProfilesWrite::AddMembership { membership } => {
            membership.account = account_id("acme");
            membership.subject = person("active");
        }
        ProfilesWrite::BumpEpoch { from, .. }
        | ProfilesWrite::EditPolicy { from, .. }
        | ProfilesWrite::MoveMembership { from, .. }
        | ProfilesWrite::SetBlock { from, .. }
        | ProfilesWrite::SetFactor { from, .. }
        | ProfilesWrite::SetFreeze { from, .. }
        | ProfilesWrite::SetState { from, .. } => *from += 1,
        ProfilesWrite::CountAdministrators { delta, .. } => *delta = i8::MIN,
        ProfilesWrite::CountProfile { memberships, .. } => *memberships = i8::MIN,
        ProfilesWrite::CountSeats { settings_version, .. } => *settings_version += 1,
        ProfilesWrite::CountWays { identifiers, .. } => *identifiers = i8::MIN,
        ProfilesWrite::CreateAccount { account } => account.account = account_id("acme"),
        ProfilesWrite::CreateProfile { profile } => profile.subject = person("active"),
        ProfilesWrite::MoveContact { from, .. } => *from = Some(person("nobody")),
        ProfilesWrite::ReleaseIdentifier { subject, .. } => *subject = person("nobody"),
        ProfilesWrite::RequireMembership { version, .. } | ProfilesWrite::RequireSettings { version, .. } => {
            *version += 1;
        }
        ProfilesWrite::SetContact { from, .. } => *from += 1,
        ProfilesWrite::RequireProfile { epoch, .. } | ProfilesWrite::SetPrimary { epoch, .. } => *epoch += 1,
        ProfilesWrite::ForgetLeaving { subject, .. } | ProfilesWrite::RequireIdentifier { subject, .. } => {
            *subject = person("nobody");
        }
        ProfilesWrite::LeaveIdentifier { leaving } => leaving.subject = person("nobody"),
        ProfilesWrite::TakeIdentifier { identifier } => {
            *identifier =
                ProfileIdentifier { identifier: login("founder@example.com"), ..identifier.clone() };
        }
        ProfilesWrite::NotePending { .. } | ProfilesWrite::TouchMembership { .. } => {
            panic!("no decision of this table notes or touches")
        }
    }
    spoilt
}

#[test]
fn a_batch_of_which_any_guard_is_refused_leaves_no_trace() {
    let scene = scene();
    let mut positions = 0;
    for (shape, writes) in shapes(&scene) {
        for place in 0..writes.len() {
            let mut spoilt = writes.clone();
            spoilt[place] = spoil(&writes[place]);
            let batch = scene.world.batch(spoilt.clone());
            let position = batch.writes().iter().position(|write| *write == spoilt[place]).unwrap();
            let before = scene.world.dump();
            assert_eq!(
                scene.world.commit(&batch),
                Landed::Refused { position, guard: writes[place].guard() },
                "{shape}: {:?}",
                spoilt[place]
            );
            assert_eq!(scene.world.dump(), before, "{shape}: {:?}", spoilt[place]);
            positions += 1;
        }
    }
    assert!(positions >= 45, "{positions}");
}

/// S-6, and that each shape lands at all.
#[test]
fn every_shape_lands_once_however_often_it_is_sent() {
    let shapes_of = |number: usize| {
        let scene = scene();
        let shape = shapes(&scene).remove(number);
        (scene, shape)
    };
    let count = shapes(&scene()).len();
    for number in 0..count {
        let (Scene { world, .. }, (shape, writes)) = shapes_of(number);
        let batch = world.batch(writes);
        assert_eq!(world.commit(&batch), Landed::Applied, "{shape}");
        let after = world.dump();
        let again = world.commit(&batch);
        if batch.writes().len() > 1 {
            assert_eq!(again, Landed::AlreadyApplied, "{shape}");
        }
        assert_eq!(world.dump(), after, "{shape}");
    }
}

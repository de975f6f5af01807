//! Who did what to whom, and why: every act of an administrator and of the operator leaves an event that says so.

use core::time::Duration;

use vestibule::{Acting, Reason};
use vestibule_core::{AccountId, Failure, Refusal, SubjectId};
use vestibule_journal::{Event, EventActor, EventKind, JournalRead};
use vestibule_profiles::{AccountPolicy, Move, NewMember, ProfilesRead};

use crate::world::{ADA, World, block_on, reason, refused, role};

const BOB: &str = "bob@example.com";

/// Ada's account, and Bob.
struct Office {
    world: World,
    account: AccountId,
    ada: SubjectId,
    bob: SubjectId,
}

impl Office {
    fn new() -> Self {
        let (world, ada) = World::with_ada();
        let bob = world.person(BOB);
        let account = world.account(&world.session(ADA), 1);
        Self { world, account, ada, bob }
    }

    /// The events about Bob or the account that this leaves.
    fn events_of<T>(&self, act: impl FnOnce() -> Result<T, Failure<Refusal>>) -> Vec<Event> {
        let all = || {
            let mut all = block_on(self.world.store.events_of_subject(self.bob, None, 500)).unwrap();
            all.extend(block_on(self.world.store.events_of_account(self.account, None, 500)).unwrap());
            all.sort_by_key(|event| event.id);
            all.dedup_by_key(|event| event.id);
            all
        };
        // An event is told by its place in time.
        self.world.clock.advance(Duration::from_secs(1));
        let before = all();
        assert_eq!(act().map_err(|failure| failure.refused().map(|refusal| refusal.code())).err(), None);
        all().into_iter().filter(|event| !before.contains(event)).collect()
    }

    fn reason_of(&self, event: &Event) -> Option<String> {
        let personal = block_on(self.world.store.personal(event.id)).unwrap()?;
        personal.fields.into_iter().find(|(name, _)| name == "reason").map(|(_, reason)| reason)
    }

    /// Every act that an administrator and the operator have in common, with the event that is left.
    fn common(&self, by: Acting<'_>) -> Vec<(EventKind, Vec<Event>)> {
        let (v, account, bob) = (&self.world.vestibule, self.account, self.bob);
        let act = |kind, events| (kind, events);
        let moved =
            |kind, step| act(kind, self.events_of(|| block_on(v.move_member(by, account, bob, step))));
        let added = || {
            let waits = NewMember::awaiting_approval(bob, role());
            act(EventKind::MEMBERSHIP_ADDED, self.events_of(|| block_on(v.add_member(by, account, waits))))
        };
        vec![
            added(),
            moved(EventKind::MEMBERSHIP_DECLINED, Move::Decline),
            added(),
            moved(EventKind::MEMBERSHIP_APPROVED, Move::Approve),
            moved(EventKind::MEMBERSHIP_DISMISSED, Move::Dismiss),
            moved(EventKind::MEMBERSHIP_REINSTATED, Move::Reinstate),
            act(
                EventKind::MEMBERSHIP_ROLE_CHANGED,
                self.events_of(|| block_on(v.change_role(by, account, bob, role(), true))),
            ),
            act(EventKind::RECOVERY_SENT, self.events_of(|| block_on(v.send_recovery(by, account, bob)))),
            act(
                EventKind::ACCOUNT_POLICY_CHANGED,
                self.events_of(|| block_on(v.edit_policy(by, account, AccountPolicy::new()))),
            ),
            act(EventKind::ACCOUNT_CLOSED, self.events_of(|| block_on(v.close_account(by, account)))),
        ]
    }
}

#[test]
fn an_administrators_act_leaves_an_event_with_who_it_was() {
    let office = Office::new();
    let who = office.world.session(ADA);
    for (kind, events) in office.common(Acting::Administrator(&who)) {
        let [event] = events.as_slice() else { panic!("{kind}: {events:?}") };
        assert_eq!((&event.kind, event.actor), (&kind, EventActor::Administrator(office.ada)));
        assert_eq!(event.account, Some(office.account), "{kind}");
    }
}

#[test]
fn an_operators_act_leaves_an_event_with_the_reason() {
    let office = Office::new();
    let why = reason();
    for (kind, events) in office.common(Acting::Operator(&why)) {
        let [event] = events.as_slice() else { panic!("{kind}: {events:?}") };
        assert_eq!((&event.kind, event.actor), (&kind, EventActor::Operator));
        assert_eq!(office.reason_of(event).as_deref(), Some("ticket 4711"), "{kind}");
    }
}

#[test]
fn what_the_operator_does_to_a_person_leaves_an_event_with_the_reason() {
    let office = Office::new();
    let (v, bob, why) = (&office.world.vestibule, office.bob, reason());
    let why = &why;
    for (kind, events) in [
        (EventKind::PROFILE_BLOCKED, office.events_of(|| block_on(v.block(why, bob, None)))),
        (EventKind::PROFILE_UNBLOCKED, office.events_of(|| block_on(v.unblock(why, bob)))),
        (EventKind::PASSWORD_MARKED, office.events_of(|| block_on(v.require_password_change(why, bob)))),
    ] {
        let [event] = events.as_slice() else { panic!("{kind}: {events:?}") };
        assert_eq!((&event.kind, event.actor, event.subject), (&kind, EventActor::Operator, Some(bob)));
        assert_eq!(office.reason_of(event).as_deref(), Some("ticket 4711"), "{kind}");
    }
}

/// The operator may look anywhere, and leaves a trace; an administrator looks at what is their own account's.
#[test]
fn that_the_operator_looked_is_recorded_with_the_reason() {
    let office = Office::new();
    let (v, account, bob) = (&office.world.vestibule, office.account, office.bob);
    let (who, why) = (office.world.session(ADA), Reason::parse("ticket 99").unwrap());
    let stranger = office.world.session(BOB);
    let case = refused(block_on(v.close_account(Acting::Administrator(&stranger), account))).case();
    for (by, left) in [(Acting::Administrator(&who), 0), (Acting::Operator(&why), 1)] {
        let looks = [
            (EventKind::MEMBERSHIP_VIEWED, office.events_of(|| block_on(v.view_member(by, account, bob)))),
            (
                EventKind::CASE_VIEWED,
                office.events_of(|| block_on(v.look_up_account_case(by, account, case))),
            ),
        ];
        for (kind, events) in looks {
            assert_eq!(events.len(), left, "{kind}");
            for event in events {
                assert_eq!((&event.kind, event.actor), (&kind, EventActor::Operator));
                assert_eq!(office.reason_of(&event).as_deref(), Some("ticket 99"), "{kind}");
            }
        }
    }
    assert!(block_on(office.world.store.membership(account, bob)).unwrap().is_none());
}

//! PR-4: no path lets a dismissed membership enter but reinstatement by somebody who may.

use vestibule::{
    Acting, Authenticated, Imported, ImportedAccount, ImportedMembership, ImportedPerson, SignInRequest,
};
use vestibule_core::{Failure, Refusal, SubjectId};
use vestibule_profiles::{AccountPolicy, Move, NewMember, ProfilesRead, Status};

use crate::doors::{BOB, Office, all_permissions, office};
use crate::world::{NEW, RIGHT, block_on, reason, refused, role};

/// An office whose Bob is dismissed, with a session that he had entered with.
fn dismissed() -> (Office, Authenticated) {
    let office = office();
    let request = SignInRequest::new(BOB, RIGHT).into_account(office.account);
    let signed_in = office.world.sign_in_with(request);
    assert!(signed_in.entered.unwrap().is_ok());
    let held = office.world.authenticate(&signed_in.token).unwrap();
    assert!(office.is_admitted(&held));
    let by = Acting::Administrator(&office.ada);
    block_on(office.world.vestibule.move_member(by, office.account, office.bob, Move::Dismiss)).unwrap();
    (office, held)
}

impl Office {
    /// Bob, at every door that leads into the account.
    fn bob_stays_out(&self, held: &Authenticated, after: &str) {
        let vestibule = &self.world.vestibule;
        let stored = block_on(self.world.store.membership(self.account, self.bob)).unwrap().unwrap();
        assert_eq!(stored.standing.status, Status::Dismissed, "{after}");
        assert!(!stored.standing.administers, "{after}");
        assert!(!self.bob_gets_in(), "{after}");
        for who in [held.clone(), self.world.session(BOB)] {
            let code = refused(block_on(vestibule.enter(&who, self.account, None))).code();
            // A session that has ended meanwhile does not even ask.
            let ended = who.session() == held.session() && code.starts_with("session.");
            assert!(ended || code == "admission.dismissed", "{code}, {after}");
            assert!(!self.is_admitted(&who), "{after}");
            let listed = block_on(vestibule.list_accounts(&who, None, 10)).unwrap_or_default();
            assert!(listed.iter().all(|own| own.standing.status != Status::Active), "{after}");
        }
    }

    fn step(&self, by: Acting<'_>, subject: SubjectId, step: Move) -> Result<(), Failure<Refusal>> {
        block_on(self.world.vestibule.move_member(by, self.account, subject, step))
    }
}

#[test]
fn pr_4_a_dismissed_person_opens_no_door_alone() {
    let (office, held) = dismissed();
    let vestibule = &office.world.vestibule;
    office.bob_stays_out(&held, "the dismissal");
    // By the own session, as the administrator one is not.
    let fresh = office.world.session(BOB);
    for who in [&held, &fresh] {
        let by = Acting::Administrator(who);
        for step in Move::ALL {
            assert_eq!(refused(office.step(by, office.bob, *step)).code(), "admission.dismissed");
        }
        for new in [NewMember::active(office.bob, role()), NewMember::awaiting_approval(office.bob, role())] {
            let added = block_on(vestibule.add_member(by, office.account, new));
            assert_eq!(refused(added).code(), "admission.dismissed");
        }
        let role = block_on(vestibule.change_role(by, office.account, office.bob, role(), true));
        assert_eq!(refused(role).code(), "admission.dismissed");
        let policy = block_on(vestibule.edit_policy(by, office.account, AccountPolicy::new()));
        assert_eq!(refused(policy).code(), "admission.dismissed");
        assert!(
            refused(block_on(vestibule.close_account(by, office.account))).code() == "admission.dismissed"
        );
    }
    office.bob_stays_out(&held, "acting as an administrator");
    // A device that is known is no way past the gate.
    let device = office.world.sign_in(BOB).device.unwrap();
    let request = SignInRequest::new(BOB, RIGHT).into_account(office.account).device(device);
    let entered = office.world.sign_in_with(request).entered.unwrap();
    assert_eq!(entered.unwrap_err().code(), "admission.dismissed");
    office.bob_stays_out(&held, "a known device");
}

#[test]
fn pr_4_nothing_done_to_the_profile_or_the_account_brings_a_dismissed_person_back() {
    let (office, held) = dismissed();
    let (vestibule, why) = (&office.world.vestibule, reason());
    let policy = |roles: bool| {
        let mut policy = AccountPolicy::new();
        if roles {
            policy.roles.insert(role(), all_permissions());
        }
        policy
    };
    let by = Acting::Administrator(&office.ada);
    block_on(vestibule.edit_policy(by, office.account, policy(true))).unwrap();
    office.bob_stays_out(&held, "a policy that grants his role everything");
    let carol = office.world.person("carol@example.com");
    office.world.add(&office.ada, office.account, carol);
    for who in [held.clone(), office.world.session(BOB)] {
        let dismissed = Acting::Administrator(&who);
        let acts = [
            office.step(dismissed, carol, Move::Dismiss),
            block_on(vestibule.edit_policy(dismissed, office.account, policy(true))),
            block_on(vestibule.view_member(dismissed, office.account, carol)).map(|_| ()),
        ];
        for act in acts {
            assert_eq!(refused(act).code(), "admission.dismissed", "a dismissed person acted");
        }
    }
    block_on(vestibule.edit_policy(by, office.account, policy(false))).unwrap();
    office.bob_stays_out(&held, "the policy of before");
    for suspended in [true, false] {
        block_on(vestibule.suspend_account(&why, office.account, suspended)).unwrap();
    }
    office.bob_stays_out(&held, "a suspension that ended");

    for by in [by, Acting::Operator(&why)] {
        for new in [NewMember::active(office.bob, role()), NewMember::awaiting_approval(office.bob, role())] {
            let added = block_on(vestibule.add_member(by, office.account, new));
            assert_eq!(refused(added).code(), "membership.exists");
        }
        let made = block_on(vestibule.change_role(by, office.account, office.bob, role(), true));
        assert_eq!(refused(made).code(), "membership.wrong_status");
        for step in [Move::Approve, Move::Decline, Move::Dismiss] {
            assert_eq!(refused(office.step(by, office.bob, step)).code(), "membership.wrong_status");
        }
    }
    office.bob_stays_out(&held, "being added again");

    for membership in [
        ImportedMembership::active(office.account, "clerk"),
        ImportedMembership::administrator(office.account, "owner"),
        ImportedMembership::awaiting_approval(office.account, "clerk"),
    ] {
        let person = ImportedPerson::new(office.bob).email(BOB).member(membership);
        let imported = block_on(vestibule.import(person, &why)).unwrap();
        assert!(matches!(&imported, Imported::Unchanged { skipped } if skipped.len() == 1), "{imported:?}");
    }
    let account = ImportedAccount::new(office.account, "Engines", office.bob, "owner");
    assert!(matches!(block_on(vestibule.import_account(account, &why)), Ok(Imported::Unchanged { .. })));
    office.bob_stays_out(&held, "an old table that is imported again");

    block_on(vestibule.block(&why, office.bob, None)).unwrap();
    block_on(vestibule.unblock(&why, office.bob)).unwrap();
    office.bob_stays_out(&held, "a block that was lifted");
    let who = office.world.session(BOB);
    block_on(vestibule.sign_out_everywhere(&who)).unwrap();
    office.bob_stays_out(&held, "signing out everywhere");
    let who = office.world.session(BOB);
    block_on(vestibule.change_password(&who, RIGHT, NEW)).unwrap();
    let request = SignInRequest::new(BOB, NEW).into_account(office.account);
    let entered = office.world.sign_in_with(request).entered.unwrap();
    assert_eq!(entered.unwrap_err().code(), "admission.dismissed", "a new password");
}

#[test]
fn pr_4_only_who_may_reinstates_and_then_the_door_is_open() {
    let (office, held) = dismissed();
    let world = &office.world;
    let carol = world.person("carol@example.com");
    world.add(&office.ada, office.account, carol);
    let (clerk, eve) = (world.session("carol@example.com"), &office.eve);
    let stranger = office.step(Acting::Administrator(eve), office.bob, Move::Reinstate);
    assert_eq!(world.told(stranger), "admission.not_member", "another account's administrator");
    let without = office.step(Acting::Administrator(&clerk), office.bob, Move::Reinstate);
    assert_eq!(world.told(without), "membership.not_permitted");
    office.bob_stays_out(&held, "those who may not");

    office.step(Acting::Administrator(&office.ada), office.bob, Move::Reinstate).unwrap();
    assert!(office.bob_gets_in());
    // PR-5: what was open before the dismissal is not open again by itself.
    assert!(!office.is_admitted(&held));
    block_on(world.vestibule.enter(&held, office.account, None)).unwrap();
}

//! PR-5: after dismissal, a password change, a block or signing out everywhere nothing of before opens anything of that
//! scope: no session, no device token, no proof, no `Authenticated` that a host still holds.

use vestibule::{Acting, Authenticated, SignIn, SignInRequest, SignedIn};
use vestibule_core::SubjectId;

use vestibule_profiles::{AccountPolicy, Move, NewAccount, NewMember, ProfilesRead};

use crate::doors::{BOB, EVE, Office, office};
use crate::world::{ADA, NEW, RIGHT, WRONG, World, block_on, reason, refused, role};

/// Everything that Ada had open before.
struct Before {
    tokens: Vec<SignedIn>,
    held: Authenticated,
}

/// Ada, with three sessions, one of which a host holds, and a device known in each.
fn before(office: &Office) -> Before {
    let tokens: Vec<SignedIn> = (0..3).map(|_| office.world.sign_in(ADA)).collect();
    let held = office.world.authenticate(&tokens[0].token).unwrap();
    Before { tokens, held }
}

impl Before {
    /// Nothing of it opens anything; `password` is the one that opens now, if one does.
    fn is_over(&self, office: &Office, password: Option<&str>, after: &str) {
        let (world, held) = (&office.world, &self.held);
        for one in &self.tokens {
            assert!(world.authenticate(&one.token).is_err(), "a session outlives {after}");
        }
        self.nothing_is_done(office, after);
        let Some(password) = password else { return };
        for one in &self.tokens {
            let request = SignInRequest::new(ADA, password).device(one.device.clone_for_test());
            let signed_in = world.sign_in_with(request);
            assert!(signed_in.device.is_some(), "a device is still known after {after}");
            // The new session is not ended by the old one.
            assert!(block_on(world.vestibule.end_session(held, signed_in.session)).is_err(), "{after}");
            assert!(world.authenticate(&signed_in.token).is_ok(), "{after}");
        }
        // No lane of an earlier device stays open once strangers have stopped the password.
        for _ in 0..100 {
            world.refused_in(SignInRequest::new(ADA, WRONG));
        }
        let request = SignInRequest::new(ADA, password).device(self.tokens[0].device.clone_for_test());
        assert_eq!(world.refused_in(request).code(), "password.stopped", "{after}");
    }

    /// What a host does with the `Authenticated` that it held changes nothing.
    fn nothing_is_done(&self, office: &Office, after: &str) {
        let (world, held, vestibule) = (&office.world, &self.held, &office.world.vestibule);
        let by = Acting::Administrator(held);
        let new = || NewMember::active(office.eve.subject(), role());
        let rows = || {
            let account = block_on(world.store.account(office.account)).unwrap();
            let members = block_on(world.store.members_of(office.account, None, 10)).unwrap();
            (account, members)
        };
        let stood = rows();
        assert!(block_on(vestibule.change_password(held, RIGHT, NEW)).is_err(), "{after}");
        let more = NewAccount::new(90.into(), "More", role());
        assert!(block_on(vestibule.create_account(held, more)).is_err(), "{after}");
        assert!(block_on(vestibule.sign_out_everywhere(held)).is_err(), "{after}");
        assert!(block_on(vestibule.end_session(held, held.session())).is_err(), "{after}");
        assert!(block_on(vestibule.add_member(by, office.account, new())).is_err(), "{after}");
        for step in Move::ALL {
            assert!(
                block_on(vestibule.move_member(by, office.account, office.bob, *step)).is_err(),
                "{after}"
            );
        }
        let change = block_on(vestibule.change_role(by, office.account, office.bob, role(), true));
        assert!(change.is_err(), "{after}");
        let policy = block_on(vestibule.edit_policy(by, office.account, AccountPolicy::new()));
        assert!(policy.is_err(), "{after}");
        assert!(block_on(vestibule.close_account(by, office.account)).is_err(), "{after}");
        // An account that the session had not entered yet is not entered now.
        assert!(block_on(vestibule.enter(held, office.account, None)).is_err(), "{after}");
        assert_eq!(rows(), stood, "{after}");
        assert!(block_on(world.store.account(90.into())).unwrap().is_none(), "{after}");
    }
}

/// Tokens are not to be cloned; a test that is a thief does it all the same.
trait Stolen {
    fn clone_for_test(&self) -> vestibule_core::Secret<String>;
}

impl Stolen for Option<vestibule_core::Secret<String>> {
    fn clone_for_test(&self) -> vestibule_core::Secret<String> {
        // EXPOSE: the test sends the token twice.
        vestibule_core::Secret::new(self.as_ref().unwrap().expose().clone())
    }
}

#[test]
fn pr_5_signing_out_everywhere_leaves_nothing_open() {
    let office = office();
    let before = before(&office);
    block_on(office.world.vestibule.sign_out_everywhere(&office.world.session(ADA))).unwrap();
    before.is_over(&office, Some(RIGHT), "signing out everywhere");
}

#[test]
fn pr_5_a_changed_password_leaves_nothing_open_but_the_acting_session_under_its_new_token() {
    let office = office();
    let before = before(&office);
    let acting = office.world.session(ADA);
    let token = block_on(office.world.vestibule.change_password(&acting, RIGHT, NEW)).unwrap();
    assert_eq!(office.world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "password.wrong");
    before.is_over(&office, Some(NEW), "a password change");
    assert!(office.world.authenticate(&token).is_ok());
    // The session that was acting goes on under the new token alone.
    Before { tokens: Vec::new(), held: acting }.nothing_is_done(&office, "a password change");
}

#[test]
fn pr_5_a_block_leaves_nothing_open_and_lifting_it_brings_nothing_back() {
    let office = office();
    let (before, ada) = (before(&office), office.ada.subject());
    block_on(office.world.vestibule.block(&reason(), ada, None)).unwrap();
    before.is_over(&office, None, "a block");
    assert_eq!(office.world.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "profile.blocked");
    block_on(office.world.vestibule.unblock(&reason(), ada)).unwrap();
    before.is_over(&office, Some(RIGHT), "a block that was lifted");
}

#[test]
fn pr_5_a_block_that_ended_by_itself_brings_nothing_back() {
    let office = office();
    let before = before(&office);
    let hour = core::time::Duration::from_secs(3600);
    let until = office.world.vestibule.now().plus(hour);
    block_on(office.world.vestibule.block(&reason(), office.ada.subject(), Some(until))).unwrap();
    office.world.clock.advance(2 * hour);
    before.is_over(&office, Some(RIGHT), "a block that ended");
}

/// A dismissal ends what was open in that account, and nothing else.
#[test]
fn pr_5_a_dismissed_administrator_does_nothing_more_there_and_everything_elsewhere() {
    let office = office();
    let (world, vestibule) = (&office.world, &office.world.vestibule);
    let by = Acting::Administrator(&office.ada);
    block_on(vestibule.change_role(by, office.account, office.bob, role(), true)).unwrap();
    let signed_in = world.sign_in_with(SignInRequest::new(BOB, RIGHT).into_account(office.account));
    let held = world.authenticate(&signed_in.token).unwrap();
    let own = world.account(&held, 3);
    block_on(vestibule.enter(&held, own, None)).unwrap();
    block_on(vestibule.move_member(by, office.account, office.bob, Move::Dismiss)).unwrap();

    for who in [held.clone(), world.authenticate(&signed_in.token).unwrap()] {
        let by = Acting::Administrator(&who);
        assert!(!office.is_admitted(&who));
        assert_eq!(
            refused(block_on(vestibule.enter(&who, office.account, None))).code(),
            "admission.dismissed"
        );
        let view = block_on(vestibule.view_member(by, office.account, office.ada.subject()));
        assert_eq!(refused(view).code(), "admission.dismissed");
        let case = world.refused_in(SignInRequest::new(EVE, WRONG)).case();
        let found = block_on(vestibule.look_up_account_case(by, office.account, case));
        assert_eq!(refused(found).code(), "admission.dismissed");
        let policy = block_on(vestibule.edit_policy(by, office.account, AccountPolicy::new()));
        assert_eq!(refused(policy).code(), "admission.dismissed");
    }
    // The profile and the other account are out of its reach.
    let again = world.authenticate(&signed_in.token).unwrap();
    assert!(block_on(vestibule.is_admitted(&again, own)).unwrap());
    // Reinstated, neither the admission nor the rank of before is there.
    block_on(vestibule.move_member(by, office.account, office.bob, Move::Reinstate)).unwrap();
    assert!(!office.is_admitted(&held));
    let policy =
        block_on(vestibule.edit_policy(Acting::Administrator(&held), office.account, AccountPolicy::new()));
    assert_eq!(refused(policy).code(), "membership.not_permitted");
}

fn proof(world: &World, subject: SubjectId, password: &str) -> vestibule::ChangePermit {
    block_on(world.vestibule.require_password_change(&reason(), subject)).unwrap();
    match world.try_in(SignInRequest::new(ADA, password)).unwrap() {
        SignIn::PasswordChangeNeeded { proof, .. } => proof,
        SignIn::FactorNeeded(_) | SignIn::SignedIn(_) => {
            panic!("a password good for one change only opened more")
        }
    }
}

#[test]
fn pr_5_a_proof_of_before_a_password_change_sets_no_password() {
    let (world, ada) = World::with_ada();
    let acting = world.session(ADA);
    let stolen = proof(&world, ada, RIGHT);
    // The owner changes it in the session that was open.
    block_on(world.vestibule.change_password(&acting, RIGHT, NEW)).unwrap();
    let set = block_on(world.vestibule.replace_password(stolen, "twelve herons on a wire"));
    assert_eq!(world.told(set), "password.wrong");
    world.sign_in_with(SignInRequest::new(ADA, NEW));
    // A new mark does not bring an old proof back.
    let (first, second) = (proof(&world, ada, NEW), proof(&world, ada, NEW));
    block_on(world.vestibule.replace_password(first, RIGHT)).unwrap();
    block_on(world.vestibule.require_password_change(&reason(), ada)).unwrap();
    assert_eq!(world.told(block_on(world.vestibule.replace_password(second, NEW))), "password.wrong");
}

#[test]
fn pr_5_a_replaced_password_ends_every_session_and_device_of_before() {
    let office = office();
    let before = before(&office);
    let proof = proof(&office.world, office.ada.subject(), RIGHT);
    block_on(office.world.vestibule.replace_password(proof, NEW)).unwrap();
    before.is_over(&office, Some(NEW), "a replaced password");
}

/// A token opens only while the kind of thing that it is stands: none is good for another.
#[test]
fn pr_5_a_device_token_is_no_session_and_a_session_token_no_device() {
    let (world, _) = World::with_ada();
    let signed_in = world.sign_in(ADA);
    assert_eq!(world.dead(signed_in.device.as_ref().unwrap()), "session.unknown");
    let request = SignInRequest::new(ADA, RIGHT).device(Some(signed_in.token).clone_for_test());
    assert!(world.sign_in_with(request).device.is_some());
}

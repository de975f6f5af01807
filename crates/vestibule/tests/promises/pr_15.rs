//! PR-15: an administrator's action never changes or reveals the profile or another account; a realm never sees another.

use std::sync::Arc;

use vestibule::{Acting, Authenticated, NewPerson, SignInRequest, look_up_case};
use vestibule_core::kv::MemoryKv;
use vestibule_core::{
    AccountId, Audience, CaseReference, ContactEmail, Failure, LoginEmail, Refusal, SubjectId,
};
use vestibule_profiles::{AccountPolicy, Move, NewMember};

use crate::doors::{BOB, all_permissions, parts, realm, rows, table};
use crate::world::{ADA, NEW, RIGHT, WRONG, World, block_on, reason, refused, role};

const CAROL: &str = "carol@example.com";

/// What an administrator of account 1 gets to see: an answer or a refusal, with everything that hangs on it.
fn answer<T: core::fmt::Debug>(world: &World, result: Result<T, Failure<Refusal>>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(Failure::Fault(error)) => panic!("{error:?}"),
        Err(Failure::Refused(refusal)) => {
            assert_eq!(world.found(&refusal), (false, true), "{}", refusal.code());
            let facts: Vec<_> = refusal.facts_for(Audience::Administrator).collect();
            format!("{} {:?} {:?} {facts:?}", refusal.code(), refusal.public(), refusal.remedies())
        }
    }
}

/// Account 1 with Ada and Bob, account 2 with Eve and Carol, and Bob in both.
struct Town {
    world: World,
    ada: Authenticated,
    bob: SubjectId,
    carol: SubjectId,
    a: AccountId,
    b: AccountId,
}

fn town() -> Town {
    let world = World::new();
    let id = |n: u64, login: &str| {
        let person = NewPerson::verified_by_host(LoginEmail::parse(login).unwrap()).subject(n.into());
        block_on(world.vestibule.register_verified(person.password(RIGHT))).unwrap()
    };
    let (_, bob, _, carol) = (id(1, ADA), id(2, BOB), id(3, "eve@example.com"), id(4, CAROL));
    let (ada, eve) = (world.session(ADA), world.session("eve@example.com"));
    let (a, b) = (world.account(&ada, 1), world.account(&eve, 2));
    world.add(&ada, a, bob);
    world.add(&eve, b, bob);
    world.add(&eve, b, carol);
    Town { world, ada, bob, carol, a, b }
}

impl Town {
    /// Everything an administrator may call, on somebody and in an account.
    fn everything(&self, by: Acting<'_>, account: AccountId, whom: SubjectId) -> Vec<String> {
        let (world, v) = (&self.world, &self.world.vestibule);
        let mut policy = AccountPolicy::new();
        policy.roles.insert(role(), all_permissions());
        let mut answers = vec![
            answer(world, block_on(v.view_member(by, account, whom))),
            answer(world, block_on(v.add_member(by, account, NewMember::awaiting_approval(whom, role())))),
            answer(world, block_on(v.change_role(by, account, whom, role(), true))),
            answer(world, block_on(v.change_role(by, account, whom, role(), false))),
        ];
        for step in [Move::Approve, Move::Dismiss, Move::Reinstate, Move::Decline] {
            answers.push(answer(world, block_on(v.move_member(by, account, whom, step))));
            answers.push(answer(world, block_on(v.view_member(by, account, whom))));
        }
        answers.push(answer(world, block_on(v.edit_policy(by, account, policy))));
        answers.push(answer(
            world,
            block_on(v.look_up_account_case(by, account, CaseReference::parse("VQ7K-2M4P").unwrap())),
        ));
        answers.push(answer(world, block_on(v.close_account(by, account))));
        answers
    }
}

#[test]
fn pr_15_in_another_account_every_act_is_refused_and_writes_nothing_but_its_event() {
    let town = town();
    let before = rows(&town.world);
    let nobody = SubjectId::from(99);
    let by = Acting::Administrator(&town.ada);
    let mut told = Vec::new();
    for whom in [town.bob, town.carol, nobody] {
        told.push(town.everything(by, town.b, whom));
    }
    // Who is a member there, and who exists at all, is not to be told apart.
    assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
    assert!(told[0].iter().all(|one| one.starts_with("admission.not_member")), "{told:#?}");
    let after = rows(&town.world);
    for (key, row) in &after {
        let same = before.get(key) == Some(row);
        assert!(same || table(key).starts_with("journal."), "{} was written", table(key));
    }
    assert!(before.keys().all(|key| after.contains_key(key)), "a row is gone");
}

/// In the own account: what is written is the account, its memberships, the journal, and of the profile the one counter.
#[test]
fn pr_15_in_the_own_account_no_row_of_a_profile_or_another_account_changes() {
    let town = town();
    let device = town.world.sign_in(BOB);
    let before = rows(&town.world);
    let by = Acting::Administrator(&town.ada);
    let told = town.everything(by, town.a, town.bob);
    assert!(told.iter().any(|one| one == "()"), "acts were allowed: {told:#?}");
    let after = rows(&town.world);
    let own =
        ["journal.", "profiles.account", "profiles.member", "profiles.contact", "profiles.membership_of"];
    for (key, row) in after.iter().filter(|(key, row)| before.get(*key) != Some(*row)) {
        let (table, parts) = (table(key), parts(key));
        if table == "profiles.profile" {
            // The counter of live memberships alone.
            let (old, new) = (before[key].clone(), row.clone());
            let changed = old.iter().zip(&new).filter(|(a, b)| a != b).count();
            assert!(old.len() == new.len() && changed <= 1, "a profile was written");
            continue;
        }
        assert!(own.iter().any(|prefix| table.starts_with(prefix)), "{table} was written");
        if table == "profiles.account" || table == "profiles.member" {
            assert_eq!(parts[2], town.a.as_bytes(), "another account was written");
        }
    }
    // The person's session, device, password and other account are as they were.
    let who = town.world.authenticate(&device.token).unwrap();
    block_on(town.world.vestibule.enter(&who, town.b, None)).unwrap();
    assert!(
        town.world
            .sign_in_with(SignInRequest::new(BOB, RIGHT).device(device.device.unwrap()))
            .device
            .is_none()
    );
}

/// Two towns that differ in everything Bob does elsewhere. Not one answer to an administrator of account 1 differs.
#[test]
fn pr_15_no_answer_depends_on_what_somebody_does_elsewhere() {
    let quiet = town();
    let busy = town();
    let (world, v) = (&busy.world, &busy.world.vestibule);
    let eve = world.session("eve@example.com");
    let by = Acting::Administrator(&eve);
    world.refused_in(SignInRequest::new(BOB, WRONG).into_account(busy.b));
    world.refused_in(SignInRequest::new(BOB, WRONG));
    let bobs = world.session(BOB);
    let _ = world.account(&bobs, 30);
    block_on(v.change_role(by, busy.b, busy.bob, role(), true)).unwrap();
    block_on(v.move_member(by, busy.b, busy.bob, Move::Dismiss)).unwrap();
    block_on(v.change_password(&bobs, RIGHT, NEW)).unwrap();
    block_on(v.require_password_change(&reason(), busy.bob)).unwrap();
    block_on(v.block(&reason(), busy.bob, None)).unwrap();
    block_on(v.close_account(by, busy.b)).unwrap();

    let told: Vec<_> = [&quiet, &busy]
        .into_iter()
        .map(|town| {
            let ada = Acting::Administrator(&town.ada);
            let others = town.everything(ada, town.b, town.bob);
            (others, town.everything(ada, town.a, town.bob))
        })
        .collect();
    assert_eq!(told[0], told[1]);
}

/// No reference leads an administrator to what befell somebody at their profile or in another account.
#[test]
fn pr_15_no_case_of_a_profile_or_another_account_is_found() {
    let town = town();
    let (world, v) = (&town.world, &town.world.vestibule);
    let eve = world.session("eve@example.com");
    block_on(v.move_member(Acting::Administrator(&eve), town.b, town.bob, Move::Dismiss)).unwrap();
    let session = world.session(BOB);
    let mut refusals = vec![
        world.refused_in(SignInRequest::new(BOB, WRONG).into_account(town.a)),
        world.refused_in(SignInRequest::new("nobody@example.com", WRONG).into_account(town.a)),
        world.sign_in_with(SignInRequest::new(BOB, RIGHT).into_account(town.b)).entered.unwrap().unwrap_err(),
        refused(block_on(v.enter(&session, town.b, None))),
        refused(block_on(v.change_password(&session, WRONG, NEW))),
        refused(block_on(v.end_session(&session, eve.session()))),
    ];
    block_on(v.block(&reason(), town.bob, None)).unwrap();
    refusals.push(world.refused_in(SignInRequest::new(BOB, RIGHT).into_account(town.a)));
    for refusal in refusals {
        let by = Acting::Administrator(&town.ada);
        let found = block_on(v.look_up_account_case(by, town.a, refusal.case())).unwrap();
        assert!(found.is_none(), "{found:?}");
        assert!(!block_on(look_up_case(&world.store, refusal.case())).unwrap().is_empty());
    }
}

/// Of a login a masked form is all that is shown, whatever is done to the membership.
#[test]
fn pr_15_the_login_of_a_member_is_never_shown_whole() {
    let town = town();
    let by = Acting::Administrator(&town.ada);
    let contact = ContactEmail::parse("desk-4@example.com").unwrap();
    let new = NewMember::active(town.carol, role()).contact(contact);
    block_on(town.world.vestibule.add_member(by, town.a, new)).unwrap();
    for whom in [town.bob, town.carol] {
        let told = town.everything(by, town.a, whom).concat();
        assert!(told.contains("c***@e***.com") || told.contains("b***@e***.com"));
        assert!(!told.contains(CAROL) && !told.contains(BOB), "{told}");
    }
}

/// An administrator who adds somebody under a guessed contact address, looks, and declines them again.
#[test]
fn pr_15_no_guess_of_a_contact_address_tells_the_login() {
    let town = town();
    let (v, by) = (&town.world.vestibule, Acting::Administrator(&town.ada));
    let guess = |typed: &str| {
        let new =
            NewMember::awaiting_approval(town.carol, role()).contact(ContactEmail::parse(typed).unwrap());
        block_on(v.add_member(by, town.a, new)).unwrap();
        let seen = block_on(v.view_member(by, town.a, town.carol)).unwrap().member.unwrap();
        block_on(v.move_member(by, town.a, town.carol, Move::Decline)).unwrap();
        format!("{:?}", seen.login)
    };
    assert_eq!(guess(CAROL), guess("clara@example.com"));
}

/// The same database, keys and ids: nothing of one realm is anything in the other.
#[test]
fn pr_15_a_realm_never_sees_another() {
    let (base, kv) = (World::new(), Arc::new(MemoryKv::new()));
    let (one, other) = (realm(&base, &kv, "one"), realm(&base, &kv, "other"));
    let ada = one.person(ADA);
    let signed_in = one.sign_in(ADA);
    let held = one.authenticate(&signed_in.token).unwrap();
    let account = one.account(&held, 1);
    let refusal = one.refused_in(SignInRequest::new(ADA, WRONG));

    let rows = |name: &str| {
        let dump = kv.dump().into_iter();
        dump.filter(|(key, _)| parts(key)[0] == name.as_bytes()).collect::<Vec<_>>()
    };
    let stood = rows("one");
    assert_eq!(other.dead(&signed_in.token), "session.unknown");
    assert_eq!(other.refused_in(SignInRequest::new(ADA, RIGHT)).code(), "sign_in.login_unknown");
    assert!(
        block_on(look_up_case(&other.store, refusal.case()))
            .unwrap()
            .iter()
            .all(|it| it.code != refusal.code())
    );
    // With a session of the one, nothing is done in the other.
    let by = Acting::Administrator(&held);
    assert!(block_on(other.vestibule.view_member(by, account, ada)).is_err());
    assert!(block_on(other.vestibule.enter(&held, account, None)).is_err());
    assert!(block_on(other.vestibule.list_accounts(&held, None, 10)).unwrap_or_default().is_empty());
    assert!(block_on(other.vestibule.list_sessions(&held)).unwrap_or_default().is_empty());
    assert!(block_on(other.vestibule.sign_out_everywhere(&held)).is_err());
    assert!(block_on(other.vestibule.change_password(&held, RIGHT, NEW)).is_err());
    let why = reason();
    assert!(block_on(other.vestibule.block(&why, ada, None)).is_err());
    assert!(block_on(other.vestibule.close_account(Acting::Operator(&why), account)).is_err());
    // The same address and the same ids are free there, and stay apart.
    let bob = block_on(other.vestibule.register_verified(
        NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap()).subject(ada).password(NEW),
    ));
    assert_eq!(bob.unwrap(), ada);
    let theirs = other.sign_in_with(SignInRequest::new(ADA, NEW).device(signed_in.device.unwrap()));
    assert!(theirs.device.is_some(), "a device of another realm is known");
    assert_eq!(other.account(&other.authenticate(&theirs.token).unwrap(), 1), account);
    block_on(other.vestibule.block(&why, ada, None)).unwrap();
    assert_eq!(rows("one"), stood);
    assert!(one.authenticate(&signed_in.token).is_ok());
}

/// Somebody who has the same id, the same keys and a second factor in two realms.
#[test]
fn pr_15_a_first_factor_shown_in_one_realm_is_none_in_another() {
    let base = World::new();
    let kv = Arc::new(MemoryKv::new());
    let (one, other) = (realm(&base, &kv, "one"), realm(&base, &kv, "other"));
    let register = |world: &World, password: &str| {
        let person = NewPerson::verified_by_host(LoginEmail::parse(ADA).unwrap());
        block_on(world.vestibule.register_verified(person.subject(42.into()).password(password))).unwrap();
        let signed_in = world.sign_in_with(SignInRequest::new(ADA, password));
        let who = world.authenticate(&signed_in.token).unwrap();
        let app = world.begin(&who);
        let _ = world.confirm(&who, &app);
        app
    };
    let (_, app) = (register(&one, RIGHT), register(&other, NEW));
    base.clock.advance(core::time::Duration::from_secs(30));
    let pending = one.pending(SignInRequest::new(ADA, RIGHT));
    let crossed = other.complete(&pending, app.answer(other.now(), 0));
    assert_eq!(refused(crossed).code(), "factor.sign_in_over");
    let own = other.pending(SignInRequest::new(ADA, NEW));
    other.complete(&own, app.answer(other.now(), 0)).unwrap();
}

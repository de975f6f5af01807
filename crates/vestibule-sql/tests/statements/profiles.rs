use vestibule_core::SessionHandle;
use vestibule_profiles::{
    Account, AccountPolicy, AccountState, Block, Freeze, Leaving, Membership, Permission, Permissions,
    Profile, ProfileIdentifier, ProfilesWrite, Role, Standing, Status,
};
use vestibule_sql::profiles;

use crate::world::{NOW, acme, ada, bob, later, login, realm};
use crate::{asked, compare, run, samples, written};

fn policy() -> AccountPolicy {
    let mut policy = AccountPolicy::new();
    policy.seat_limit = Some(25);
    policy.roles.insert(Role::parse("clerk").unwrap(), Permissions::none().with(Permission::Invite));
    policy
}

fn standing() -> Standing {
    Standing {
        status: Status::Active,
        role: Role::parse("clerk").unwrap(),
        administers: true,
        since: later(1),
        moved_by: Some(bob()),
        exempt_until: None,
    }
}

fn membership() -> Membership {
    Membership {
        account: acme(),
        subject: ada(),
        standing: standing(),
        contact: Some("ada@acme.example".to_owned()),
        joined_at: NOW,
        version: 4,
        epoch: 5,
        wrong_secret_at: Some(later(2)),
    }
}

fn account() -> Account {
    Account {
        account: acme(),
        name: "Acme".to_owned(),
        state: AccountState::Open,
        primary: ada(),
        seats: 2,
        administrators: 3,
        policy: policy(),
        settings_version: 4,
        created_at: NOW,
    }
}

fn profile() -> Profile {
    Profile {
        block: Some(Block { since: later(1), until: Some(later(2)) }),
        identifiers: 2,
        social_links: 3,
        live_memberships: 4,
        created_accounts: 5,
        ..Profile::new(ada(), NOW)
    }
}

fn identifier(verified: bool) -> ProfileIdentifier {
    ProfileIdentifier {
        subject: ada(),
        identifier: login(),
        verified_at: verified.then(|| later(1)),
        added_at: NOW,
    }
}

fn leaving() -> Leaving {
    Leaving {
        subject: ada(),
        identifier: login(),
        verified_at: NOW,
        since: later(1),
        until: later(2),
        session: SessionHandle::from_bytes([5; 16]),
    }
}

#[test]
fn writes_of_profiles_are_these_statements() {
    let (subject, account_id, key) = (ada(), acme(), login().key());
    let contact = |from, to| ProfilesWrite::MoveContact { account: account_id, key, from, to };
    let seats = |delta| ProfilesWrite::CountSeats { account: account_id, delta, settings_version: 7 };
    let moved =
        |to| ProfilesWrite::MoveMembership { account: account_id, subject, from: 7, to, ends_access: true };
    let released =
        |verified| ProfilesWrite::ReleaseIdentifier { subject, kind: login().kind(), key, verified };
    let counted =
        |accounts| ProfilesWrite::CountProfile { subject, memberships: -1, accounts, accounts_at_most: 9 };
    let blocked = |block| ProfilesWrite::SetBlock { subject, from: 7, block };
    let frozen = |freeze| ProfilesWrite::SetFreeze { subject, from: 7, freeze };
    let relied_on = |leaving_until| {
        let kind = login().kind();
        ProfilesWrite::RequireIdentifier { subject, kind, key, leaving_until }
    };
    let samples = samples! { ProfilesWrite:
        AddMembership = [ProfilesWrite::AddMembership { membership: membership() }]
        BumpEpoch = [ProfilesWrite::BumpEpoch { subject, from: 7 }]
        CountAdministrators = [ProfilesWrite::CountAdministrators { account: account_id, delta: -1 }]
        CountProfile = [counted(1), counted(-1)]
        CountSeats = [seats(1), seats(-1)]
        CountWays = [ProfilesWrite::CountWays { subject, identifiers: 1, social_links: -1 }]
        CreateAccount = [ProfilesWrite::CreateAccount { account: account() }]
        CreateProfile = [ProfilesWrite::CreateProfile { profile: profile() }]
        EditPolicy = [ProfilesWrite::EditPolicy { account: account_id, from: 7, policy: policy() }]
        ForgetLeaving = [ProfilesWrite::ForgetLeaving { subject, kind: login().kind(), key, until: later(2) }]
        LeaveIdentifier = [ProfilesWrite::LeaveIdentifier { leaving: leaving() }]
        MoveContact = [
            contact(None, Some(ada())), contact(Some(ada()), Some(bob())), contact(Some(ada()), None),
            contact(None, None),
        ]
        MoveMembership = [moved(Some(standing())), moved(None)]
        NotePending = [ProfilesWrite::NotePending { identifier: identifier(false) }]
        ReleaseIdentifier = [released(true), released(false)]
        RequireIdentifier = [relied_on(None), relied_on(Some(later(2)))]
        RequireMembership = [ProfilesWrite::RequireMembership { account: account_id, subject, version: 7 }]
        RequireProfile = [ProfilesWrite::RequireProfile { subject, epoch: 7 }]
        RequireSettings = [ProfilesWrite::RequireSettings { account: account_id, version: 7 }]
        SetBlock = [blocked(Some(Block { since: later(1), until: Some(later(2)) })), blocked(None)]
        SetContact = [
            ProfilesWrite::SetContact { account: account_id, subject, from: 7, contact: Some("Ada@example.com".to_owned()) },
            ProfilesWrite::SetContact { account: account_id, subject, from: 7, contact: None },
        ]
        SetFactor = [
            ProfilesWrite::SetFactor { subject, from: 7, since: Some(NOW) },
            ProfilesWrite::SetFactor { subject, from: 7, since: None },
        ]
        SetFreeze = [frozen(Some(Freeze { since: later(2), change_at: later(1) })), frozen(None)]
        SetPrimary = [ProfilesWrite::SetPrimary { subject, epoch: 7, primary: key }]
        SetState = [ProfilesWrite::SetState { account: account_id, from: 7, state: AccountState::Closed }]
        TakeIdentifier = [ProfilesWrite::TakeIdentifier { identifier: identifier(true) }]
        TouchMembership = [ProfilesWrite::TouchMembership { account: account_id, subject, at: later(1) }]
    };
    compare("profiles_writes", &written(samples));
}

#[test]
fn questions_of_profiles_are_these_statements() {
    let (realm, login, mut text) = (realm(), login(), String::new());
    asked(&mut text, "account", &profiles::account(&realm, acme()));
    asked(&mut text, "anybody", &profiles::anybody());
    asked(&mut text, "contact_owner", &profiles::contact_owner(&realm, acme(), login.key()));
    asked(&mut text, "identifier_owner", &profiles::identifier_owner(&realm, login.kind(), login.key()));
    asked(&mut text, "identifiers", &profiles::identifiers(&realm, ada()));
    asked(&mut text, "leaving", &profiles::leaving(&realm, login.kind(), login.key()));
    asked(&mut text, "leaving_of", &profiles::leaving_of(&realm, ada()));
    asked(&mut text, "members_of", &profiles::members_of(&realm, acme(), Some(ada()), 50));
    asked(&mut text, "members_of, the first page", &profiles::members_of(&realm, acme(), None, 50));
    asked(&mut text, "membership", &profiles::membership(&realm, acme(), ada()));
    asked(&mut text, "memberships_of", &profiles::memberships_of(&realm, ada(), Some(acme()), 50));
    asked(&mut text, "memberships_of, the first page", &profiles::memberships_of(&realm, ada(), None, 50));
    asked(&mut text, "profile", &profiles::profile(&realm, ada()));
    run(&mut text, "forget_leavings", &profiles::forget_leavings(&realm, later(1), 500));
    run(&mut text, "free_left", &profiles::free_left(&realm, later(1), 500));
    compare("profiles_questions", &text);
}

//! The gate: every reason for which it is shut, in its order, and the host's own rule last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use vestibule_core::Entry;
use vestibule_profiles::{
    Account, AccountState, Admission, AdmissionRequest, AdmissionRule, Block, HostProblem, Membership,
    NetworkRange, Problem, Profile, Profiles, Proven, Status, admit,
};

use super::{World, at, block_on, refusal, role};

static CURFEW: Entry = Entry::new("host.curfew", "-", "The office is closed.");

/// Refuses everybody, and counts how often it was asked.
struct Curfew(Arc<AtomicU32>);

impl AdmissionRule for Curfew {
    fn admit(&self, _request: &AdmissionRequest<'_>) -> Result<(), HostProblem> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(HostProblem::new(&CURFEW, Vec::new()))
    }
}

/// Everything that shuts the gate at once; each step of the test takes the foremost away.
struct Shut {
    profile: Profile,
    account: Option<Account>,
    membership: Option<Membership>,
    proven: Proven,
    client: Option<&'static str>,
}

impl Shut {
    fn ask(&self, rules: &[&dyn AdmissionRule]) -> Result<Admission, Problem> {
        let request =
            AdmissionRequest::new(&self.profile, self.account.as_ref(), self.membership.as_ref(), at(10))
                .proven(self.proven)
                .client(self.client.map(|client| client.parse().unwrap()));
        admit(&request, rules)
    }

    fn account(&mut self) -> &mut Account {
        self.account.as_mut().unwrap()
    }

    fn membership(&mut self) -> &mut Membership {
        self.membership.as_mut().unwrap()
    }
}

#[test]
fn the_foremost_reason_is_told_and_the_host_s_rule_is_asked_last() {
    let world = World::new();
    let founder = world.register("founder");
    let id = world.open("acme", founder);
    let ada = world.member(id, "ada", role("worker"));
    let mut row = world.account(id);
    row.policy.single_sign_on_only = true;
    row.policy.networks = vec![NetworkRange::parse("192.0.2.0/24").unwrap()];
    row.state = AccountState::Closed;
    let mut member = world.membership(id, ada).unwrap();
    member.standing.status = Status::Dismissed;
    member.standing.since = at(3);
    let mut profile = world.profile(ada).unwrap();
    profile.block = Some(Block { since: at(0), until: Some(at(11)) });

    let asked = Arc::new(AtomicU32::new(0));
    let curfew = Curfew(Arc::clone(&asked));
    let rules: [&dyn AdmissionRule; 1] = [&curfew];
    let mut shut =
        Shut { profile, account: None, membership: None, proven: Proven::by_profile(), client: None };
    let told = |shut: &Shut, problem| assert_eq!(shut.ask(&rules), Err(problem));

    told(&shut, Problem::Blocked { until: Some(at(11)) });
    shut.profile.block = None;
    told(&shut, Problem::AccountUnknown);
    shut.account = Some(row);
    told(&shut, Problem::Closed);
    shut.account().state = AccountState::Suspended;
    told(&shut, Problem::Suspended);
    shut.account().state = AccountState::Open;
    told(&shut, Problem::NotMember);
    shut.membership = Some(member);
    told(&shut, Problem::Dismissed { since: at(3) });
    shut.membership().standing.status = Status::AwaitingApproval;
    told(&shut, Problem::AwaitingApproval);
    shut.membership().standing.status = Status::Active;
    told(&shut, Problem::SingleSignOnOnly);
    shut.proven.by_account_provider = true;
    told(&shut, Problem::ClientNotAllowed);
    shut.client = Some("198.51.100.7");
    told(&shut, Problem::ClientNotAllowed);
    assert_eq!(asked.load(Ordering::SeqCst), 0, "the host's rule is asked after all of ours");
    shut.client = Some("192.0.2.7");
    told(&shut, Problem::Host(HostProblem::new(&CURFEW, Vec::new())));
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    let admission = shut.ask(&[]).unwrap();
    let member = world.membership(id, ada).unwrap();
    assert_eq!(
        (
            admission.account,
            admission.membership_epoch,
            admission.membership_version,
            admission.settings_version
        ),
        (id, member.epoch, member.version, world.account(id).settings_version)
    );
}

#[test]
fn networks_never_shut_an_administrator_out_and_single_sign_on_does() {
    let world = World::new();
    let founder = world.register("founder");
    let mut policy = super::policy();
    policy.networks = vec![NetworkRange::parse("192.0.2.0/24").unwrap()];
    let id = world.open_with("acme", founder, policy.clone());
    let entered = || {
        block_on(world.profiles.admit(founder, id, Proven::by_profile(), "198.51.100.7".parse().ok(), at(5)))
    };
    assert!(entered().is_ok());
    policy.single_sign_on_only = true;
    let edit = world.profiles.edit_policy(super::ActingAs::Operator, id, policy, at(5));
    block_on(edit).unwrap();
    assert_eq!(refusal(entered()), Problem::SingleSignOnOnly);
}

#[test]
fn the_service_asks_the_host_s_rules_in_turn_until_one_refuses() {
    struct Pass(Arc<AtomicU32>);
    impl AdmissionRule for Pass {
        fn admit(&self, request: &AdmissionRequest<'_>) -> Result<(), HostProblem> {
            assert!(request.account.is_some() && request.membership.is_some());
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }
    let mut world = World::new();
    let (passed, refused, after) =
        (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    world.profiles = Profiles::new(world.store.clone(), super::SystemEntropy)
        .rule(Pass(Arc::clone(&passed)))
        .rule(Curfew(Arc::clone(&refused)))
        .rule(Pass(Arc::clone(&after)));
    let founder = world.register("founder");
    let id = world.open("acme", founder);
    let answer = block_on(world.profiles.admit(founder, id, Proven::by_profile(), None, at(5)));
    assert_eq!(refusal(answer), Problem::Host(HostProblem::new(&CURFEW, Vec::new())));
    let times = [passed, refused, after].map(|counter| counter.load(Ordering::SeqCst));
    assert_eq!(times, [1, 1, 0]);
    let unknown =
        block_on(world.profiles.admit(super::person("nobody"), id, Proven::by_profile(), None, at(5)));
    assert_eq!(refusal(unknown), Problem::ProfileUnknown);
}

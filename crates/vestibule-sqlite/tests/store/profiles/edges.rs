//! Guards at their edges: every small state, every small step, beside the in-memory reference.

use tempfile::TempDir;
use vestibule_core::{AccountId, MemoryStore, SubjectId};
use vestibule_profiles::ProfilesWrite::{self, *};
use vestibule_profiles::{Account, AccountState, Profile, ProfilesRead};
use vestibule_sqlite::SqliteStore;

use super::{account, address, person, policy, profile, same};
use crate::compare::create;
use crate::support::block_on;

const STEPS: [i8; 7] = [i8::MIN, -2, -1, 0, 1, 2, i8::MAX];

/// Both stores. Each case has ids of its own, so that one does not change the row of another.
struct Both {
    sqlite: SqliteStore,
    reference: MemoryStore,
    cases: u64,
    landed: u64,
    _folder: TempDir,
}

impl Both {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = create(&folder);
        Self { sqlite, reference: MemoryStore::in_memory(), cases: 0, landed: 0, _folder: folder }
    }

    fn send(&mut self, write: ProfilesWrite) {
        self.cases += 1;
        self.landed += u64::from(same(&self.sqlite, &self.reference, self.cases, write));
    }

    /// Of the writes under judgement some landed and some did not; those that set the scene all landed.
    fn finish(&self, scene: u64) {
        assert!(scene < self.landed && self.landed < self.cases, "{} of {}", self.landed, self.cases);
    }

    fn on_profile(&mut self, row: &Profile, write: impl FnOnce(SubjectId) -> ProfilesWrite) {
        let subject = SubjectId::from(self.cases);
        self.send(CreateProfile { profile: Profile { subject, ..row.clone() } });
        self.send(write(subject));
        let answers = [
            block_on(self.sqlite.profile(subject)).unwrap(),
            block_on(self.reference.profile(subject)).unwrap(),
        ];
        assert_eq!(answers[0], answers[1]);
    }

    fn on_account(&mut self, row: &Account, write: impl FnOnce(AccountId) -> ProfilesWrite) {
        let id = AccountId::from(self.cases);
        self.send(CreateAccount { account: Account { account: id, ..row.clone() } });
        self.send(write(id));
        assert_eq!(block_on(self.sqlite.account(id)).unwrap(), block_on(self.reference.account(id)).unwrap());
    }
}

/// PR-2, and no more identifiers than a profile may have.
#[test]
fn ways_in_are_counted_as_the_reference_counts_them() {
    let mut both = Both::new();
    let counts = [0, 1, 7, 8, 9];
    for identifiers in counts {
        for social_links in counts {
            for (more, links) in STEPS.iter().flat_map(|more| [-1, 0, 1].map(|links| (*more, links))) {
                let row = Profile { identifiers, social_links, ..profile(person(0)) };
                both.on_profile(&row, |subject| CountWays {
                    subject,
                    identifiers: more,
                    social_links: links,
                });
                both.on_profile(&row, |subject| CountWays {
                    subject,
                    identifiers: links,
                    social_links: more,
                });
            }
        }
    }
    both.finish(both.cases / 2);
}

#[test]
fn memberships_and_created_accounts_are_counted_as_the_reference_counts_them() {
    let mut both = Both::new();
    for (live_memberships, created_accounts) in [(0, 0), (1, 2), (2, 3), (u32::MAX, 4), (4, u32::MAX)] {
        let row = Profile { live_memberships, created_accounts, ..profile(person(0)) };
        for accounts_at_most in [0, 1, 3, 4, u32::MAX] {
            for (memberships, accounts) in STEPS.iter().flat_map(|more| STEPS.map(|links| (*more, links))) {
                both.on_profile(&row, |subject| CountProfile {
                    subject,
                    memberships,
                    accounts,
                    accounts_at_most,
                });
            }
        }
    }
    both.finish(both.cases / 2);
}

#[test]
fn seats_are_counted_as_the_reference_counts_them() {
    let mut both = Both::new();
    for state in [AccountState::Open, AccountState::Suspended, AccountState::Closed] {
        for (seats, limit) in [0, 1, 2, 3, u32::MAX]
            .into_iter()
            .flat_map(|seats| [None, Some(0), Some(2), Some(3), Some(u32::MAX)].map(|limit| (seats, limit)))
        {
            let row = Account { state, seats, policy: policy(limit, 0), ..account(AccountId::from(0)) };
            for (delta, settings_version) in STEPS.into_iter().flat_map(|step| [0, 1, 2].map(|v| (step, v))) {
                both.on_account(&row, |account| CountSeats { account, delta, settings_version });
            }
        }
    }
    both.finish(both.cases / 2);
}

/// PR-8.
#[test]
fn administrators_are_counted_as_the_reference_counts_them() {
    let mut both = Both::new();
    for administrators in [0, 1, 2, 3, u32::MAX - 1, u32::MAX] {
        let row = Account { administrators, ..account(AccountId::from(0)) };
        for delta in STEPS {
            both.on_account(&row, |account| CountAdministrators { account, delta });
        }
    }
    both.finish(both.cases / 2);
}

#[test]
fn a_contact_moves_as_the_reference_moves_it() {
    let mut both = Both::new();
    let anybody = [None, Some(person(0)), Some(person(1))];
    let mut scene = 0;
    for owner in anybody {
        for (from, to) in anybody.into_iter().flat_map(|from| anybody.map(|to| (from, to))) {
            let (account, key) = (AccountId::from(both.cases), address(0).key());
            if owner.is_some() {
                scene += 1;
                both.send(MoveContact { account, key, from: None, to: owner });
            }
            both.send(MoveContact { account, key, from, to });
            let left = block_on(both.sqlite.contact_owner(account, key)).unwrap();
            assert_eq!(left, block_on(both.reference.contact_owner(account, key)).unwrap());
            assert_eq!(left, if owner == from { to } else { owner });
        }
    }
    both.finish(scene);
}

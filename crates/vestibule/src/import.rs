//! People, accounts and memberships that were elsewhere before.

mod answer;
mod commit;
mod decide;
mod given;
mod problem;

use vestibule_core::Failure;
use vestibule_journal::EventKind;
use vestibule_profiles::{Problem, ProfilesRead};

pub use self::answer::{Imported, Skipped};
pub use self::given::{ImportedAccount, ImportedMembership, ImportedPerson};
pub(crate) use self::problem::ENTRIES;
pub use self::problem::{ImportField, ImportProblem};

use crate::account::{Acting, Reason};
use crate::vestibule::{ROUNDS, Vestibule, busy};
use crate::writes::AnyWrite;

impl Vestibule {
    /// Takes over a person from elsewhere, under the host's id.
    ///
    /// Profile, identifiers and password come into being in one commit; each membership follows in one of its own. An
    /// import that was cut short is simply asked again: it adds the memberships that are missing, and for a person who
    /// is complete it writes nothing. What is there already always wins and is told in [`Imported::skipped`]; above all,
    /// an import adds no way in to a profile that is there. So a table that is imported again does not bring back the
    /// address or the password that somebody gave up meanwhile.
    ///
    /// People are imported first, then the [accounts](Self::import_account), whose primary administrators are there by
    /// then, then the memberships: an [`ImportedPerson`] of whom only memberships are given adds them. (A waiting
    /// membership that was declined leaves no trace: imported again, it waits again.)
    ///
    /// Nobody is told by message. Every commit leaves an audit event with the reason.
    ///
    /// # Errors
    ///
    /// [`ImportProblem`], before anything is written. [`Failure::Fault`] when the store cannot do it now; what was
    /// committed stays, and the same call goes on from there.
    ///
    /// # Example
    ///
    /// Three tables of an application, one after the other. The run can be killed at any point and started again:
    ///
    /// ```
    /// use vestibule::{
    ///     ImportProblem, Imported, ImportedAccount, ImportedMembership, ImportedPerson, Reason, Vestibule,
    /// };
    /// use vestibule_core::{Error, Failure, Timestamp};
    ///
    /// # struct User { id: u64, email: &'static str, argon2id: Option<&'static str>, created: i64 }
    /// # struct Company { id: u64, name: &'static str, owner: u64 }
    /// # struct Employee { company: u64, user: u64, role: &'static str, fired: bool }
    /// # struct Tables { users: Vec<User>, companies: Vec<Company>, employees: Vec<Employee> }
    /// async fn migrate(vestibule: &Vestibule, tables: &Tables, reason: &Reason) -> Result<(), Error> {
    ///     for user in &tables.users {
    ///         let mut person = ImportedPerson::new(user.id.into())
    ///             .email(user.email)
    ///             .created_at(Timestamp::from_unix_seconds(user.created));
    ///         if let Some(hash) = user.argon2id {
    ///             person = person.password_hash(hash);
    ///         }
    ///         report(user.id, vestibule.import(person, reason).await)?;
    ///     }
    ///     for company in &tables.companies {
    ///         let account =
    ///             ImportedAccount::new(company.id.into(), company.name, company.owner.into(), "owner");
    ///         report(company.id, vestibule.import_account(account, reason).await)?;
    ///     }
    ///     for row in &tables.employees {
    ///         let membership = match row.fired {
    ///             true => ImportedMembership::dismissed(row.company.into(), row.role),
    ///             false => ImportedMembership::active(row.company.into(), row.role),
    ///         };
    ///         let person = ImportedPerson::new(row.user.into()).member(membership);
    ///         report(row.user, vestibule.import(person, reason).await)?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// fn report(id: u64, imported: Result<Imported, Failure<ImportProblem>>) -> Result<(), Error> {
    ///     match imported {
    ///         Ok(imported) => {
    ///             for skipped in imported.skipped() {
    ///                 println!("{id}: {}", skipped.entry().cause);
    ///             }
    ///         }
    ///         Err(Failure::Refused(problem)) => println!("{id}: {problem}"),
    ///         Err(Failure::Fault(error)) => return Err(error),
    ///     }
    ///     Ok(())
    /// }
    /// # use vestibule_core::{KeyId, KeyPurpose, KeyRing, MemoryStore, Secret};
    /// # use vestibule_credentials::{HashParams, HashPoolConfig};
    /// # let mut ring = KeyRing::builder();
    /// # for purpose in [KeyPurpose::Digest, KeyPurpose::Pepper, KeyPurpose::Seal] {
    /// #     ring = ring.current(purpose, KeyId::parse("k1")?, Secret::new([7; 32]));
    /// # }
    /// # let vestibule = Vestibule::builder()
    /// #     .store(MemoryStore::in_memory())
    /// #     .keys(ring.build()?)
    /// #     .hashing(HashPoolConfig::new(HashParams::danger_weak_for_tests(), 1))
    /// #     .build()?;
    /// # let tables = Tables {
    /// #     users: vec![
    /// #         User { id: 1, email: "ada@example.com", argon2id: None, created: 1_500_000_000 },
    /// #         User { id: 2, email: "bob@example.com", argon2id: None, created: 1_600_000_000 },
    /// #     ],
    /// #     companies: vec![Company { id: 1, name: "Engines", owner: 1 }],
    /// #     employees: vec![Employee { company: 1, user: 2, role: "clerk", fired: true }],
    /// # };
    /// # let reason = Reason::parse("moving the old tables")?;
    /// # let mut future = std::pin::pin!(async {
    /// #     migrate(&vestibule, &tables, &reason).await?;
    /// #     let bob = ImportedPerson::new(2.into()).email("bob@example.com");
    /// #     let bob = bob.member(ImportedMembership::dismissed(1.into(), "clerk"));
    /// #     assert!(matches!(vestibule.import(bob, &reason).await, Ok(Imported::Unchanged { .. })));
    /// #     Ok::<(), Error>(())
    /// # });
    /// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// # assert!(matches!(future.as_mut().poll(&mut context), std::task::Poll::Ready(Ok(()))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn import(
        &self,
        person: ImportedPerson,
        reason: &Reason,
    ) -> Result<Imported, Failure<ImportProblem>> {
        let inner = self.inner();
        let now = inner.clock.now();
        person.check(now).map_err(Failure::Refused)?;
        if let Some(hash) = &person.password {
            // EXPOSE: its form and its cost are looked at.
            let text = hash.expose();
            inner.pool.check(text).map_err(|error| Failure::Refused(ImportProblem::Hash(error)))?;
        }
        let (created, mut skipped) = inner.import_profile(&person, reason, now).await?;
        let mut completed = false;
        for membership in &person.memberships {
            match inner.import_membership(person.subject, membership, reason, now).await? {
                Ok(added) => completed |= added,
                Err(because) => skipped.push(Skipped::Membership { account: membership.account, because }),
            }
        }
        Ok(match (created, completed) {
            (true, _) => Imported::Created { skipped },
            (false, true) => Imported::Completed { skipped },
            (false, false) => Imported::Unchanged { skipped },
        })
    }

    /// Takes over an account from elsewhere, under the host's id, with its primary administrator, who was imported
    /// before. The number of accounts that a person may create does not limit it.
    ///
    /// An account of this id that is there already stays as it is.
    ///
    /// # Errors
    ///
    /// [`ImportProblem`], before anything is written: `profile.unknown` without the primary administrator's profile.
    pub async fn import_account(
        &self,
        account: ImportedAccount,
        reason: &Reason,
    ) -> Result<Imported, Failure<ImportProblem>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let role = account.role.clone().map_err(Failure::Refused)?;
        given::not_in_future(ImportField::CreatedAt, account.created_at, now).map_err(Failure::Refused)?;
        for _ in 0..ROUNDS {
            if let Some(stored) = inner.store.account(account.account).await? {
                let same = decide::is_same_account(&stored, &account);
                let skipped = if same { None } else { Some(Skipped::Account { account: account.account }) };
                return Ok(Imported::Unchanged { skipped: skipped.into_iter().collect() });
            }
            let Some(primary) = inner.store.profile(account.primary).await? else {
                return refused(Problem::ProfileUnknown);
            };
            let writes = match decide::account(&account, &primary, role.clone(), now) {
                Ok(writes) => writes,
                Err(problem) => return refused(problem),
            };
            let id = inner.batch_id(now)?;
            let event = Acting::Operator(reason).draft(EventKind::ACCOUNT_CREATED);
            let mut batch = inner.record(event.subject(account.primary).account(account.account), id, now)?;
            batch.extend(writes.into_iter().map(AnyWrite::from));
            if inner.land(id, now, batch).await?.is_none() {
                return Ok(Imported::Created { skipped: Vec::new() });
            }
        }
        Err(busy().into())
    }
}

fn refused<T>(problem: Problem) -> Result<T, Failure<ImportProblem>> {
    Err(Failure::Refused(ImportProblem::Profiles(problem)))
}

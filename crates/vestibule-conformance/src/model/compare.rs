//! Every read, asked of both.

use vestibule_checkword::CheckwordRead;
use vestibule_core::{AccountId, EventId, MemoryStore, SubjectId};
use vestibule_credentials::CredentialsRead;
use vestibule_journal::{Event, JournalRead};
use vestibule_mfa::MfaRead;
use vestibule_profiles::{Membership, ProfilesRead};
use vestibule_sessions::SessionsRead;

use super::checkword::{PURPOSES, digest};
use super::journal::reference as case_reference;
use super::world::{
    ACCOUNTS, ADDRESSES, IDS, PEOPLE, REFERENCES, SLOTS, address, company, lane, name, person,
};
use crate::finding::{Finding, Outcome, ensure, same};
use crate::fixture::ids;
use crate::harness::Store;

/// Asks both the same question.
macro_rules! alike {
    ($reference:expr, $store:expr, $method:ident($($arg:expr),*)) => {
        same(
            concat!("what `", stringify!($method), "` answers"),
            &$store.$method($($arg),*).await?,
            &$reference.$method($($arg),*).await?,
        )?
    };
}

/// The rows that guards look at.
pub(super) async fn rows<S: Store>(reference: &MemoryStore, store: &S) -> Outcome {
    for subject in (0..PEOPLE).map(person) {
        let subject = subject?;
        alike!(reference, store, profile(subject));
        alike!(reference, store, identifiers(subject));
        alike!(reference, store, leaving_of(subject));
        // A password's `Debug` shows little on purpose.
        let passwords = (store.password(subject).await?, reference.password(subject).await?);
        ensure(passwords.0 == passwords.1, "what `password` answers differs")?;
        for number in 0..2 {
            alike!(reference, store, tries(subject, lane(number)));
        }
        alike!(reference, store, sessions(subject));
        alike!(reference, store, devices(subject));
        alike!(reference, store, authenticators(subject));
        alike!(reference, store, codes(subject));
        alike!(reference, store, mfa_tries(subject));
        alike!(reference, store, factor_reset(subject));
        for purpose in PURPOSES {
            // A checkword's `Debug` shows little, too.
            let told = store.checkword(subject, purpose.to_owned()).await?;
            let expected = reference.checkword(subject, purpose.to_owned()).await?;
            ensure(told == expected, "what `checkword` answers differs")?;
        }
        for account in (0..ACCOUNTS).map(company) {
            let account = account?;
            alike!(reference, store, membership(account, subject));
        }
    }
    for account in (0..ACCOUNTS).map(company) {
        let account = account?;
        alike!(reference, store, account(account));
    }
    Ok(())
}

/// Everything.
pub(super) async fn all<S: Store>(reference: &MemoryStore, store: &S) -> Outcome {
    rows(reference, store).await?;
    for own in (0..ADDRESSES).map(address) {
        let own = own?;
        alike!(reference, store, identifier_owner(own.kind(), own.key()));
        alike!(reference, store, leaving(own.kind(), own.key()));
        for account in (0..ACCOUNTS).map(company) {
            let account = account?;
            alike!(reference, store, contact_owner(account, own.key()));
        }
    }
    for (number, subject) in (0..PEOPLE).map(|number| (number, person(number))) {
        let subject = subject?;
        let pages = (memberships(store, subject).await?, memberships(reference, subject).await?);
        same("a person's memberships, page by page", &pages.0, &pages.1)?;
        let pages = (events_of(store, subject).await?, events_of(reference, subject).await?);
        same("a person's events, page by page", &pages.0, &pages.1)?;
        for (place, purpose) in (0..).zip(PURPOSES) {
            let newest = reference.checkword(subject, purpose.to_owned()).await?;
            // Up to the one that would be next.
            for generation in 0..=newest.map_or(1, |row| row.generation + 1) {
                alike!(reference, store, found(digest(number, place, generation)));
            }
        }
        for (slot, n) in (0..SLOTS).flat_map(|slot| (0..4).map(move |n| (slot, n))) {
            let digest = ids(name(number, slot, n)).digest;
            alike!(reference, store, session(digest));
            alike!(reference, store, device(digest));
        }
    }
    for account in (0..ACCOUNTS).map(company) {
        let account = account?;
        let pages = (members(store, account).await?, members(reference, account).await?);
        same("an account's members, page by page", &pages.0, &pages.1)?;
        alike!(reference, store, events_of_account(account, None, 99));
    }
    for event in (0..IDS).map(|id| EventId::from_bytes([id; 16])) {
        alike!(reference, store, event(event));
        alike!(reference, store, personal(event));
    }
    for number in 0..REFERENCES {
        alike!(reference, store, event_by_case(case_reference(number)));
        alike!(reference, store, cases(case_reference(number)));
    }
    alike!(reference, store, case_population());
    alike!(reference, store, messages(None, 99));
    Ok(())
}

/// More than there can be of anything here.
const ENOUGH: usize = 200;

/// By pages of one, so that every place at which a page can begin is met.
async fn memberships(store: &impl ProfilesRead, subject: SubjectId) -> Result<Vec<Membership>, Finding> {
    let mut all: Vec<Membership> = Vec::new();
    loop {
        let page = store.memberships_of(subject, all.last().map(|row| row.account), 1).await?;
        ensure(all.len() < ENOUGH, "the pages of a list do not end")?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn members(store: &impl ProfilesRead, account: AccountId) -> Result<Vec<Membership>, Finding> {
    let mut all: Vec<Membership> = Vec::new();
    loop {
        let page = store.members_of(account, all.last().map(|row| row.subject), 2).await?;
        ensure(all.len() < ENOUGH, "the pages of a list do not end")?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn events_of(store: &impl JournalRead, subject: SubjectId) -> Result<Vec<Event>, Finding> {
    let mut all: Vec<Event> = Vec::new();
    loop {
        let page = store.events_of_subject(subject, all.last().map(|event| event.id), 3).await?;
        ensure(all.len() < ENOUGH, "the pages of a list do not end")?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

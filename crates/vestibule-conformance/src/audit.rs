//! The auditor: what must hold of everything stored, whatever happened on the way (design promises PR-1, PR-2, PR-8).

use std::collections::BTreeSet;

use vestibule_core::{AccountId, SubjectId};
use vestibule_profiles::{Account, Membership, Profile, ProfilesRead, Status};

use crate::finding::{Finding, Outcome};

/// How many rows a page has.
const PAGE: u32 = 64;

/// Looks at these people and accounts, and at everybody whom the accounts lead to, and says what is wrong; an empty
/// list is as it must be.
///
/// It checks that every counter counts what is there, that an identifier has one verified owner who knows of it, that an
/// account has an administrator, that a profile has a way in, and that both sides of a membership agree.
///
/// # Errors
///
/// [`Finding`] when the store cannot answer.
pub async fn audit(
    store: &impl ProfilesRead,
    people: &[SubjectId],
    accounts: &[AccountId],
) -> Result<Vec<Finding>, Finding> {
    let mut findings = Vec::new();
    let mut everybody: BTreeSet<SubjectId> = people.iter().copied().collect();
    for &id in accounts {
        let Some(account) = store.account(id).await? else { continue };
        let members = members(store, id).await?;
        everybody.extend(members.iter().map(|member| member.subject));
        check(&mut findings, &format!("account {id}"), of_account(&account, &members));
    }
    for subject in everybody {
        let Some(profile) = store.profile(subject).await? else {
            check(&mut findings, &format!("nobody {subject}"), of_nobody(store, subject).await?);
            continue;
        };
        check(&mut findings, &format!("person {subject}"), of_profile(store, &profile).await?);
    }
    Ok(findings)
}

fn check(findings: &mut Vec<Finding>, place: &str, found: Vec<Finding>) {
    findings.extend(found.into_iter().map(|finding| finding.within(place)));
}

fn of_account(account: &Account, members: &[Membership]) -> Vec<Finding> {
    let count = |is: fn(&&Membership) -> bool| members.iter().filter(is).count();
    let active = count(|member| member.standing.status == Status::Active);
    let administrators = count(|member| member.is_active_administrator());
    let mut found = Vec::new();
    found.extend(counted("seats", account.seats, active));
    found.extend(counted("administrators", account.administrators, administrators));
    if administrators == 0 {
        found.push(Finding::new("no Active member administers it (PR-8)"));
    }
    if !members.iter().any(|member| member.subject == account.primary && member.is_active_administrator()) {
        found.push(Finding::new("its primary administrator is no Active administrator"));
    }
    for member in members.iter().filter(|member| member.account != account.account) {
        found.push(Finding::new(format!("it lists a membership of account {}", member.account)));
    }
    found
}

async fn of_profile(store: &impl ProfilesRead, profile: &Profile) -> Result<Vec<Finding>, Finding> {
    let subject = profile.subject;
    let mut found = Vec::new();
    let own = store.identifiers(subject).await?;
    let verified = || own.iter().filter(|own| own.verified_at.is_some());
    found.extend(counted(
        "identifiers",
        profile.identifiers,
        verified().filter(|own| !own.is_social()).count(),
    ));
    found.extend(counted(
        "social links",
        profile.social_links,
        verified().filter(|own| own.is_social()).count(),
    ));
    if profile.ways_in() == 0 {
        found.push(Finding::new("there is no way in (PR-2)"));
    }
    for own in verified() {
        let owner = store.identifier_owner(own.identifier.kind(), own.identifier.key()).await?;
        if owner.map(|owner| owner.subject) != Some(subject) {
            found.push(Finding::new("a verified identifier has another owner (PR-1)"));
        }
    }
    let memberships = memberships(store, subject).await?;
    let live = memberships.iter().filter(|own| own.standing.status != Status::Dismissed).count();
    found.extend(counted("live memberships", profile.live_memberships, live));
    for own in &memberships {
        if store.membership(own.account, subject).await?.as_ref() != Some(own) {
            found.push(Finding::new(format!("account {} knows this membership otherwise", own.account)));
        }
    }
    Ok(found)
}

/// Nothing refers to a profile that is not there.
async fn of_nobody(store: &impl ProfilesRead, subject: SubjectId) -> Result<Vec<Finding>, Finding> {
    let mut found = Vec::new();
    if !store.identifiers(subject).await?.is_empty() {
        found.push(Finding::new("there are identifiers without a profile"));
    }
    if !memberships(store, subject).await?.is_empty() {
        found.push(Finding::new("there are memberships without a profile"));
    }
    Ok(found)
}

fn counted(what: &str, counter: u32, there: usize) -> Option<Finding> {
    (usize::try_from(counter) != Ok(there))
        .then(|| Finding::new(format!("the counter of {what} says {counter} and there are {there}")))
}

async fn members(store: &impl ProfilesRead, account: AccountId) -> Result<Vec<Membership>, Finding> {
    let mut all: Vec<Membership> = Vec::new();
    loop {
        let page = store.members_of(account, all.last().map(|last| last.subject), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn memberships(store: &impl ProfilesRead, subject: SubjectId) -> Result<Vec<Membership>, Finding> {
    let mut all: Vec<Membership> = Vec::new();
    loop {
        let page = store.memberships_of(subject, all.last().map(|last| last.account), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// [`audit`] as the outcome of a case.
///
/// # Errors
///
/// [`Finding`], the first of those found.
pub async fn assert_sound(
    store: &impl ProfilesRead,
    people: &[SubjectId],
    accounts: &[AccountId],
) -> Outcome {
    audit(store, people, accounts).await?.into_iter().next().map_or(Ok(()), Err)
}

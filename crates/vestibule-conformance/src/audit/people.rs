//! People, their identifiers, and their memberships.

use std::collections::BTreeSet;

use vestibule_core::{AccountId, SubjectId};
use vestibule_profiles::{Account, Membership, Profile, ProfilesRead, Status};

use super::PAGE;
use super::flaw::{Counted, Flaw, Place, Row, Unsound};
use crate::finding::Finding;

/// Whom the account leads to.
pub(super) async fn of_account(
    store: &impl ProfilesRead,
    id: AccountId,
    found: &mut Vec<Unsound>,
) -> Result<Vec<SubjectId>, Finding> {
    let Some(account) = store.account(id).await? else { return Ok(Vec::new()) };
    let members = members(store, id).await?;
    found.extend(judged(&account, &members).into_iter().map(|flaw| flaw.at(Place::Account(id))));
    Ok(members.into_iter().map(|member| member.subject).collect())
}

fn judged(account: &Account, members: &[Membership]) -> Vec<Flaw> {
    let count = |is: fn(&&Membership) -> bool| members.iter().filter(is).count();
    let active = count(|member| member.standing.status == Status::Active);
    let administrators = count(|member| member.is_active_administrator());
    let mut found = Vec::new();
    found.extend(counted(Counted::Seats, account.seats, active));
    found.extend(counted(Counted::Administrators, account.administrators, administrators));
    if administrators == 0 {
        found.push(Flaw::NoAdministrator);
    }
    if !members.iter().any(|member| member.subject == account.primary && member.is_active_administrator()) {
        found.push(Flaw::PrimaryAdministersNothing);
    }
    let foreign = members.iter().filter(|member| member.account != account.account);
    found.extend(foreign.map(|member| Flaw::ForeignMembership(member.account)));
    found
}

pub(super) async fn of_person(
    store: &impl ProfilesRead,
    subject: SubjectId,
    found: &mut Vec<Unsound>,
) -> Result<(), Finding> {
    let flaws = match store.profile(subject).await? {
        Some(profile) => of_profile(store, &profile).await?,
        None => of_nobody(store, subject).await?,
    };
    found.extend(flaws.into_iter().map(|flaw| flaw.at(Place::Person(subject))));
    Ok(())
}

async fn of_profile(store: &impl ProfilesRead, profile: &Profile) -> Result<Vec<Flaw>, Finding> {
    let subject = profile.subject;
    let mut found = Vec::new();
    let own = store.identifiers(subject).await?;
    let verified = || own.iter().filter(|own| own.verified_at.is_some());
    let identifiers = verified().filter(|own| !own.is_social()).count();
    found.extend(counted(Counted::Identifiers, profile.identifiers, identifiers));
    let links = verified().filter(|own| own.is_social()).count();
    found.extend(counted(Counted::SocialLinks, profile.social_links, links));
    if profile.ways_in() == 0 {
        found.push(Flaw::NoWayIn);
    }
    for own in verified() {
        let owner = store.identifier_owner(own.identifier.kind(), own.identifier.key()).await?;
        if owner.map(|owner| owner.subject) != Some(subject) {
            found.push(Flaw::OwnedByAnother);
        }
    }
    let memberships = memberships(store, subject).await?;
    let live = memberships.iter().filter(|own| own.standing.status != Status::Dismissed).count();
    found.extend(counted(Counted::Memberships, profile.live_memberships, live));
    for own in &memberships {
        if store.membership(own.account, subject).await?.as_ref() != Some(own) {
            found.push(Flaw::MembershipDiffers(own.account));
        }
        if store.account(own.account).await?.is_none() {
            found.push(Flaw::AccountMissing(own.account));
        }
    }
    Ok(found)
}

/// Nothing refers to a profile that is not there.
async fn of_nobody(store: &impl ProfilesRead, subject: SubjectId) -> Result<Vec<Flaw>, Finding> {
    let mut found = Vec::new();
    if !store.identifiers(subject).await?.is_empty() {
        found.push(Flaw::Orphan(Row::Identifier));
    }
    if !memberships(store, subject).await?.is_empty() {
        found.push(Flaw::Orphan(Row::Membership));
    }
    Ok(found)
}

fn counted(of: Counted, says: u32, there: usize) -> Option<Flaw> {
    let (says, there) = (u64::from(says), u64::try_from(there).unwrap_or(u64::MAX));
    (says != there).then_some(Flaw::Counter { of, says, there })
}

/// Page by page. A list that is not in order may lead back to where it began, and ends there.
async fn members(store: &impl ProfilesRead, account: AccountId) -> Result<Vec<Membership>, Finding> {
    let (mut all, mut pages): (Vec<Membership>, _) = (Vec::new(), BTreeSet::new());
    while pages.insert(all.last().map(|last| last.subject)) {
        let page = store.members_of(account, all.last().map(|last| last.subject), PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    Ok(all)
}

async fn memberships(store: &impl ProfilesRead, subject: SubjectId) -> Result<Vec<Membership>, Finding> {
    let (mut all, mut pages): (Vec<Membership>, _) = (Vec::new(), BTreeSet::new());
    while pages.insert(all.last().map(|last| last.account)) {
        let page = store.memberships_of(subject, all.last().map(|last| last.account), PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    Ok(all)
}

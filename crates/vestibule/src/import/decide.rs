//! What follows from what was given and what was read: writes, or what stands in the way. Pure.

use vestibule_core::{ContactEmail, Identifier, SubjectId, Timestamp};
use vestibule_credentials::Password;
use vestibule_profiles::{
    Account, By, Membership, NewAccount, NewMember, Problem, Profile, ProfilesWrite, Role, Status, decide,
};

use super::given::{ImportedAccount, ImportedMembership, ImportedPerson};

/// A person who is not there yet. Their addresses count as verified from now on: that is when the host vouched.
pub(super) fn person(
    given: &ImportedPerson,
    identifiers: Vec<Identifier>,
    now: Timestamp,
) -> Result<Vec<ProfilesWrite>, Problem> {
    let mut writes = decide::register(given.subject, identifiers, now)?;
    for write in &mut writes {
        if let ProfilesWrite::CreateProfile { profile } = write {
            profile.created_at = given.created_at.unwrap_or(now);
        }
    }
    Ok(writes)
}

/// Whether the password that rests is the given one, as far as the rows tell: the same text, or a first password that
/// was hashed anew since.
pub(super) fn is_same_password(stored: &Password, given: &str) -> bool {
    stored.hash.as_deref() == Some(given) || (stored.generation == 1 && stored.version > 1)
}

/// Whether the membership that rests is the given one.
pub(super) fn is_same_membership(stored: &Membership, given: &ImportedMembership, role: &Role) -> bool {
    let standing = &stored.standing;
    standing.status == given.status && standing.administers == given.administers && standing.role == *role
}

/// A membership that is not there yet, as the host has it: seats, administrators and live memberships are counted as if
/// it had come about here.
pub(super) fn membership(
    account: &Account,
    subject: SubjectId,
    given: &ImportedMembership,
    new: (Role, Option<ContactEmail>),
    now: Timestamp,
) -> Result<Vec<ProfilesWrite>, Problem> {
    let (role, contact) = new;
    // Who is dismissed takes no seat, like who waits.
    let mut member = match given.status {
        Status::Active => NewMember::active(subject, role),
        Status::AwaitingApproval | Status::Dismissed => NewMember::awaiting_approval(subject, role),
    };
    member.contact = contact;
    let mut writes = decide::add_member(By::Operator, account, None, member, now)?;
    for write in &mut writes {
        match write {
            ProfilesWrite::AddMembership { membership } => {
                membership.joined_at = given.joined_at.unwrap_or(now);
                membership.standing.since = given.since.unwrap_or(now);
                membership.standing.status = given.status;
                membership.standing.administers = given.administers;
            }
            // Counted by nothing, and still refused without a profile.
            ProfilesWrite::CountProfile { memberships, .. } if given.status == Status::Dismissed => {
                *memberships = 0;
            }
            _ => {}
        }
    }
    if given.administers {
        writes.push(ProfilesWrite::CountAdministrators { account: account.account, delta: 1 });
    }
    Ok(writes)
}

/// Whether the account that rests is the given one.
pub(super) fn is_same_account(stored: &Account, given: &ImportedAccount) -> bool {
    stored.primary == given.primary && stored.name == given.name && stored.policy == given.policy
}

/// An account that is not there yet. What the person may create from now on counts it, and nothing limits it: it is there.
pub(super) fn account(
    given: &ImportedAccount,
    primary: &Profile,
    role: Role,
    now: Timestamp,
) -> Result<Vec<ProfilesWrite>, Problem> {
    let new = NewAccount::new(given.account, given.name.clone(), role).policy(given.policy.clone());
    decide::create_account(primary, new, u32::MAX, given.created_at.unwrap_or(now))
}

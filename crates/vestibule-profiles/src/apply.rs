//! What the writes of the linking model do to the rows of a key-value store, and where those stand.

use vestibule_core::kv::{Halt, Key, Partition, RecordReader, RecordWriter, Rows};
use vestibule_core::{AccountId, AddressKey, AddressKind, CorruptRow, SubjectId, Timestamp, Verdict};

use crate::account::Account;
use crate::identifier::ProfileIdentifier;
use crate::leaving::{Leaving, Owner};
use crate::membership::{Membership, Standing};
use crate::profile::Profile;

/// Inserts a row unless there is one.
pub(crate) fn insert(rows: &mut Rows<'_>, key: Key, value: Vec<u8>) -> Result<Verdict, Halt> {
    if rows.has(&key)? {
        return Ok(Verdict::Refused);
    }
    rows.put(key, value);
    Ok(Verdict::Lands)
}

/// Changes a profile that exists, if `change` agrees.
pub(crate) fn profile(
    rows: &mut Rows<'_>,
    subject: SubjectId,
    change: impl FnOnce(&mut Profile) -> Option<()>,
) -> Result<Verdict, Halt> {
    let key = keys::profile(subject);
    let Some(mut profile) = rows.get(&key)?.map(Profile::decode).transpose()? else {
        return Ok(Verdict::Refused);
    };
    if change(&mut profile).is_none() {
        return Ok(Verdict::Refused);
    }
    rows.put(key, profile.encode());
    Ok(Verdict::Lands)
}

/// Changes an account that exists, if `change` agrees.
pub(crate) fn account(
    rows: &mut Rows<'_>,
    account: AccountId,
    change: impl FnOnce(&mut Account) -> Option<()>,
) -> Result<Verdict, Halt> {
    let key = keys::account(account);
    let Some(mut account) = rows.get(&key)?.map(Account::decode).transpose()? else {
        return Ok(Verdict::Refused);
    };
    if change(&mut account).is_none() {
        return Ok(Verdict::Refused);
    }
    rows.put(key, account.encode());
    Ok(Verdict::Lands)
}

pub(crate) fn add_membership(rows: &mut Rows<'_>, membership: &Membership) -> Result<Verdict, Halt> {
    let listed = keys::membership_of(membership.subject, membership.account);
    rows.has(&listed)?;
    let key = keys::membership(membership.account, membership.subject);
    let verdict = insert(rows, key, membership.encode())?;
    if verdict == Verdict::Lands {
        rows.put(listed, RecordWriter::new(1).finish());
    }
    Ok(verdict)
}

pub(crate) fn move_membership(
    rows: &mut Rows<'_>,
    account: AccountId,
    subject: SubjectId,
    from: u64,
    to: Option<&Standing>,
    ends_access: bool,
) -> Result<Verdict, Halt> {
    let key = keys::membership(account, subject);
    let found = rows.get(&key)?.map(Membership::decode).transpose()?;
    let Some(mut membership) = found.filter(|membership| membership.version == from) else {
        return Ok(Verdict::Refused);
    };
    if let Some(standing) = to {
        membership.standing = standing.clone();
        membership.version += 1;
        membership.epoch += u64::from(ends_access);
        rows.put(key, membership.encode());
    } else {
        let listed = keys::membership_of(subject, account);
        rows.has(&listed)?;
        rows.delete(listed);
        rows.delete(key);
    }
    Ok(Verdict::Lands)
}

pub(crate) fn move_contact(
    rows: &mut Rows<'_>,
    key: Key,
    from: Option<SubjectId>,
    to: Option<SubjectId>,
) -> Result<Verdict, Halt> {
    let found = rows.get(&key)?.map(pointed_subject).transpose()?;
    if found != from {
        return Ok(Verdict::Refused);
    }
    match to {
        Some(subject) => rows.put(key, RecordWriter::new(1).bytes(subject.as_bytes()).finish()),
        None => rows.delete(key),
    }
    Ok(Verdict::Lands)
}

/// The person whom a pointer row names.
pub(crate) fn pointed_subject(row: &[u8]) -> Result<SubjectId, CorruptRow> {
    let mut row = RecordReader::new(row, 1)?;
    let subject = row.subject("subject")?;
    row.finish()?;
    Ok(subject)
}

pub(crate) fn take_identifier(rows: &mut Rows<'_>, identifier: &ProfileIdentifier) -> Result<Verdict, Halt> {
    let (kind, key) = (identifier.identifier.kind(), identifier.identifier.key());
    let (owner, own) = (keys::owner(&kind, key), keys::identifier(identifier.subject, &kind, key));
    rows.has(&own)?;
    let found = rows.get(&owner)?.map(Owner::decode).transpose()?;
    if !found.is_none_or(|found| found.gives_way(identifier.subject, identifier.verified_at)) {
        return Ok(Verdict::Refused);
    }
    // What nobody has left has no such row: taking it is two keys.
    if let Some(found) = found {
        let left = keys::leaving(found.subject, &kind, key);
        rows.has(&left)?;
        rows.delete(left);
    }
    rows.put(owner, Owner::held(identifier.subject).encode());
    rows.put(own, identifier.encode());
    Ok(Verdict::Lands)
}

/// What others want is judged: the owner's row. The person's own rows follow it.
pub(crate) fn leave_identifier(rows: &mut Rows<'_>, leaving: &Leaving) -> Result<Verdict, Halt> {
    let (kind, key) = (leaving.identifier.kind(), leaving.identifier.key());
    let (owner, own) = (keys::owner(&kind, key), keys::identifier(leaving.subject, &kind, key));
    let left = keys::leaving(leaving.subject, &kind, key);
    rows.has(&own)?;
    rows.has(&left)?;
    let found = rows.get(&owner)?.map(Owner::decode).transpose()?;
    if found != Some(Owner::held(leaving.subject)) {
        return Ok(Verdict::Refused);
    }
    let kept = Owner { subject: leaving.subject, leaving_until: Some(leaving.until) };
    rows.put(owner, kept.encode());
    rows.put(left, leaving.encode());
    rows.delete(own);
    Ok(Verdict::Lands)
}

pub(crate) fn forget_leaving(
    rows: &mut Rows<'_>,
    subject: SubjectId,
    kind: AddressKind,
    key: AddressKey,
    until: Timestamp,
) -> Result<Verdict, Halt> {
    let (owner, left) = (keys::owner(&kind, key), keys::leaving(subject, &kind, key));
    rows.has(&left)?;
    let found = rows.get(&owner)?.map(Owner::decode).transpose()?;
    if found != Some(Owner { subject, leaving_until: Some(until) }) {
        return Ok(Verdict::Refused);
    }
    rows.delete(owner);
    rows.delete(left);
    Ok(Verdict::Lands)
}

pub(crate) fn release_identifier(
    rows: &mut Rows<'_>,
    subject: SubjectId,
    kind: AddressKind,
    key: AddressKey,
    verified: bool,
) -> Result<Verdict, Halt> {
    let own = keys::identifier(subject, &kind, key);
    let found = rows.get(&own)?.map(ProfileIdentifier::decode).transpose()?;
    if found.is_none_or(|identifier| identifier.verified_at.is_some() != verified) {
        return Ok(Verdict::Refused);
    }
    if verified {
        let owner = keys::owner(&kind, key);
        rows.has(&owner)?;
        rows.delete(owner);
    }
    rows.delete(own);
    Ok(Verdict::Lands)
}

/// The keys of the linking model in key-value databases.
pub(crate) mod keys {
    use super::{AccountId, AddressKey, AddressKind, Key, Partition, SubjectId};

    pub(crate) fn profile(subject: SubjectId) -> Key {
        Key::single("profiles.profile", &[subject.as_bytes()])
    }

    pub(crate) fn identifiers(subject: SubjectId) -> Partition {
        Partition::new("profiles.identifier", &[subject.as_bytes()])
    }

    pub(crate) fn identifier(subject: SubjectId, kind: &AddressKind, key: AddressKey) -> Key {
        let sort = [kind.as_str().as_bytes(), b"/", key.as_bytes().as_slice()].concat();
        Key::new(identifiers(subject), &sort)
    }

    pub(crate) fn all_leaving(subject: SubjectId) -> Partition {
        Partition::new("profiles.leaving", &[subject.as_bytes()])
    }

    pub(crate) fn leaving(subject: SubjectId, kind: &AddressKind, key: AddressKey) -> Key {
        let sort = [kind.as_str().as_bytes(), b"/", key.as_bytes().as_slice()].concat();
        Key::new(all_leaving(subject), &sort)
    }

    pub(crate) fn owner(kind: &AddressKind, key: AddressKey) -> Key {
        Key::single("profiles.owner", &[kind.as_str().as_bytes(), key.as_bytes()])
    }

    pub(crate) fn account(account: AccountId) -> Key {
        Key::single("profiles.account", &[account.as_bytes()])
    }

    pub(crate) fn members(account: AccountId) -> Partition {
        Partition::new("profiles.member", &[account.as_bytes()])
    }

    pub(crate) fn membership(account: AccountId, subject: SubjectId) -> Key {
        Key::new(members(account), &by_length(subject.as_bytes()))
    }

    pub(crate) fn memberships(subject: SubjectId) -> Partition {
        Partition::new("profiles.membership_of", &[subject.as_bytes()])
    }

    pub(crate) fn membership_of(subject: SubjectId, account: AccountId) -> Key {
        Key::new(memberships(subject), &by_length(account.as_bytes()))
    }

    pub(crate) fn contact(account: AccountId, key: AddressKey) -> Key {
        Key::single("profiles.contact", &[account.as_bytes(), key.as_bytes()])
    }

    /// An id behind its length: no such sort is the beginning of another.
    pub(crate) fn by_length(id: &[u8]) -> Vec<u8> {
        let mut sort = vec![u8::try_from(id.len()).unwrap_or(u8::MAX)];
        sort.extend_from_slice(id);
        sort
    }
}

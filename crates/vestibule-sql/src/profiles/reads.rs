//! Reads as queries.

use vestibule_core::{
    AccountId, AddressKey, AddressKind, CorruptRow, Identifier, Realm, SubjectId, Timestamp,
};
use vestibule_profiles::{
    Account, AccountPolicy, AccountState, Block, Freeze, Leaving, Membership, Profile, ProfileIdentifier,
    Role, Standing, Status,
};

use crate::{Query, RowValues, Statement, Value};

/// Answers a row when there is anybody at all, in whatever realm.
#[must_use]
pub fn anybody() -> Query<SubjectId> {
    Query::new("select subject from vestibule_profile limit 1", [], |row| row.subject("subject"))
}

/// A person's profile.
#[must_use]
pub fn profile(realm: &Realm, subject: SubjectId) -> Query<Profile> {
    Query::new(
        "select subject, epoch, block_since, block_until, identifiers, social_links, live_memberships,
         created_accounts, created_at, freeze_since, freeze_change, primary_login, factor_since
         from vestibule_profile where realm = ?1 and subject = ?2",
        [realm.into(), subject.into()],
        read_profile,
    )
}

pub(crate) fn read_profile(row: &mut RowValues) -> Result<Profile, CorruptRow> {
    Ok(Profile {
        subject: row.subject("subject")?,
        epoch: row.u64("epoch")?,
        block: match (row.maybe_time("block_since")?, row.maybe_time("block_until")?) {
            (Some(since), until) => Some(Block { since, until }),
            (None, None) => None,
            (None, Some(_)) => return Err(CorruptRow("block_until")),
        },
        identifiers: row.u32("identifiers")?,
        social_links: row.u32("social_links")?,
        live_memberships: row.u32("live_memberships")?,
        created_accounts: row.u32("created_accounts")?,
        created_at: row.time("created_at")?,
        freeze: match (row.maybe_time("freeze_since")?, row.maybe_time("freeze_change")?) {
            (Some(since), Some(change_at)) => Some(Freeze { since, change_at }),
            (None, None) => None,
            _ => return Err(CorruptRow("freeze_change")),
        },
        primary: match row.maybe_blob("primary_login")? {
            Some(key) => {
                let key = key.as_slice().try_into().map_err(|_| CorruptRow("primary_login"))?;
                Some(AddressKey::from_bytes(key))
            }
            None => None,
        },
        factor_since: row.maybe_time("factor_since")?,
    })
}

/// The verified identifier of this key, with its owner; none while it is leaving. An owner without a verified row of its own
/// is corrupt.
#[must_use]
pub fn identifier_owner(realm: &Realm, kind: AddressKind, key: AddressKey) -> Query<ProfileIdentifier> {
    Query::new(
        "select own.subject, own.kind, own.key, own.canonical, own.typed, own.verified_at, own.added_at
         from vestibule_identifier_owner as owner left join vestibule_identifier as own
         on own.realm = owner.realm and own.subject = owner.subject and own.kind = owner.kind and own.key = owner.key
         where owner.realm = ?1 and owner.kind = ?2 and owner.key = ?3 and owner.leaving_until is null",
        [realm.into(), kind.as_str().into(), key.as_bytes().as_slice().into()],
        |row| match read_identifier(row)? {
            own if own.verified_at.is_some() => Ok(own),
            _ => Err(CorruptRow("verified_at")),
        },
    )
}

/// Every identifier of a person, verified and pending, ascending by kind and key.
#[must_use]
pub fn identifiers(realm: &Realm, subject: SubjectId) -> Query<ProfileIdentifier> {
    Query::new(
        "select subject, kind, key, canonical, typed, verified_at, added_at from vestibule_identifier
         where realm = ?1 and subject = ?2 order by kind, key limit 64",
        [realm.into(), subject.into()],
        read_identifier,
    )
}

fn read_identifier(row: &mut RowValues) -> Result<ProfileIdentifier, CorruptRow> {
    let subject = row.subject("subject")?;
    let identifier = read_address(row)?;
    Ok(ProfileIdentifier {
        subject,
        identifier,
        verified_at: row.maybe_time("verified_at")?,
        added_at: row.time("added_at")?,
    })
}

/// An address under the key of another would let one person in, or be written to, as the other.
fn read_address(row: &mut RowValues) -> Result<Identifier, CorruptRow> {
    let kind = AddressKind::from_stored(&row.text("kind")?).ok_or(CorruptRow("kind"))?;
    let key = row.blob("key")?;
    let (canonical, typed) = (row.text("canonical")?, row.text("typed")?);
    let identifier =
        Identifier::from_stored(kind, &canonical, &typed).map_err(|_| CorruptRow("identifier"))?;
    if identifier.key().as_bytes().as_slice() != key {
        return Err(CorruptRow("key"));
    }
    Ok(identifier)
}

/// The identifier of this key that a profile has given up. A key that is given up and says not when is corrupt.
#[must_use]
pub fn leaving(realm: &Realm, kind: AddressKind, key: AddressKey) -> Query<Leaving> {
    Query::new(
        "select own.subject, own.kind, own.key, own.canonical, own.typed, own.verified_at, own.left_at, own.left_until,
         own.session, owner.leaving_until from vestibule_identifier_owner as owner left join vestibule_leaving as own
         on own.realm = owner.realm and own.subject = owner.subject and own.kind = owner.kind and own.key = owner.key
         where owner.realm = ?1 and owner.kind = ?2 and owner.key = ?3 and owner.leaving_until is not null",
        [realm.into(), kind.as_str().into(), key.as_bytes().as_slice().into()],
        |row| match (read_leaving(row)?, row.time("leaving_until")?) {
            (own, until) if own.until == until => Ok(own),
            _ => Err(CorruptRow("leaving_until")),
        },
    )
}

/// Every identifier that a person has given up, ascending by kind and key.
#[must_use]
pub fn leaving_of(realm: &Realm, subject: SubjectId) -> Query<Leaving> {
    Query::new(
        "select subject, kind, key, canonical, typed, verified_at, left_at, left_until, session
         from vestibule_leaving where realm = ?1 and subject = ?2 order by kind, key limit 64",
        [realm.into(), subject.into()],
        read_leaving,
    )
}

fn read_leaving(row: &mut RowValues) -> Result<Leaving, CorruptRow> {
    let subject = row.subject("subject")?;
    let identifier = read_address(row)?;
    Ok(Leaving {
        subject,
        identifier,
        verified_at: row.time("verified_at")?,
        since: row.time("left_at")?,
        until: row.time("left_until")?,
        session: row.session("session")?,
    })
}

/// An account.
#[must_use]
pub fn account(realm: &Realm, account: AccountId) -> Query<Account> {
    Query::new(
        "select account, name, state, primary_subject, seats, administrators, seat_limit, policy,
         settings_version, created_at from vestibule_account where realm = ?1 and account = ?2",
        [realm.into(), account.into()],
        |row| {
            let account = row.account("account")?;
            let (name, state) = (row.text("name")?, AccountState::from_stored(&row.text("state")?)?);
            let primary = row.subject("primary_subject")?;
            let (seats, administrators) = (row.u32("seats")?, row.u32("administrators")?);
            let seat_limit = row.maybe_u32("seat_limit")?;
            let policy = AccountPolicy::decode(&row.blob("policy")?)?;
            // The guard of seats looks at the column, decisions look at the policy.
            if policy.seat_limit != seat_limit {
                return Err(CorruptRow("seat_limit"));
            }
            Ok(Account {
                account,
                name,
                state,
                primary,
                seats,
                administrators,
                policy,
                settings_version: row.u64("settings_version")?,
                created_at: row.time("created_at")?,
            })
        },
    )
}

/// A person's membership in an account.
#[must_use]
pub fn membership(realm: &Realm, account: AccountId, subject: SubjectId) -> Query<Membership> {
    Query::new(
        "select account, subject, status, role, administers, since, moved_by, contact, joined_at, version, epoch,
         wrong_secret_at, exempt_until from vestibule_membership where realm = ?1 and account = ?2 and subject = ?3",
        [realm.into(), account.into(), subject.into()],
        read_membership,
    )
}

/// A page of a person's memberships, ascending by the length of the account's id and its bytes.
#[must_use]
pub fn memberships_of(
    realm: &Realm,
    subject: SubjectId,
    after: Option<AccountId>,
    limit: u32,
) -> Query<Membership> {
    let after = after.map_or_else(Vec::new, |after| after.as_bytes().to_vec());
    Query::new(
        "select account, subject, status, role, administers, since, moved_by, contact, joined_at, version, epoch,
         wrong_secret_at, exempt_until from vestibule_membership
         where realm = ?1 and subject = ?2 and (account_length, account) > (?3, ?4)
         order by account_length, account limit ?5",
        [realm.into(), subject.into(), length(&after), after.into(), limit.into()],
        read_membership,
    )
}

/// A page of an account's memberships, ascending by the length of the person's id and its bytes.
#[must_use]
pub fn members_of(
    realm: &Realm,
    account: AccountId,
    after: Option<SubjectId>,
    limit: u32,
) -> Query<Membership> {
    let after = after.map_or_else(Vec::new, |after| after.as_bytes().to_vec());
    Query::new(
        "select account, subject, status, role, administers, since, moved_by, contact, joined_at, version, epoch,
         wrong_secret_at, exempt_until from vestibule_membership
         where realm = ?1 and account = ?2 and (subject_length, subject) > (?3, ?4)
         order by subject_length, subject limit ?5",
        [realm.into(), account.into(), length(&after), after.into(), limit.into()],
        read_membership,
    )
}

pub(crate) fn read_membership(row: &mut RowValues) -> Result<Membership, CorruptRow> {
    let mut membership = Membership {
        account: row.account("account")?,
        subject: row.subject("subject")?,
        standing: Standing {
            status: Status::from_stored(&row.text("status")?)?,
            role: Role::parse(&row.text("role")?).map_err(|_| CorruptRow("role"))?,
            administers: row.flag("administers")?,
            since: row.time("since")?,
            moved_by: row.maybe_subject("moved_by")?,
            exempt_until: None,
        },
        contact: row.maybe_text("contact")?,
        joined_at: row.time("joined_at")?,
        version: row.u64("version")?,
        epoch: row.u64("epoch")?,
        wrong_secret_at: row.maybe_time("wrong_secret_at")?,
    };
    membership.standing.exempt_until = row.maybe_time("exempt_until")?;
    Ok(membership)
}

/// Whose contact address it is in an account.
#[must_use]
pub fn contact_owner(realm: &Realm, account: AccountId, key: AddressKey) -> Query<SubjectId> {
    Query::new(
        "select subject from vestibule_contact where realm = ?1 and account = ?2 and key = ?3",
        [realm.into(), account.into(), key.as_bytes().as_slice().into()],
        |row| row.subject("subject"),
    )
}

/// Ids have at most 64 bytes; the empty one comes before all.
fn length(id: &[u8]) -> Value {
    Value::Int(i64::try_from(id.len()).unwrap_or(i64::MAX))
}

/// Clears away what windows that ended before an instant have left of identifiers whose keys are free, at most `budget`
/// rows. The instant stands
/// outside too: a database that waits for somebody's lock judges only that part again (FLT-X48).
#[must_use]
pub fn forget_leavings(realm: &Realm, ended_before: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_leaving where (realm, kind, key) in
         (select realm, kind, key from vestibule_leaving
          where realm = ?1 and left_until < ?2 and not exists (select 1 from vestibule_identifier_owner as owner
          where owner.realm = vestibule_leaving.realm and owner.kind = vestibule_leaving.kind
          and owner.key = vestibule_leaving.key)
          order by left_until limit ?3) and left_until < ?2",
        [realm.into(), ended_before.into(), budget.into()],
    )
}

/// Frees the keys of identifiers whose window ended before an instant, at most `budget` rows. They are free without it, too.
#[must_use]
pub fn free_left(realm: &Realm, ended_before: Timestamp, budget: u32) -> Statement {
    Statement::new(
        "delete from vestibule_identifier_owner where (realm, kind, key) in
         (select realm, kind, key from vestibule_identifier_owner
          where realm = ?1 and leaving_until < ?2 order by leaving_until limit ?3) and leaving_until < ?2",
        [realm.into(), ended_before.into(), budget.into()],
    )
}

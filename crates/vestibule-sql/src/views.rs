//! Reads that span domains.

use vestibule_core::{AccountId, AddressKey, AddressKind, Realm, SecretDigest, SubjectId};
use vestibule_credentials::{Lane, Password, Tries};
use vestibule_profiles::{Account, Membership, Profile, ProfileIdentifier};
use vestibule_sessions::{Device, Session};

use crate::credentials::{read_password, read_tries};
use crate::profiles::{account, identifier_owner, read_membership, read_profile};
use crate::sessions::{device, read_session};
use crate::{Query, RowValues, Value};

/// What a sign-in decides on, as questions that need not wait for each other: each finds by itself whose rows are meant,
/// and all of them can be asked at once, of one instant. Single rows by key, for the decoy as for a person.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignInQueries {
    /// Who has verified the login.
    pub owner: Query<ProfileIdentifier>,
    /// Their profile, or the decoy's.
    pub profile: Query<Profile>,
    /// Their password.
    pub password: Query<Password>,
    /// The tries of everybody.
    pub tries: Query<Tries>,
    /// The device whose token was sent, whoever it is of, and the tries of that device, if it is theirs.
    pub device: Option<(Query<Device>, Query<Tries>)>,
    /// The account that is to be entered, and their membership in it.
    pub entry: Option<(Query<Account>, Query<Membership>)>,
}

/// The questions of a sign-in with this login; the decoy is whose rows are read when nobody has verified it. Their first four
/// parameters are the realm, the login's kind and key, and the decoy.
#[must_use]
pub fn sign_in(
    realm: &Realm,
    (kind, key): (AddressKind, AddressKey),
    decoy: SubjectId,
    token: Option<SecretDigest>,
    entered: Option<AccountId>,
) -> SignInQueries {
    let params = |more: Option<Value>| {
        let mut params =
            vec![realm.into(), kind.as_str().into(), key.as_bytes().as_slice().into(), decoy.into()];
        params.extend(more);
        params
    };
    SignInQueries {
        owner: identifier_owner(realm, kind, key),
        profile: Query::new(
            "select subject, epoch, block_since, block_until, identifiers, social_links, live_memberships,
                 created_accounts, created_at, freeze_since, freeze_change, primary_login, factor_since
                 from vestibule_profile
                 where realm = ?1 and subject = coalesce((select owner.subject from vestibule_identifier_owner as owner
                 where owner.realm = ?1 and owner.kind = ?2 and owner.key = ?3 and owner.leaving_until is null), ?4)",
            params(None),
            read_profile,
        ),
        password: Query::new(
            "select subject, hash, version, generation, set_at, must_change, set_by from vestibule_password
                 where realm = ?1 and subject = coalesce((select owner.subject from vestibule_identifier_owner as owner
                 where owner.realm = ?1 and owner.kind = ?2 and owner.key = ?3 and owner.leaving_until is null), ?4)",
            params(None),
            read_password,
        ),
        tries: Query::new(
            "select subject, lane, taken, settled, stopped_at, last_at, set_by from vestibule_tries
                 where realm = ?1 and subject = coalesce((select owner.subject from vestibule_identifier_owner as owner
                 where owner.realm = ?1 and owner.kind = ?2 and owner.key = ?3 and owner.leaving_until is null), ?4)
                 and lane = ?5",
            params(Some(Lane::Everybody.as_stored().into())),
            read_tries,
        ),
        device: token.map(|token| {
            let tries = Query::new(
                "select subject, lane, taken, settled, stopped_at, last_at, set_by from vestibule_tries
                 where realm = ?1 and subject = coalesce((select owner.subject from vestibule_identifier_owner as owner
                 where owner.realm = ?1 and owner.kind = ?2 and owner.key = ?3 and owner.leaving_until is null), ?4)
                 and lane = (select device.handle from vestibule_device as device
                     where device.realm = ?1 and device.digest = ?5 and device.subject = vestibule_tries.subject)",
                params(Some(token.into())),
                read_tries,
            );
            (device(realm, token), tries)
        }),
        entry: entered.map(|entered| {
            let membership = Query::new(
                "select account, subject, status, role, administers, since, moved_by, contact, joined_at, version,
                     epoch, wrong_secret_at, exempt_until from vestibule_membership
                 where realm = ?1 and subject = coalesce((select owner.subject from vestibule_identifier_owner as owner
                 where owner.realm = ?1 and owner.kind = ?2 and owner.key = ?3 and owner.leaving_until is null), ?4)
                 and account = ?5",
                params(Some(entered.into())),
                read_membership,
            );
            (account(realm, entered), membership)
        }),
    }
}

/// A session with what it is judged by: the profile of its person, and the generation of their password.
pub type SessionRow = (Session, Option<Profile>, Option<u64>);

/// The session whose token has this digest, with what it is judged by, in one statement.
#[must_use]
pub fn session_view(realm: &Realm, digest: SecretDigest) -> Query<SessionRow> {
    Query::new(
        "select session.subject, session.slot, session.handle, session.digest, session.profile_epoch,
         session.password_generation, session.evidence, session.created_at, session.last_used_at, session.idle,
         session.ends_at, session.admissions, session.label, session.version, session.set_by,
         password.generation, profile.subject is not null,
         profile.subject, profile.epoch, profile.block_since, profile.block_until, profile.identifiers,
         profile.social_links, profile.live_memberships, profile.created_accounts, profile.created_at,
         profile.freeze_since, profile.freeze_change, profile.primary_login, profile.factor_since
         from vestibule_session as session
         left join vestibule_password as password
         on password.realm = session.realm and password.subject = session.subject
         left join vestibule_profile as profile
         on profile.realm = session.realm and profile.subject = session.subject
         where session.realm = ?1 and session.digest = ?2",
        [realm.into(), digest.into()],
        |row| {
            let session = read_session(row)?;
            let generation = row.maybe_u64("generation")?;
            let profile = if row.flag("profile")? { Some(read_profile(row)?) } else { skip(row)? };
            Ok((session, profile, generation))
        },
    )
}

/// The columns of a profile that is not there.
fn skip<T>(row: &mut RowValues) -> Result<Option<T>, vestibule_core::CorruptRow> {
    for _ in 0..13 {
        row.null("profile")?;
    }
    Ok(None)
}

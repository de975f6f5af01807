//! Reads that span domains.

use vestibule_core::{Realm, SecretDigest};
use vestibule_profiles::Profile;
use vestibule_sessions::Session;

use crate::profiles::read_profile;
use crate::sessions::read_session;
use crate::{Query, RowValues};

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
         profile.social_links, profile.live_memberships, profile.created_accounts, profile.created_at
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
    for _ in 0..9 {
        row.null("profile")?;
    }
    Ok(None)
}

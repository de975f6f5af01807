//! People, accounts and rows that the cases share.

use vestibule_checkword::purpose::RECOVERY;
use vestibule_checkword::{Checkword, CheckwordWrite, Former, Rotation, State, Tries};
use vestibule_core::{
    AccountId, AddressKey, BatchId, CaseReference, ClientAddress, EventId, Identifier, KeyId, KeyPurpose,
    KeyRing, Sealed, Secret, SecretDigest, SessionHandle, SocialSubject, SubjectId, Timestamp,
};
use vestibule_credentials::{CredentialsWrite, Lane, Password};
use vestibule_journal::{Event, EventActor, EventKind, JournalWrite};
use vestibule_mfa::{
    Authenticator, AuthenticatorId, AuthenticatorName, CodeRow, Course, MfaWrite, Parameters,
};
use vestibule_profiles::{
    Account, AccountPolicy, AccountState, Membership, Profile, ProfileIdentifier, ProfilesWrite, Role,
    Standing, Status,
};
use vestibule_sessions::decide::{Ids, OpenRequest, RememberRequest, open, remember};
use vestibule_sessions::{Amr, Device, Evidence, Session, SessionPolicy, SessionsWrite};
use vestibule_throttle::{Overflow, WindowKey, WindowKind, WindowTake};

use crate::finding::Finding;

/// Some instant, at the start of an hour.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_002_800);

pub(crate) fn subject(number: u64) -> SubjectId {
    SubjectId::from(number)
}

pub(crate) fn account_id(name: &str) -> Result<AccountId, Finding> {
    Ok(AccountId::try_from(name)?)
}

pub(crate) fn profile(number: u64) -> Profile {
    Profile { identifiers: 1, ..Profile::new(subject(number), NOW) }
}

pub(crate) fn create_profile(number: u64) -> ProfilesWrite {
    ProfilesWrite::CreateProfile { profile: profile(number) }
}

pub(crate) fn account(name: &str) -> Result<Account, Finding> {
    Ok(Account {
        account: account_id(name)?,
        name: name.to_owned(),
        state: AccountState::Open,
        primary: subject(1),
        seats: 1,
        administrators: 1,
        policy: AccountPolicy::new(),
        settings_version: 1,
        created_at: NOW,
    })
}

pub(crate) fn create_account(name: &str) -> Result<ProfilesWrite, Finding> {
    Ok(ProfilesWrite::CreateAccount { account: account(name)? })
}

pub(crate) fn standing(status: Status) -> Result<Standing, Finding> {
    Ok(Standing {
        status,
        role: Role::parse("member")?,
        administers: false,
        since: NOW,
        moved_by: None,
        exempt_until: None,
    })
}

pub(crate) fn membership(account: AccountId, subject: SubjectId) -> Result<Membership, Finding> {
    Ok(Membership {
        account,
        subject,
        standing: standing(Status::Active)?,
        contact: None,
        joined_at: NOW,
        version: 1,
        epoch: 1,
        wrong_secret_at: None,
    })
}

pub(crate) fn add_membership(account: AccountId, subject: SubjectId) -> Result<ProfilesWrite, Finding> {
    Ok(ProfilesWrite::AddMembership { membership: membership(account, subject)? })
}

pub(crate) fn email(number: u64, address: &str) -> Result<ProfileIdentifier, Finding> {
    Ok(ProfileIdentifier {
        subject: subject(number),
        identifier: Identifier::parse_login(address)?,
        verified_at: Some(NOW),
        added_at: NOW,
    })
}

pub(crate) fn social(number: u64, name: &str) -> Result<ProfileIdentifier, Finding> {
    Ok(ProfileIdentifier {
        subject: subject(number),
        identifier: Identifier::Social(SocialSubject::new("https://issuer.example", name)?),
        verified_at: Some(NOW),
        added_at: NOW,
    })
}

pub(crate) const fn take(identifier: ProfileIdentifier) -> ProfilesWrite {
    ProfilesWrite::TakeIdentifier { identifier }
}

pub(crate) fn password(number: u64, hash: &str, version: u64, generation: u64) -> Password {
    Password {
        subject: subject(number),
        hash: Some(hash.to_owned()),
        version,
        generation,
        set_at: NOW,
        must_change: false,
        set_by: BatchId::from_bytes([0; 16]),
    }
}

/// Puts the password that follows version `from`.
pub(crate) fn put_password(number: u64, hash: &str, from: Option<u64>, generation: u64) -> CredentialsWrite {
    let version = from.unwrap_or(0).saturating_add(1);
    CredentialsWrite::PutPassword { password: password(number, hash, version, generation), from }
}

pub(crate) fn take_try(number: u64, from: u64, stops_at: u64) -> CredentialsWrite {
    CredentialsWrite::TakeTry { subject: subject(number), lane: Lane::Everybody, from, at: NOW, stops_at }
}

pub(crate) fn event(id: BatchId, reference: Option<[u8; 5]>) -> Result<Event, Finding> {
    Ok(Event {
        id: EventId::from(id),
        at: NOW,
        batch: id,
        kind: EventKind::PASSWORD_CHANGED,
        actor: EventActor::Person(subject(1)),
        account: Some(account_id("acme")?),
        subject: Some(subject(1)),
        case: reference.map(CaseReference::from_bytes),
        code: None,
        commitment: Event::NOTHING_PERSONAL,
    })
}

pub(crate) const fn record(event: Event) -> JournalWrite {
    JournalWrite::RecordEvent { event }
}

/// A window of a minute of this owner, the `minute`th after [`NOW`].
pub(crate) fn window(owner: u8, minute: i64, at_most: u32, population: u32) -> WindowTake {
    let start = NOW.unix_micros().saturating_add(minute.saturating_mul(60_000_000));
    let mut digest = [owner; 32];
    if let Some(first) = digest.first_mut() {
        *first = u8::try_from(minute.rem_euclid(200)).unwrap_or_default();
    }
    WindowTake {
        key: WindowKey {
            kind: WindowKind::Identifier,
            digest,
            overflow: Overflow { network: 7, key: 3 },
            starts_at: Timestamp::from_unix_micros(start),
            ends_at: Timestamp::from_unix_micros(start.saturating_add(60_000_000)),
        },
        at_most,
        population,
    }
}

/// A ring with one key per purpose.
pub(crate) fn ring() -> Result<KeyRing, Finding> {
    let id = KeyId::parse("kit")?;
    Ok(KeyRing::builder()
        .current(KeyPurpose::Digest, id, Secret::new([1; 32]))
        .current(KeyPurpose::Pepper, id, Secret::new([2; 32]))
        .current(KeyPurpose::Seal, id, Secret::new([3; 32]))
        .build()?)
}

pub(crate) fn address_key(byte: u8) -> AddressKey {
    AddressKey::from_bytes([byte; 32])
}

pub(crate) fn client(text: &str) -> Result<ClientAddress, Finding> {
    Ok(text.parse::<core::net::IpAddr>()?.into())
}

/// What is made of a session's or a device's name. The name's last byte is also the slot that it takes.
pub(crate) fn ids(name: u64) -> Ids {
    let mut digest = [0; 32];
    for part in digest.chunks_mut(8) {
        part.copy_from_slice(&name.to_be_bytes());
    }
    Ids {
        handle: SessionHandle::from_bytes(u128::from(name).to_be_bytes()),
        digest: SecretDigest::from_bytes(digest),
        batch: BatchId::from_bytes([0; 16]),
    }
}

/// A session that a password of generation 1 has opened in epoch 1.
pub(crate) fn session(number: u64, name: u64) -> Session {
    let proven = Evidence { amr: Amr::Password, at: NOW };
    let request = OpenRequest::new(subject(number), 1, proven).password_generation(1);
    open(&SessionPolicy::default(), &request, &[], &ids(name), NOW).session
}

pub(crate) fn put_session(session: Session, replacing: Option<u64>) -> SessionsWrite {
    SessionsWrite::PutSession { session, replacing: replacing.map(|name| ids(name).handle) }
}

/// A device that became known in epoch 1.
pub(crate) fn device(number: u64, name: u64) -> Device {
    let request = RememberRequest::new(subject(number), 1);
    remember(&SessionPolicy::default(), &request, &[], &ids(name), NOW).device
}

pub(crate) fn put_device(device: Device, replacing: Option<u64>) -> SessionsWrite {
    SessionsWrite::PutDevice { device, replacing: replacing.map(|name| ids(name).handle) }
}

/// What is sealed has this form; what it says does not matter to a store.
pub(crate) fn sealed() -> Vec<u8> {
    [&[1, 2, b's', b'1'][..], &[7; 24], &[9; 16]].concat()
}

/// The digest of the secret of this generation: no two are alike, nor like that of a session.
pub(crate) fn link(number: u64, generation: u64) -> SecretDigest {
    ids(1_000_000 + 1_000 * number + generation).digest
}

/// A checkword for recovery, live for an hour, its text sealed.
pub(crate) fn checkword(number: u64, generation: u64, version: u64) -> Checkword {
    Checkword {
        holder: subject(number),
        purpose: RECOVERY.as_str().to_owned(),
        generation,
        digest: link(number, generation),
        bound: b"ada@example.com".to_vec(),
        issued_at: NOW,
        expires_at: NOW.plus(core::time::Duration::from_secs(3600)),
        state: State::Live,
        sealed: Some(sealed()),
        sends: 1,
        last_sent_at: NOW,
        is_code: false,
        tries: Tries { of_code: 2, of_day: 7, day_began_at: Timestamp::from_unix_micros(-3) },
        version,
        set_by: BatchId::from_bytes([0; 16]),
    }
}

/// Puts the checkword of this generation, which follows version `from` of its slot.
pub(crate) fn put_checkword(number: u64, generation: u64, from: Option<u64>) -> CheckwordWrite {
    let version = from.map_or(0, |from| from.saturating_add(1));
    CheckwordWrite::Put { checkword: checkword(number, generation, version), from }
}

/// What is left of this generation when a newer one takes its place.
pub(crate) fn bury(number: u64, generation: u64, state: State) -> CheckwordWrite {
    let row = checkword(number, generation, 0);
    CheckwordWrite::Bury {
        former: Former {
            holder: row.holder,
            purpose: row.purpose,
            generation,
            digest: row.digest,
            issued_at: row.issued_at,
            state,
        },
    }
}

pub(crate) fn consume(number: u64, generation: u64, at: Timestamp) -> CheckwordWrite {
    let (holder, purpose) = (subject(number), RECOVERY.as_str().to_owned());
    CheckwordWrite::Consume { holder, purpose, generation, at }
}

pub(crate) fn rotate(number: u64, at: Timestamp, by: Rotation) -> CheckwordWrite {
    let (holder, purpose) = (subject(number), RECOVERY.as_str().to_owned());
    CheckwordWrite::Rotate { holder, purpose, at, by }
}

/// The binding that stands in a slot, unless it is said otherwise.
pub(crate) const fn binding(slot: u8) -> AuthenticatorId {
    AuthenticatorId::from_bytes([slot; 16])
}

/// An authenticator that no code has confirmed.
pub(crate) fn pending(number: u64, slot: u8) -> Result<Authenticator, Finding> {
    Ok(Authenticator {
        subject: subject(number),
        slot,
        id: binding(slot),
        name: AuthenticatorName::parse("phone")?,
        parameters: Parameters::default(),
        sealed: Sealed::from_bytes(&sealed())?,
        created_at: NOW,
        confirmed_at: None,
        last_step: None,
        version: 1,
        set_by: BatchId::from_bytes([0; 16]),
    })
}

/// One that the code of this step has confirmed.
pub(crate) fn confirmed(number: u64, slot: u8, step: u64) -> Result<Authenticator, Finding> {
    Ok(Authenticator { confirmed_at: Some(NOW), last_step: Some(step), version: 2, ..pending(number, slot)? })
}

/// Puts it into an empty slot.
pub(crate) const fn bind(row: Authenticator) -> MfaWrite {
    MfaWrite::PutAuthenticator { row, from: None }
}

pub(crate) fn advance(number: u64, slot: u8, to: u64) -> MfaWrite {
    MfaWrite::AdvanceStep { subject: subject(number), slot, id: binding(slot), to, resealed: None }
}

pub(crate) fn unbind(number: u64, slot: u8) -> MfaWrite {
    MfaWrite::RemoveAuthenticator { subject: subject(number), slot, id: binding(slot) }
}

/// The digest of the `nth` code that stood in a slot: no two are alike.
pub(crate) fn code_digest(number: u64, slot: u8, nth: u64) -> SecretDigest {
    ids(3_000_000 + 100_000 * number + 1_000 * u64::from(slot) + nth).digest
}

/// The `nth` code of a slot, with the one before it as the one that was spent there.
pub(crate) fn code(number: u64, slot: u8, nth: u64) -> Result<CodeRow, Finding> {
    let key = KeyId::parse("kit")?;
    let before = nth.checked_sub(1).filter(|before| *before > 0);
    Ok(CodeRow {
        subject: subject(number),
        slot,
        key,
        digest: code_digest(number, slot, nth),
        spent: before.map(|before| (key, code_digest(number, slot, before))),
        version: nth,
        made_at: NOW,
        set_by: BatchId::from_bytes([0; 16]),
    })
}

/// Puts the first code of a slot.
pub(crate) fn first_code(number: u64, slot: u8) -> Result<MfaWrite, Finding> {
    Ok(MfaWrite::PutCode { row: code(number, slot, 1)?, replacing: None })
}

/// Uses the `nth` code of a slot: the next one takes its place.
pub(crate) fn redeem_code(number: u64, slot: u8, nth: u64) -> Result<MfaWrite, Finding> {
    let replacing = Some(code_digest(number, slot, nth));
    Ok(MfaWrite::PutCode { row: code(number, slot, nth + 1)?, replacing })
}

pub(crate) fn clear_code(number: u64, slot: u8, nth: u64) -> MfaWrite {
    MfaWrite::ClearCode { subject: subject(number), slot, digest: code_digest(number, slot, nth) }
}

pub(crate) fn take_factor_try(number: u64, from: u64, stops_at: u64) -> MfaWrite {
    MfaWrite::TakeTry { subject: subject(number), from, at: NOW, stops_at }
}

/// A reset of a lost factor that was begun with a password of generation 1.
pub(crate) const COURSE: Course =
    Course { begun_at: NOW, ends_at: Timestamp::from_unix_seconds(1_700_262_000), generation: 1 };

pub(crate) fn set_course(number: u64, from: u64, course: Option<Course>) -> MfaWrite {
    MfaWrite::SetCourse { subject: subject(number), from, course }
}

pub(crate) fn note_proven(number: u64, generation: u64) -> MfaWrite {
    MfaWrite::NoteProven { subject: subject(number), generation }
}

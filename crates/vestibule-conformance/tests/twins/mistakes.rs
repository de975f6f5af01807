//! Stores that are wrong in one way each at the level of the contract: the database is right, what is made of it is not.

mod reads;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use vestibule::AnyWrite;
use vestibule_checkword::purpose::RECOVERY;
use vestibule_checkword::{Checkword, CheckwordRead, CheckwordWrite, State};
use vestibule_conformance::{Harness, HarnessError, JoinedWrite, Yielding, block_on};
use vestibule_core::kv::{Halt, KvStore, MemoryKv, Rows};
use vestibule_core::{
    AccountId, Batch, BatchId, Commit, Identifier, Landed, Memory, Realm, RowName, SecretDigest,
    SocialSubject, StoreError, SubjectId, Timestamp, Verdict, Write, WriteKind,
};
use vestibule_credentials::{CredentialsRead, CredentialsWrite, Lane, Password};
use vestibule_journal::JournalWrite;
use vestibule_mfa::{Authenticator, MfaRead, MfaWrite};
use vestibule_profiles::{Block, Membership, Profile, ProfilesRead, ProfilesWrite, Status};
use vestibule_sessions::{Device, Session, SessionsRead, SessionsWrite};

/// One way to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// Every write is a commit of its own, and the first refusal ends the batch.
    LandsOneByOne,
    /// What is not refused is kept: the commit was sent without looking at the answers.
    PipelinesCommit,
    /// Writes on one row land the last first.
    SwapsOrder,
    /// Requires are taken as given.
    ForgetsRequires,
    /// A raised epoch is answered as applied and is not raised.
    ForgetsBumps,
    /// An identifier that is given up is free at once.
    FreesAtOnce,
    /// Settings are not kept, although it is said that they are.
    ForgetsSettings,
    /// A membership is looked up by the person alone.
    IgnoresAccount,
    /// A contact address is one in all accounts together.
    ContactsGlobal,
    /// Subjects of providers are compared without regard to case.
    FoldsSubjects,
    /// A contact address is replaced whatever version was read.
    LastContactWins,
    /// A seat is answered as taken and is not counted.
    ForgetsSeats,
    /// An identifier goes to whoever takes it last.
    TakesWhatIsTaken,
    /// Whoever notes an identifier owns it.
    PendingOwns,
    /// A verified identifier that is noted again is pending again.
    PendingHides,
    /// A second factor is noted whatever epoch was read.
    LastFactorWins,
    /// The last touch to arrive counts, not the latest.
    TouchSets,
    /// That a session was used is not kept.
    ForgetsTouches,
    /// Whoever uses a session moves its end.
    TouchesExtend,
    /// Instants come from a clock of the store's own.
    AsksOwnClock,
    /// A password is set whatever version was read.
    LastPasswordWins,
    /// A removed password is counted from the beginning.
    RemovalCountsAnew,
    /// A success settles all tries there are.
    SettleWipes,
    /// All devices share the tries of everybody.
    OneLane,
    /// Admissions are noted whatever version was read.
    LastStampWins,
    /// A slot is taken, whoever is in it.
    TakesAnySlot,
    /// Who is in a slot stays there, over or not, until it is named.
    KeepsWhatIsOver,
    /// A device that is only known again still stands in for a second factor.
    RemembersForEver,
    /// What is put in its own place again is found no more.
    LosesItsOwnPlace,
    /// What was once found by its token is found for ever.
    OldTokensOpen,
    /// The last byte of a digest is not compared.
    CutsDigests,
    /// The author's raw reader reads nothing.
    RawReadsNothing,
    /// Instants are kept to the second.
    RoundsTimes,
    /// Ids are compared by pattern.
    LikeMatches,
    /// The server's clock is told in another zone.
    WrongZone,
    /// The server's clock is told as it was a minute ago.
    ClockDrifts,
    /// The server's clock is not told.
    HidesClock,
    /// Whoever counts at the same time as another is refused.
    CountsOptimistically,
    /// What is removed takes along what else the person has.
    RemovesTooMuch,
    /// Removing what is not there is answered as done.
    DeletesAnyway,
    /// What is there already is answered as inserted.
    SwallowsDuplicates,
    /// A dismissal is answered as applied and is not kept.
    DismissalFades,
    /// Who comes back is a new member.
    RehireIsNew,
    /// Where there is no count, a try is taken whatever number was read.
    TriesFromNothing,
    /// A password that is removed stays.
    KeepsRemoved,
    /// What is read at once leaves the device out.
    ViewsForget,
    /// While somebody writes, a handle answers from what it read before.
    ReadsBehind,
    /// A link that was used is used again.
    SpendsTwice,
    /// A link whose time is over is used all the same.
    ForgetsExpiry,
    /// A link is used whichever generation the newest is of.
    AnyGeneration,
    /// A link for something else is used as one for recovery.
    OnePurpose,
    /// A change that ends links is answered as applied and ends none.
    RotationFades,
    /// A change takes the place of what had become of a link before.
    RotationOverwrites,
    /// Earlier links are not kept.
    BuriesNothing,
    /// The text of a link stays.
    WipesNothing,
    /// A link is put whatever version was read.
    LastLinkWins,
    /// Looking at a link uses it up.
    LooksAndUses,
    /// Links that are over are found no more.
    EndedIsUnknown,
    /// A step that was used last is used again.
    StepsTwice,
    /// A step is accepted that is before the last one.
    StepsBack,
    /// A code of a secret that nobody confirmed is accepted.
    PendingCounts,
    /// Of an authenticator the slot is compared and not which it is.
    AnyBinding,
    /// An authenticator is put whatever version was read.
    LastBindingWins,
    /// A recovery code takes the place of another, whichever was read.
    AnyCode,
    /// Whoever uses a recovery code at the same time as another is refused.
    OneCodeAtATime,
    /// A recovery code that is removed stays.
    ClearsNothing,
    /// A success settles all tries at a second factor.
    FactorSettleWipes,
    /// Where there is no count, a try at a second factor is taken whatever number was read.
    FactorTriesFromNothing,
    /// Tries at a second factor never stop.
    FactorTriesUnlimited,
    /// Tries that are reset are answered as applied and stay.
    ResetFades,
    /// All people share the tries at their second factors.
    OneFactorCount,
    /// A reset is set whatever version was read.
    LastCourseWins,
    /// Noting what was shown takes the place of a reset that waits.
    NotesMoveResets,
    /// Authenticators that are pending are not listed.
    PendingUnlisted,
}

impl Mistake {
    pub(crate) const ALL: [Self; 74] = [
        Self::LandsOneByOne,
        Self::PipelinesCommit,
        Self::SwapsOrder,
        Self::ForgetsRequires,
        Self::ForgetsBumps,
        Self::ForgetsSettings,
        Self::IgnoresAccount,
        Self::ContactsGlobal,
        Self::FoldsSubjects,
        Self::FreesAtOnce,
        Self::LastContactWins,
        Self::ForgetsSeats,
        Self::TakesWhatIsTaken,
        Self::PendingOwns,
        Self::PendingHides,
        Self::LastFactorWins,
        Self::TouchSets,
        Self::ForgetsTouches,
        Self::TouchesExtend,
        Self::AsksOwnClock,
        Self::LastPasswordWins,
        Self::RemovalCountsAnew,
        Self::SettleWipes,
        Self::OneLane,
        Self::LastStampWins,
        Self::TakesAnySlot,
        Self::KeepsWhatIsOver,
        Self::RemembersForEver,
        Self::LosesItsOwnPlace,
        Self::OldTokensOpen,
        Self::CutsDigests,
        Self::RawReadsNothing,
        Self::RoundsTimes,
        Self::LikeMatches,
        Self::WrongZone,
        Self::ClockDrifts,
        Self::HidesClock,
        Self::CountsOptimistically,
        Self::RemovesTooMuch,
        Self::DeletesAnyway,
        Self::SwallowsDuplicates,
        Self::DismissalFades,
        Self::RehireIsNew,
        Self::TriesFromNothing,
        Self::KeepsRemoved,
        Self::ViewsForget,
        Self::ReadsBehind,
        Self::SpendsTwice,
        Self::ForgetsExpiry,
        Self::AnyGeneration,
        Self::OnePurpose,
        Self::RotationFades,
        Self::RotationOverwrites,
        Self::BuriesNothing,
        Self::WipesNothing,
        Self::LastLinkWins,
        Self::LooksAndUses,
        Self::EndedIsUnknown,
        Self::StepsTwice,
        Self::StepsBack,
        Self::PendingCounts,
        Self::AnyBinding,
        Self::LastBindingWins,
        Self::AnyCode,
        Self::OneCodeAtATime,
        Self::ClearsNothing,
        Self::FactorSettleWipes,
        Self::FactorTriesFromNothing,
        Self::FactorTriesUnlimited,
        Self::ResetFades,
        Self::OneFactorCount,
        Self::LastCourseWins,
        Self::NotesMoveResets,
        Self::PendingUnlisted,
    ];
}

/// A case's data, and what was ever put there.
#[derive(Debug, Default)]
pub(crate) struct Ground {
    kv: Arc<MemoryKv>,
    put: Mutex<Vec<SessionsWrite>>,
    turn: Mutex<()>,
    /// How many commits are under way.
    writing: AtomicUsize,
    /// How many links were looked at.
    looked: AtomicU64,
}

/// How many racers the kit sends.
const TASKS: usize = 8;

type Inner = KvStore<Yielding<Arc<MemoryKv>>>;

#[derive(Debug)]
pub(crate) struct Wrong {
    inner: Inner,
    ground: Arc<Ground>,
    mistake: Mistake,
    /// What this handle read, for [`Mistake::ReadsBehind`].
    read: Mutex<BTreeMap<SubjectId, Option<Profile>>>,
}

/// A write of whichever union, as one of the kit's; `None` when the kit joins no such writes.
pub(crate) trait Joins {
    fn joined(self) -> Option<JoinedWrite>;
}

macro_rules! joins {
    ($($write:ty),+) => {
        $(impl Joins for $write {
            fn joined(self) -> Option<JoinedWrite> {
                Some(self.into())
            }
        })+
    };
}

joins!(CheckwordWrite, CredentialsWrite, JoinedWrite, JournalWrite, MfaWrite, ProfilesWrite, SessionsWrite);

impl Joins for AnyWrite {
    fn joined(self) -> Option<JoinedWrite> {
        match self {
            Self::Checkword(write) => Some(write.into()),
            Self::Credentials(write) => Some(write.into()),
            Self::Journal(write) => Some(write.into()),
            Self::Mfa(write) => Some(write.into()),
            Self::Profiles(write) => Some(write.into()),
            Self::Sessions(write) => Some(write.into()),
        }
    }
}

/// A write, and what is done in its stead.
#[derive(Debug, Clone)]
struct Bent<W> {
    own: W,
    instead: Option<Vec<JoinedWrite>>,
}

impl<W: Write> Write for Bent<W> {
    type Guard = W::Guard;

    fn row(&self) -> RowName {
        self.own.row()
    }

    fn guard(&self) -> W::Guard {
        self.own.guard()
    }

    fn kind(&self) -> WriteKind {
        self.own.kind()
    }

    fn apply(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Verdict, Halt> {
        let Some(instead) = &self.instead else { return self.own.apply(batch, rows) };
        for write in instead {
            if write.apply(batch, rows)? == Verdict::Refused {
                return Ok(Verdict::Refused);
            }
        }
        Ok(Verdict::Lands)
    }

    fn memory(&self, batch: BatchId, rows: &mut Rows<'_>) -> Result<Memory, Halt> {
        self.own.memory(batch, rows)
    }

    fn carries(&self, batch: BatchId) -> bool {
        self.own.carries(batch)
    }
}

impl Wrong {
    /// What the mistake makes of a write; `None`: nothing else.
    async fn bend(&self, write: JoinedWrite) -> Result<Option<Vec<JoinedWrite>>, StoreError> {
        use CheckwordWrite::{Bury, Consume, Put, Rotate, Wipe};
        use CredentialsWrite::{PutPassword, ResetTries, SettleTry, TakeTry};
        use JoinedWrite::{Checkword as Link, Credentials, Mfa as Factor, Profiles, Sessions};
        use MfaWrite::{
            AdvanceStep, ClearCode, NoteProven, PutAuthenticator, PutCode, RemoveAuthenticator,
            ResetTries as ResetFactor, SetCourse, SettleTry as SettleFactor, TakeTry as TakeFactor,
        };
        use ProfilesWrite::{
            AddMembership, BumpEpoch, CountSeats, CreateAccount, CreateProfile, EditPolicy, LeaveIdentifier,
            MoveContact, MoveMembership, NotePending, ReleaseIdentifier, SetBlock, SetContact, SetFactor,
            TakeIdentifier, TouchMembership,
        };
        use SessionsWrite::{EndSession, PutDevice, PutSession, StampAdmissions, TouchSession};

        let later = Timestamp::from_unix_seconds(1_800_000_000);
        Ok(match (self.mistake, write) {
            (Mistake::ForgetsRequires, write) if write.kind() == WriteKind::Require => Some(vec![]),
            (Mistake::ForgetsBumps, Profiles(BumpEpoch { .. })) => Some(vec![]),
            (Mistake::FreesAtOnce, Profiles(LeaveIdentifier { leaving })) => {
                let (subject, own) = (leaving.subject, leaving.identifier);
                let (kind, key) = (own.kind(), own.key());
                Some(vec![ReleaseIdentifier { subject, kind, key, verified: true }.into()])
            }
            (Mistake::ForgetsSettings, Profiles(EditPolicy { .. })) => Some(vec![]),
            (Mistake::ContactsGlobal, Profiles(MoveContact { key, from, to, .. })) => {
                Some(vec![MoveContact { account: AccountId::from(0), key, from, to }.into()])
            }
            (Mistake::FoldsSubjects, Profiles(TakeIdentifier { mut identifier })) => {
                if let Identifier::Social(social) = &identifier.identifier {
                    let folded = SocialSubject::new(social.issuer(), &social.subject().to_ascii_lowercase());
                    identifier.identifier = folded.unwrap().into();
                }
                Some(vec![TakeIdentifier { identifier }.into()])
            }
            (Mistake::LastContactWins, Profiles(SetContact { account, subject, from, contact })) => {
                let row = self.inner.membership(account, subject).await?;
                let from = row.map_or(from, |row| row.version);
                Some(vec![SetContact { account, subject, from, contact }.into()])
            }
            (Mistake::ForgetsSeats, Profiles(CountSeats { delta: 1.., .. })) => Some(vec![]),
            (Mistake::TakesWhatIsTaken, Profiles(TakeIdentifier { identifier })) => {
                let (kind, key) = (identifier.identifier.kind(), identifier.identifier.key());
                let owner = self.inner.identifier_owner(kind, key).await?.map(|row| row.subject);
                let others = owner
                    .filter(|owner| *owner != identifier.subject)
                    .map(|subject| ReleaseIdentifier { subject, kind, key, verified: true });
                Some(others.into_iter().chain([TakeIdentifier { identifier }]).map(Profiles).collect())
            }
            (Mistake::PendingOwns, Profiles(NotePending { identifier })) => {
                let (kind, key) = (identifier.identifier.kind(), identifier.identifier.key());
                let free = self.inner.identifier_owner(kind, key).await?.is_none()
                    && self.inner.leaving(kind, key).await?.is_none();
                free.then(|| vec![TakeIdentifier { identifier }.into()])
            }
            (Mistake::PendingHides, Profiles(NotePending { identifier })) => {
                let (subject, own) = (identifier.subject, &identifier.identifier);
                let (kind, key) = (own.kind(), own.key());
                let all = self.inner.identifiers(subject).await?;
                let held = all.iter().any(|row| row.identifier.key() == key && row.verified_at.is_some());
                let release = ReleaseIdentifier { subject, kind, key, verified: true };
                held.then(|| vec![release.into(), NotePending { identifier }.into()])
            }
            (Mistake::LastFactorWins, Profiles(SetFactor { subject, from, since })) => {
                let from = self.inner.profile(subject).await?.map_or(from, |row| row.epoch);
                Some(vec![SetFactor { subject, from, since }.into()])
            }
            (Mistake::TouchSets, Profiles(TouchMembership { account, subject, at })) => {
                let row = self.inner.membership(account, subject).await?;
                row.map(|row| {
                    let from = row.version;
                    let ends_access = false;
                    let membership = Membership { wrong_secret_at: Some(at), ..row };
                    vec![
                        MoveMembership { account, subject, from, to: None, ends_access }.into(),
                        AddMembership { membership }.into(),
                    ]
                })
            }
            (Mistake::TouchSets, Sessions(TouchSession { subject, handle, at, .. })) => {
                let all = self.inner.sessions(subject).await?;
                all.into_iter().find(|row| row.handle == handle).map(|row| {
                    let session = Session { last_used_at: at, ..row };
                    vec![PutSession { session, replacing: Some(handle) }.into()]
                })
            }
            (Mistake::ForgetsTouches, Sessions(TouchSession { .. })) => Some(vec![]),
            (Mistake::TouchesExtend, Sessions(TouchSession { subject, handle, at, .. })) => {
                let all = self.inner.sessions(subject).await?;
                all.into_iter().find(|row| row.handle == handle && row.last_used_at < at).map(|row| {
                    let ends_at = row.ends_at.plus(at.since(row.last_used_at));
                    let session = Session { last_used_at: at, ends_at, ..row };
                    vec![PutSession { session, replacing: Some(handle) }.into()]
                })
            }
            (Mistake::AsksOwnClock, Credentials(TakeTry { subject, lane, from, stops_at, .. })) => {
                Some(vec![TakeTry { subject, lane, from, at: later, stops_at }.into()])
            }
            (Mistake::AsksOwnClock, Sessions(TouchSession { subject, slot, handle, .. })) => {
                Some(vec![TouchSession { subject, slot, handle, at: later }.into()])
            }
            (Mistake::LastPasswordWins, Credentials(PutPassword { password, .. })) => {
                let from = self.inner.password(password.subject).await?.map(|row| row.version);
                Some(vec![PutPassword { password, from }.into()])
            }
            (Mistake::RemovalCountsAnew, Credentials(PutPassword { password, from }))
                if password.hash.is_none() =>
            {
                let password = Password { version: 0, generation: 0, ..password };
                Some(vec![PutPassword { password, from }.into()])
            }
            (Mistake::SettleWipes, Credentials(SettleTry { subject, lane, .. })) => {
                Some(vec![ResetTries { subject, lane }.into()])
            }
            (Mistake::OneLane, Credentials(TakeTry { subject, from, at, stops_at, .. })) => {
                Some(vec![TakeTry { subject, lane: Lane::Everybody, from, at, stops_at }.into()])
            }
            (Mistake::OneLane, Credentials(SettleTry { subject, number, .. })) => {
                Some(vec![SettleTry { subject, lane: Lane::Everybody, number }.into()])
            }
            (Mistake::LastStampWins, Sessions(StampAdmissions { subject, slot, handle, admissions, .. })) => {
                let all = self.inner.sessions(subject).await?;
                all.into_iter().find(|row| row.handle == handle).map(|row| {
                    vec![StampAdmissions { subject, slot, handle, from: row.version, admissions }.into()]
                })
            }
            (Mistake::TakesAnySlot, Sessions(PutSession { session, replacing: None })) => {
                let all = self.inner.sessions(session.subject).await?;
                let replacing = all.iter().find(|row| row.slot == session.slot).map(|row| row.handle);
                Some(vec![PutSession { session, replacing }.into()])
            }
            (Mistake::TakesAnySlot, Sessions(PutDevice { device, replacing: None })) => {
                let all = self.inner.devices(device.subject).await?;
                let replacing = all.iter().find(|row| row.slot == device.slot).map(|row| row.handle);
                Some(vec![PutDevice { device, replacing }.into()])
            }
            (Mistake::KeepsWhatIsOver, Sessions(PutSession { session, replacing: None })) => {
                let all = self.inner.sessions(session.subject).await?;
                let taken = all.iter().any(|row| row.slot == session.slot && row.handle != session.handle);
                let nobody = taken.then_some(session.handle);
                Some(vec![PutSession { session, replacing: nobody }.into()])
            }
            (Mistake::KeepsWhatIsOver, Sessions(PutDevice { device, replacing: None })) => {
                let all = self.inner.devices(device.subject).await?;
                let taken = all.iter().any(|row| row.slot == device.slot && row.handle != device.handle);
                let nobody = taken.then_some(device.handle);
                Some(vec![PutDevice { device, replacing: nobody }.into()])
            }
            (Mistake::RemembersForEver, Sessions(PutDevice { device, replacing })) => {
                let all = self.inner.devices(device.subject).await?;
                let before = all.into_iter().find(|row| row.slot == device.slot);
                let kept = before.and_then(|row| row.remembered_since);
                let remembered_since = device.remembered_since.or(kept);
                Some(vec![PutDevice { device: Device { remembered_since, ..device }, replacing }.into()])
            }
            (Mistake::RoundsTimes, Profiles(CreateProfile { profile })) => {
                let created_at = to_the_second(profile.created_at);
                Some(vec![CreateProfile { profile: Profile { created_at, ..profile } }.into()])
            }
            (Mistake::RoundsTimes, Profiles(SetBlock { subject, from, block })) => {
                let block = block.map(|block| Block { until: block.until.map(to_the_second), ..block });
                Some(vec![SetBlock { subject, from, block }.into()])
            }
            (Mistake::RoundsTimes, Sessions(PutSession { session, replacing })) => {
                let ends_at = to_the_second(session.ends_at);
                Some(vec![PutSession { session: Session { ends_at, ..session }, replacing }.into()])
            }
            (Mistake::RoundsTimes, Sessions(PutDevice { device, replacing })) => {
                let ends_at = to_the_second(device.ends_at);
                Some(vec![PutDevice { device: Device { ends_at, ..device }, replacing }.into()])
            }
            (
                Mistake::RemovesTooMuch,
                Profiles(
                    write @ (ReleaseIdentifier { subject, verified: true, .. }
                    | MoveMembership { subject, to: None, .. }),
                ),
            ) => Some(self.removing_all(write, subject).await?),
            (Mistake::DeletesAnyway, Profiles(ReleaseIdentifier { subject, key, .. })) => {
                let own = self.inner.identifiers(subject).await?;
                own.iter().all(|row| row.identifier.key() != key).then(Vec::new)
            }
            (Mistake::DeletesAnyway, Profiles(MoveMembership { account, subject, to: None, .. })) => {
                self.inner.membership(account, subject).await?.is_none().then(Vec::new)
            }
            (Mistake::DeletesAnyway, Sessions(EndSession { subject, handle, .. })) => {
                let all = self.inner.sessions(subject).await?;
                // Whoever has no session at all is told so: which of two ends is second is a matter of scheduling.
                (!all.is_empty() && all.iter().all(|row| row.handle != handle)).then(Vec::new)
            }
            (Mistake::SwallowsDuplicates, Profiles(CreateProfile { profile })) => {
                self.inner.profile(profile.subject).await?.map(|_| vec![])
            }
            (Mistake::SwallowsDuplicates, Profiles(CreateAccount { account })) => {
                self.inner.account(account.account).await?.map(|_| vec![])
            }
            (Mistake::DismissalFades, Profiles(MoveMembership { to: Some(to), .. }))
                if to.status == Status::Dismissed =>
            {
                Some(vec![])
            }
            (
                Mistake::RehireIsNew,
                Profiles(MoveMembership { account, subject, from, to: Some(to), ends_access: false }),
            ) => self.inner.membership(account, subject).await?.map(|row| {
                let gone = MoveMembership { account, subject, from, to: None, ends_access: false };
                let membership = Membership { contact: None, standing: to, version: from + 1, ..row };
                vec![gone.into(), AddMembership { membership }.into()]
            }),
            (Mistake::TriesFromNothing, Credentials(TakeTry { subject, lane, at, stops_at, .. })) => {
                let missing = self.inner.tries(subject, lane).await?.is_none();
                missing.then(|| vec![TakeTry { subject, lane, from: 0, at, stops_at }.into()])
            }
            (Mistake::KeepsRemoved, Credentials(PutPassword { password, from }))
                if password.hash.is_none() =>
            {
                let hash = self.inner.password(password.subject).await?.and_then(|row| row.hash);
                Some(vec![PutPassword { password: Password { hash, ..password }, from }.into()])
            }
            (Mistake::RoundsTimes, Link(Put { checkword, from })) => {
                let expires_at = to_the_second(checkword.expires_at);
                Some(vec![Put { checkword: Checkword { expires_at, ..checkword }, from }.into()])
            }
            (Mistake::SpendsTwice, Link(Consume { holder, purpose, generation, .. })) => {
                let row = self.inner.checkword(holder, purpose).await?;
                let spent =
                    |row: &Checkword| row.generation == generation && matches!(row.state, State::Used { .. });
                row.is_some_and(|row| spent(&row)).then(Vec::new)
            }
            (Mistake::ForgetsExpiry, Link(Consume { holder, purpose, generation, at })) => {
                let row = self.inner.checkword(holder, purpose).await?;
                let late = |row: &Checkword| {
                    row.generation == generation && row.state == State::Live && !row.is_live(at)
                };
                row.filter(late).map(|row| {
                    let (from, version) = (Some(row.version), row.version + 1);
                    let state = State::Used { at };
                    let checkword = Checkword { state, sealed: None, sends: 0, version, ..row };
                    vec![Put { checkword, from }.into()]
                })
            }
            (Mistake::AnyGeneration, Link(Consume { holder, purpose, at, .. })) => {
                let row = self.inner.checkword(holder, purpose.clone()).await?;
                row.map(|row| vec![Consume { holder, purpose, generation: row.generation, at }.into()])
            }
            (Mistake::OnePurpose, Link(Consume { holder, generation, at, .. })) => {
                Some(vec![Consume { holder, purpose: RECOVERY.as_str().to_owned(), generation, at }.into()])
            }
            (Mistake::RotationFades, Link(Rotate { .. })) => Some(vec![]),
            (Mistake::RotationOverwrites, Link(Rotate { holder, purpose, at, by })) => {
                let row = self.inner.checkword(holder, purpose).await?;
                row.map(|row| {
                    let (from, version) = (Some(row.version), row.version + 1);
                    let state = State::Rotated { at, by };
                    vec![Put { checkword: Checkword { state, sealed: None, version, ..row }, from }.into()]
                })
            }
            (Mistake::BuriesNothing, Link(Bury { .. })) => Some(vec![]),
            (Mistake::WipesNothing, Link(Wipe { .. })) => Some(vec![]),
            (Mistake::LastLinkWins, Link(Put { checkword, .. })) => {
                let row = self.inner.checkword(checkword.holder, checkword.purpose.clone()).await?;
                Some(vec![Put { checkword, from: row.map(|row| row.version) }.into()])
            }
            (
                mistake @ (Mistake::StepsTwice | Mistake::StepsBack),
                Factor(AdvanceStep { subject, slot, id, to, .. }),
            ) => {
                let used = |row: &Authenticator| match mistake {
                    Mistake::StepsTwice => row.last_step == Some(to),
                    _ => row.last_step > Some(to),
                };
                let row = self.held(subject, slot).await?.filter(|row| row.id == id && used(row));
                row.map(|row| {
                    let (from, version) = (Some(row.version), row.version + 1);
                    let row = Authenticator { last_step: Some(to), version, ..row };
                    vec![PutAuthenticator { row, from }.into()]
                })
            }
            (Mistake::PendingCounts, Factor(AdvanceStep { subject, slot, id, .. })) => {
                let row = self.held(subject, slot).await?;
                row.is_some_and(|row| row.id == id && !row.is_confirmed()).then(Vec::new)
            }
            (Mistake::AnyBinding, Factor(AdvanceStep { subject, slot, to, resealed, .. })) => {
                let row = self.held(subject, slot).await?;
                row.map(|row| vec![AdvanceStep { subject, slot, id: row.id, to, resealed }.into()])
            }
            (Mistake::AnyBinding, Factor(RemoveAuthenticator { subject, slot, .. })) => {
                let row = self.held(subject, slot).await?;
                row.map(|row| vec![RemoveAuthenticator { subject, slot, id: row.id }.into()])
            }
            (Mistake::LastBindingWins, Factor(PutAuthenticator { row, .. })) => {
                let from = self.held(row.subject, row.slot).await?.map(|row| row.version);
                Some(vec![PutAuthenticator { row, from }.into()])
            }
            (Mistake::AnyCode, Factor(PutCode { row, .. })) => {
                let all = self.inner.codes(row.subject).await?;
                let replacing = all.iter().find(|held| held.slot == row.slot).map(|held| held.digest);
                Some(vec![PutCode { row, replacing }.into()])
            }
            (Mistake::LastCourseWins, Factor(SetCourse { subject, course, .. })) => {
                let from = self.inner.factor_reset(subject).await?.map_or(0, |row| row.version);
                Some(vec![SetCourse { subject, from, course }.into()])
            }
            (Mistake::NotesMoveResets, Factor(NoteProven { subject, generation })) => {
                let from = self.inner.factor_reset(subject).await?.map(|row| row.version);
                from.filter(|from| *from > 0).map(|from| {
                    let over = SetCourse { subject, from, course: None };
                    vec![NoteProven { subject, generation }.into(), over.into()]
                })
            }
            (Mistake::ClearsNothing, Factor(ClearCode { .. })) => Some(vec![]),
            (Mistake::FactorSettleWipes, Factor(SettleFactor { subject, .. })) => {
                Some(vec![ResetFactor { subject }.into()])
            }
            (Mistake::FactorTriesFromNothing, Factor(TakeFactor { subject, at, stops_at, .. })) => {
                let missing = self.inner.mfa_tries(subject).await?.is_none();
                missing.then(|| vec![TakeFactor { subject, from: 0, at, stops_at }.into()])
            }
            (Mistake::FactorTriesUnlimited, Factor(TakeFactor { subject, from, at, .. })) => {
                Some(vec![TakeFactor { subject, from, at, stops_at: u64::MAX }.into()])
            }
            (Mistake::ResetFades, Factor(ResetFactor { .. })) => Some(vec![]),
            (Mistake::OneFactorCount, Factor(TakeFactor { from, at, stops_at, .. })) => {
                Some(vec![TakeFactor { subject: SubjectId::from(0), from, at, stops_at }.into()])
            }
            (Mistake::OneFactorCount, Factor(SettleFactor { number, .. })) => {
                Some(vec![SettleFactor { subject: SubjectId::from(0), number }.into()])
            }
            (Mistake::OneFactorCount, Factor(ResetFactor { .. })) => {
                Some(vec![ResetFactor { subject: SubjectId::from(0) }.into()])
            }
            _ => None,
        })
    }

    /// What stands in a person's slot.
    async fn held(&self, subject: SubjectId, slot: u8) -> Result<Option<Authenticator>, StoreError> {
        Ok(self.inner.authenticators(subject).await?.into_iter().find(|row| row.slot == slot))
    }

    /// Commits, or refuses this write if another commit of the kind is under way.
    fn alone<W: Write + Joins>(
        &self,
        batch: &Batch<W>,
        position: usize,
    ) -> Result<Landed<W::Guard>, StoreError> {
        match self.ground.turn.try_lock() {
            Ok(_alone) => block_on(self.commit_bent(batch)),
            Err(_) => Ok(batch.refused(position).unwrap()),
        }
    }

    /// The write, and whatever else the person can be found by.
    async fn removing_all(
        &self,
        write: ProfilesWrite,
        subject: SubjectId,
    ) -> Result<Vec<JoinedWrite>, StoreError> {
        let own = self.inner.identifiers(subject).await?.into_iter();
        let others =
            own.filter(|row| row.verified_at.is_some()).map(|row| ProfilesWrite::ReleaseIdentifier {
                subject,
                kind: row.identifier.kind(),
                key: row.identifier.key(),
                verified: true,
            });
        let others = others.filter(|other| *other != write).map(JoinedWrite::from);
        Ok([write.clone().into()].into_iter().chain(others.collect::<Vec<_>>()).collect())
    }

    /// Every write in a commit of its own; one batch at a time, so that which races are lost is no matter of scheduling.
    fn one_by_one<W: Write>(&self, batch: &Batch<W>) -> Landed<W::Guard> {
        let _alone = self.ground.turn.lock().unwrap();
        let (mut refused, mut applied) = (None, false);
        for (position, write) in batch.writes().iter().enumerate() {
            let single = Batch::new(batch.id(), batch.at(), vec![write.clone()]).unwrap();
            match block_on(self.inner.commit(&single)).unwrap() {
                Landed::Applied => applied = true,
                Landed::AlreadyApplied => {}
                Landed::Refused { guard, .. } => {
                    refused = refused.or(Some(Landed::Refused { position, guard }));
                }
            }
            if refused.is_some() && self.mistake == Mistake::LandsOneByOne {
                break;
            }
        }
        refused.unwrap_or(if applied { Landed::Applied } else { Landed::AlreadyApplied })
    }

    async fn commit_bent<W: Write + Joins>(&self, batch: &Batch<W>) -> Result<Landed<W::Guard>, StoreError> {
        let mut writes = Vec::new();
        for own in batch.writes() {
            let instead = match own.clone().joined() {
                Some(write) => self.bend(write).await?,
                None => None,
            };
            writes.push(Bent { own: own.clone(), instead });
        }
        self.inner.commit(&Batch::new(batch.id(), batch.at(), writes).unwrap()).await
    }

    /// Notes the sessions and devices that were put, by all handles.
    fn note<W: Write + Joins>(&self, batch: &Batch<W>) {
        let mut put = self.ground.put.lock().unwrap();
        put.extend(batch.writes().iter().filter_map(|write| match write.clone().joined() {
            Some(JoinedWrite::Sessions(write)) => Some(write),
            _ => None,
        }));
    }

    fn once<T>(&self, found: impl Fn(&SessionsWrite) -> Option<T>) -> Option<T> {
        self.ground.put.lock().unwrap().iter().find_map(found)
    }

    /// A digest that was put, if all but its last byte is this one's.
    fn cut(&self, digest: SecretDigest) -> SecretDigest {
        let alike = |own: SecretDigest| (own.as_bytes()[..31] == digest.as_bytes()[..31]).then_some(own);
        let known = self.once(|write| match write {
            SessionsWrite::PutSession { session, .. } => alike(session.digest),
            SessionsWrite::PutDevice { device, .. } => alike(device.digest),
            _ => None,
        });
        if self.mistake == Mistake::CutsDigests { known.unwrap_or(digest) } else { digest }
    }
}

impl<W: Write + Joins> Commit<W> for Wrong {
    async fn commit(&self, batch: &Batch<W>) -> Result<Landed<W::Guard>, StoreError> {
        let landed = match self.mistake {
            Mistake::LandsOneByOne | Mistake::PipelinesCommit => self.one_by_one(batch),
            Mistake::SwapsOrder => {
                let swapped = batch.writes().iter().rev().cloned().collect();
                self.inner.commit(&Batch::new(batch.id(), batch.at(), swapped).unwrap()).await?
            }
            Mistake::CountsOptimistically | Mistake::OneCodeAtATime => {
                let one_by_one = if self.mistake == Mistake::OneCodeAtATime { "(PutCode" } else { "(Count" };
                let counts = |write: &W| format!("{:?}", write.clone().joined()).contains(one_by_one);
                match batch.writes().iter().position(counts) {
                    Some(position) => self.alone(batch, position)?,
                    None => self.commit_bent(batch).await?,
                }
            }
            Mistake::ReadsBehind => {
                self.ground.writing.fetch_add(1, Ordering::SeqCst);
                let landed = self.commit_bent(batch).await;
                self.ground.writing.fetch_sub(1, Ordering::SeqCst);
                landed?
            }
            Mistake::LastPasswordWins
            | Mistake::TakesAnySlot
            | Mistake::TakesWhatIsTaken
            | Mistake::StepsTwice
            | Mistake::StepsBack
            | Mistake::LastBindingWins
            | Mistake::AnyCode
            | Mistake::LastCourseWins => {
                // Whoever was faster is overwritten, however many they are.
                let mut landed = self.commit_bent(batch).await?;
                for _ in 0..TASKS {
                    if matches!(landed, Landed::Refused { .. }) {
                        landed = self.commit_bent(batch).await?;
                    }
                }
                landed
            }
            _ => self.commit_bent(batch).await?,
        };
        if landed == Landed::Applied {
            self.note(batch);
        }
        Ok(landed)
    }
}

fn to_the_second(at: Timestamp) -> Timestamp {
    Timestamp::from_unix_micros(at.unix_micros().div_euclid(1_000_000).saturating_mul(1_000_000))
}

/// The harness of a store that is wrong so.
#[derive(Debug)]
pub(crate) struct WrongHarness(pub(crate) Mistake);

impl Harness for WrongHarness {
    type Store = Wrong;
    type Guard = Arc<Ground>;

    fn name(&self) -> &str {
        "wrong"
    }

    async fn fresh(&self, _case: &str) -> Result<(Self::Guard, Self::Store), HarnessError> {
        let ground = Arc::new(Ground::default());
        let store = self.reopen(&ground, &Realm::default()).await?;
        Ok((ground, store))
    }

    async fn reopen(&self, ground: &Self::Guard, realm: &Realm) -> Result<Self::Store, HarnessError> {
        let inner = KvStore::new(Yielding::new(Arc::clone(&ground.kv)), realm.clone());
        Ok(Wrong { inner, ground: Arc::clone(ground), mistake: self.0, read: Mutex::default() })
    }

    fn has_server_clock(&self) -> bool {
        true
    }

    fn has_raw_reader(&self) -> bool {
        true
    }

    async fn raw(&self, ground: &Self::Guard) -> Result<Vec<Vec<u8>>, HarnessError> {
        if self.0 == Mistake::RawReadsNothing {
            return Ok(Vec::new());
        }
        let rows = ground.kv.dump().into_iter();
        Ok(rows.map(|(key, value)| [key.partition().as_bytes(), key.sort(), &value].concat()).collect())
    }
}

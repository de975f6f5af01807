//! Coming in, whichever way it was: the session, the known device and the admission, in one commit with what was relied on.

use vestibule_core::{
    AccountId, AddressKey, BatchId, ClientAddress, Error, Secret, SessionHandle, SubjectId, Timestamp,
};
use vestibule_journal::{Draft, EventActor, EventKind};
use vestibule_profiles::{
    Account, Admission, AdmissionRequest, AdmissionRule, Membership, Problem, Profile, ProfilesRead,
    ProfilesWrite, Proven, admit,
};
use vestibule_sessions::{
    AdmissionStamp, Amr, Device, DeviceLabel, DeviceToken, Evidence, Session, SessionToken, decide,
};

use crate::refuse::Attempt;
use crate::sign_in::{SignedIn, View};
use crate::vestibule::Inner;
use crate::writes::{AnyGuard, AnyWrite};

/// What is to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    Nothing,
    /// The slots that were guessed are taken.
    Slots,
    Something,
}

/// Who enters by what, once that is proven: whichever way in it was.
#[derive(Debug, Clone)]
pub(crate) struct Entering {
    /// What was proven.
    pub(crate) evidence: Evidence,
    /// The second factor, where one was shown.
    pub(crate) second: Option<Evidence>,
    /// The generation of the password, if it was that.
    pub(crate) generation: Option<u64>,
    pub(crate) label: DeviceLabel,
    /// The known device that it is, by the digest of its token.
    pub(crate) device: Option<AddressKey>,
    /// Whether the device becomes a known one: it is not yet.
    pub(crate) leaves_device: bool,
    /// The change of the second factor in the same commit, which moves the profile's epoch; without one the epoch is required to
    /// be the one that was read.
    pub(crate) factor: Option<ProfilesWrite>,
    /// Whether the device is remembered from now on in the place of the second factor, which was shown on it.
    pub(crate) remembers: bool,
    /// The remembered device by which the person enters, and when the factor was shown on it.
    pub(crate) by_device: Option<(Device, Timestamp)>,
}

impl Entering {
    /// How many factors are behind it.
    pub(crate) const fn factors(&self) -> Factors {
        match (&self.second, &self.by_device) {
            (Some(_), _) => Factors::Two,
            (None, Some((_, shown))) => Factors::Remembered(*shown),
            (None, None) => Factors::One,
        }
    }
}

/// The door of the account that is named, and the person's slots, as they were last read. Of the slots nothing is read at
/// first: one is guessed, and the guard puts nobody out whose session still opens something.
#[derive(Default)]
pub(crate) struct Places {
    pub(crate) door: (Option<Account>, Option<Membership>),
    pub(crate) sessions: Vec<Session>,
    pub(crate) devices: Vec<Device>,
}

impl Places {
    pub(crate) fn of(view: &View) -> Self {
        let door = (view.read.account.clone(), view.read.membership.clone());
        Self { door, ..Self::default() }
    }
}

impl Inner {
    pub(crate) async fn door(
        &self,
        account: AccountId,
        subject: SubjectId,
    ) -> Result<(Option<Account>, Option<Membership>), Error> {
        Ok((self.store.account(account).await?, self.store.membership(account, subject).await?))
    }

    /// The session, the known device and the admission, in one commit with what the sign-in relied on: the same for every way
    /// in. The inner error says what has moved; the caller decides again on what is there now.
    pub(crate) async fn let_in(
        &self,
        attempt: Attempt,
        profile: &Profile,
        entering: &Entering,
        places: &Places,
        (id, mut writes): (BatchId, Vec<AnyWrite>),
    ) -> Result<Result<SignedIn, Moved>, Error> {
        let (subject, now) = (profile.subject, attempt.now);
        let epoch = profile.epoch.saturating_add(u64::from(entering.factor.is_some()));
        writes.push(match &entering.factor {
            Some(moves) => moves.clone().into(),
            None => ProfilesWrite::RequireProfile { subject, epoch }.into(),
        });
        let mut open =
            decide::OpenRequest::new(subject, epoch, entering.evidence).label(entering.label.clone());
        if let Some(second) = entering.second {
            open = open.and(second);
        }
        if let Some((device, shown)) = &entering.by_device {
            open = open.and(Evidence { amr: Amr::Remembered, at: *shown });
            writes.push(decide::rely_on_device(device).into());
        }
        if let Some(generation) = entering.generation {
            open = open.password_generation(generation);
        }
        let entered = match attempt.account {
            None => None,
            Some(account) => {
                let found = (places.door.0.as_ref(), places.door.1.as_ref());
                let by = (attempt.client, entering.factors());
                let admitted = self.admit_through(found, profile, by, now);
                if let Ok(admission) = &admitted {
                    open = open.admitted(stamp_of(admission));
                    writes.extend(relied_on(admission, subject));
                }
                Some((account, admitted))
            }
        };
        let token = SessionToken::make(&*self.entropy, &self.ring)?;
        let ids = decide::Ids {
            handle: SessionHandle::make(&*self.entropy, now)?,
            digest: token.digest(&self.ring)?,
            batch: id,
        };
        let opened = decide::open(&self.sessions, &open, &places.sessions, &ids, now);
        writes.push(opened.write.into());
        let device = if entering.leaves_device || entering.remembers {
            let (write, token) = self.remember((subject, epoch), &places.devices, entering, (id, now))?;
            writes.push(write);
            Some(token)
        } else {
            None
        };
        let of = |kind| Draft::new(kind, EventActor::Person(subject)).subject(subject);
        let mut batch = self.record(of(EventKind::SIGN_IN_SUCCEEDED), id, now)?;
        if entering.remembers {
            batch.extend(self.record_further(of(EventKind::DEVICE_REMEMBERED), id, now)?);
        }
        if entering.by_device.is_some() {
            batch.extend(self.record_further(of(EventKind::SIGN_IN_BY_DEVICE), id, now)?);
        }
        batch.append(&mut writes);
        // Why the account is shut lands with the sign-in, which leaves an event anyway: no fault comes between the two and loses the
        // token.
        let entered = match entered {
            None => None,
            Some((account, Ok(_))) => Some(Ok(account)),
            Some((account, Err(problem))) => {
                let about = (EventActor::Person(subject), Some(subject), Some(account));
                let (refusal, event) = self.refusal(&problem, about)?;
                batch.extend(self.record_further(event, id, now)?);
                Some(Err(refusal))
            }
        };
        match self.land(id, now, batch).await? {
            None => {}
            Some(AnyGuard::Sessions(_)) => return Ok(Err(Moved::Slots)),
            Some(_) => return Ok(Err(Moved::Something)),
        }
        let session = opened.session.handle;
        Ok(Ok(SignedIn { subject, token: token.render(), session, device, entered }))
    }

    /// A device that is not known becomes known. One that is to be remembered in the place of the second factor gets a new token
    /// in its own slot, also if it is known.
    fn remember(
        &self,
        (subject, epoch): (SubjectId, u64),
        existing: &[Device],
        entering: &Entering,
        (batch, now): (BatchId, Timestamp),
    ) -> Result<(AnyWrite, Secret<String>), Error> {
        let token = DeviceToken::make(&*self.entropy, &self.ring)?;
        let ids = decide::Ids {
            handle: SessionHandle::make(&*self.entropy, now)?,
            digest: token.digest(&self.ring)?,
            batch,
        };
        let mut request = decide::RememberRequest::new(subject, epoch).label(entering.label.clone());
        if let Some(shown) = entering.second.filter(|_| entering.remembers) {
            request = request.remembered_since(shown.at);
        }
        let own = entering.device.map(|device| *device.as_bytes());
        let own = existing.iter().find(|device| Some(*device.digest.as_bytes()) == own);
        if let Some(device) = own {
            request = request.in_place_of(device.handle);
        }
        let remembered = decide::remember(&self.sessions, &request, existing, &ids, now);
        Ok((remembered.write.into(), token.render()))
    }

    /// The gate, on what is stored now.
    pub(crate) async fn admit_to(
        &self,
        account: AccountId,
        profile: &Profile,
        by: (Option<ClientAddress>, Factors),
        now: Timestamp,
    ) -> Result<Result<Admission, Problem>, Error> {
        let (account, membership) = self.door(account, profile.subject).await?;
        Ok(self.admit_through((account.as_ref(), membership.as_ref()), profile, by, now))
    }

    /// The gate, on what was read.
    pub(crate) fn admit_through(
        &self,
        (account, membership): (Option<&Account>, Option<&Membership>),
        profile: &Profile,
        (client, factors): (Option<ClientAddress>, Factors),
        now: Timestamp,
    ) -> Result<Admission, Problem> {
        let request = AdmissionRequest::new(profile, account, membership, now)
            .client(client.map(ClientAddress::ip))
            .proven(factors.proven());
        let rules: Vec<&dyn AdmissionRule> = self.rules.iter().map(AsRef::as_ref).collect();
        admit(&request, &rules)
    }
}

/// How many factors were shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Factors {
    One,
    /// One, on a device on which the other was shown then.
    Remembered(Timestamp),
    Two,
}

impl Factors {
    /// Of a session: what it was opened by.
    pub(crate) fn of(session: &Session) -> Self {
        match session.remembered_since() {
            _ if session.has_two_factors() => Self::Two,
            Some(shown) => Self::Remembered(shown),
            None => Self::One,
        }
    }

    pub(crate) const fn proven(self) -> Proven {
        let proven = Proven::by_profile();
        match self {
            Self::One => proven,
            Self::Remembered(shown) => proven.remembered_since(Some(shown)),
            Self::Two => proven.two_factors(true),
        }
    }
}

/// What a session notes of an admission.
pub(crate) const fn stamp_of(admission: &Admission) -> AdmissionStamp {
    AdmissionStamp {
        account: admission.account,
        membership_epoch: admission.membership_epoch,
        policy_version: admission.settings_version,
        membership_version: admission.membership_version,
    }
}

/// An admission is good only while what it relied on is still so.
pub(crate) fn relied_on(admission: &Admission, subject: SubjectId) -> [AnyWrite; 2] {
    let account = admission.account;
    [
        ProfilesWrite::RequireMembership { account, subject, version: admission.membership_version }.into(),
        ProfilesWrite::RequireSettings { account, version: admission.settings_version }.into(),
    ]
}

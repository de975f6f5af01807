//! A sign-in whose first factor was shown: what it has proven, sealed, until the second is.

use core::time::Duration;

use vestibule_core::kv::{RecordReader, RecordWriter};
use vestibule_core::{
    AccountId, AddressKey, AddressKind, BatchId, CorruptRow, Error, Failure, Purpose, Refusal, Secret,
    SecretDigest, SubjectId, Timestamp, open_text, seal_text,
};
use vestibule_credentials::{CredentialsRead, PasswordProof};
use vestibule_profiles::{Profile, ProfilesRead};
use vestibule_sessions::{Amr, DeviceLabel, Evidence};

use super::FactorProblem;
use crate::entering::Entering;
use crate::refuse::Attempt;
use crate::vestibule::{Inner, Vestibule};

/// How long the second factor may take.
const HOLDS: Duration = Duration::from_secs(600);

const PURPOSE: Purpose = match Purpose::new("sign-in") {
    Ok(purpose) => purpose,
    // Judged when compiling.
    Err(_) => panic!("a purpose"),
};

/// The first factor was right, and the person has a second one. There is no session yet.
///
/// Keep the token where the browser brings it back, a cookie of its own or a hidden field, and hand it to
/// [`Vestibule::complete_sign_in`] with what the person types. It is sealed, holds no secret, and is good for ten minutes while
/// what was proven still stands.
#[derive(Debug)]
#[non_exhaustive]
pub struct PendingSignIn {
    /// Who it is.
    pub subject: SubjectId,
    /// What the browser brings back.
    pub token: Secret<String>,
    /// The first instant at which it is worth nothing.
    pub expires_at: Timestamp,
    /// What is to be done next.
    pub next: NextStep,
    /// Whether the account that was named asks this person for no second factor until a date (R23): then
    /// [`Vestibule::enter_exempt`] opens it, and nothing else.
    pub exempt: bool,
    /// Whether the account that was named accepts the device of this sign-in in the place of the factor, which was shown on it
    /// before: then [`Vestibule::enter_remembered`] opens it, and nothing else.
    pub remembered: bool,
}

/// What a pending sign-in waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host that overlooks one would strand people there")]
pub enum NextStep {
    /// A code of an authenticator, or a recovery code.
    Code,
    /// The lost factor was reset: a new one is set up before anything else (R33).
    SetUp,
}

/// A first factor that was shown: everything that a later step relies on. It holds no secret.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) subject: SubjectId,
    pub(crate) epoch: u64,
    pub(crate) amr: Amr,
    pub(crate) at: Timestamp,
    /// The password's generation and the batch that wrote it: random, so that it names this row of this realm.
    pub(crate) password: Option<(u64, BatchId)>,
    pub(crate) must_change: bool,
    /// The login by which the person came.
    pub(crate) kind: AddressKind,
    pub(crate) key: AddressKey,
    pub(crate) account: Option<AccountId>,
    pub(crate) label: DeviceLabel,
    /// The known device on which it was.
    pub(crate) device: Option<AddressKey>,
    pub(crate) leaves_device: bool,
    /// Tells this sign-in from others of the person.
    pub(crate) id: BatchId,
}

impl Shown {
    /// By a password.
    pub(crate) fn password(
        proof: &PasswordProof,
        set_by: BatchId,
        (profile, kind, attempt): (&Profile, AddressKind, Attempt),
        entering: &Entering,
        id: BatchId,
    ) -> Self {
        Self {
            password: Some((proof.generation(), set_by)),
            must_change: proof.must_change(),
            ..Self::provider(profile, (kind, attempt), entering, id)
        }
    }

    /// By a provider.
    pub(crate) fn provider(
        profile: &Profile,
        (kind, attempt): (AddressKind, Attempt),
        entering: &Entering,
        id: BatchId,
    ) -> Self {
        Self {
            subject: profile.subject,
            epoch: profile.epoch,
            amr: entering.evidence.amr,
            at: entering.evidence.at,
            password: None,
            must_change: false,
            kind,
            key: attempt.key,
            account: attempt.account,
            label: entering.label.clone(),
            device: entering.device,
            leaves_device: entering.leaves_device,
            id,
        }
    }

    pub(super) fn entering(&self) -> Entering {
        Entering {
            evidence: Evidence { amr: self.amr, at: self.at },
            second: None,
            generation: self.password.map(|(generation, _)| generation),
            label: self.label.clone(),
            device: self.device,
            leaves_device: self.leaves_device,
            factor: None,
            remembers: false,
            by_device: None,
        }
    }

    fn encode(&self) -> Vec<u8> {
        RecordWriter::new(1)
            .bytes(self.subject.as_bytes())
            .u64(self.epoch)
            .u8(self.amr.number())
            .time(self.at)
            .maybe(self.password, |row, (generation, set_by)| row.u64(generation).bytes(set_by.as_bytes()))
            .bool(self.must_change)
            .text(self.kind.as_str())
            .bytes(self.key.as_bytes())
            .maybe(self.account.as_ref(), |row, account| row.bytes(account.as_bytes()))
            .text(self.label.as_str())
            .maybe(self.device.as_ref(), |row, device| row.bytes(device.as_bytes()))
            .bool(self.leaves_device)
            .bytes(self.id.as_bytes())
            .finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, CorruptRow> {
        let mut row = RecordReader::new(bytes, 1)?;
        let shown = Self {
            subject: row.subject("subject")?,
            epoch: row.u64("epoch")?,
            amr: Amr::from_number(row.u8("amr")?)?,
            at: row.time("at")?,
            password: row.maybe("password", |row| Ok((row.u64("password")?, row.batch("password")?)))?,
            must_change: row.bool("must_change")?,
            kind: AddressKind::from_stored(row.text("kind")?).ok_or(CorruptRow("kind"))?,
            key: row.bytes("key")?.try_into().map(AddressKey::from_bytes).map_err(|_| CorruptRow("key"))?,
            account: row.maybe("account", |row| row.account("account"))?,
            label: DeviceLabel::parse(row.text("label")?).map_err(|_| CorruptRow("label"))?,
            device: row.maybe("device", |row| {
                row.bytes("device")?.try_into().map(AddressKey::from_bytes).map_err(|_| CorruptRow("device"))
            })?,
            leaves_device: row.bool("leaves_device")?,
            id: row.batch("id")?,
        };
        row.finish()?;
        Ok(shown)
    }
}

impl Vestibule {
    /// Reads a pending sign-in again, for the page that asks for the second factor.
    ///
    /// # Errors
    ///
    /// `factor.sign_in_over`.
    pub async fn pending_sign_in(&self, pending: &Secret<String>) -> Result<PendingSignIn, Failure<Refusal>> {
        let inner = self.inner();
        let now = inner.clock.now();
        let (shown, profile) = inner.read_pending(pending, now).await?;
        inner.pending_of(&shown, &profile, now).await.map_err(Failure::Fault)
    }
}

impl Inner {
    /// What the caller hands on.
    pub(crate) async fn pending_of(
        &self,
        shown: &Shown,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<PendingSignIn, Error> {
        let plain = Secret::new(shown.encode());
        let token = seal_text(&self.ring, &*self.entropy, PURPOSE, &plain)?;
        let next = if self.factor_of(profile.subject).await?.has_confirmed() {
            NextStep::Code
        } else {
            NextStep::SetUp
        };
        let (mut exempt, mut remembered) = (false, false);
        if let Some(account) = shown.account {
            let membership = self.store.membership(account, shown.subject).await?;
            exempt = membership.as_ref().is_some_and(|membership| membership.is_exempt(now));
            if let (Some(device), Some(_)) = (shown.device, &membership) {
                let digest = SecretDigest::from_bytes(*device.as_bytes());
                if let Some((_, since)) = self.remembered_device(digest, profile, now).await? {
                    let account = self.store.account(account).await?;
                    remembered = account.is_some_and(|account| account.policy.accepts_device(since, now));
                }
            }
        }
        let expires_at = shown.at.plus(HOLDS);
        Ok(PendingSignIn { subject: shown.subject, token, expires_at, next, exempt, remembered })
    }

    /// What a token of [`Vestibule::sign_in`] has proven, while it still stands: nobody has ended the person's sessions, blocked
    /// them or set the password anew.
    pub(crate) async fn read_pending(
        &self,
        pending: &Secret<String>,
        now: Timestamp,
    ) -> Result<(Shown, Profile), Failure<Refusal>> {
        // EXPOSE: read as the text it must be.
        let opened = open_text(&self.ring, pending.expose(), PURPOSE).ok();
        // EXPOSE: it holds no secret.
        let shown = opened.and_then(|plain| Shown::decode(plain.expose()).ok());
        let Some(shown) = shown else { return self.refuse_session(&FactorProblem::SignInOver, None).await };
        match self.still_shown(&shown, now).await? {
            Some(profile) => Ok((shown, profile)),
            None => self.refuse_session(&FactorProblem::SignInOver, Some(shown.subject)).await,
        }
    }

    /// The profile, while the first factor still stands.
    pub(super) async fn still_shown(&self, shown: &Shown, now: Timestamp) -> Result<Option<Profile>, Error> {
        // The end itself is too late, and so is an instant that has not come.
        if shown.at.is_after(now) || !shown.at.plus(HOLDS).is_after(now) {
            return Ok(None);
        }
        let Some(profile) = self.store.profile(shown.subject).await? else { return Ok(None) };
        let stands = match shown.password {
            Some((generation, set_by)) => {
                let stored = self.store.password(shown.subject).await?;
                stored.is_some_and(|stored| stored.generation == generation && stored.set_by == set_by)
            }
            // A social account is still linked to this very profile.
            None => {
                let owner = self.store.identifier_owner(shown.kind, shown.key).await?;
                owner.is_some_and(|owner| owner.subject == shown.subject)
            }
        };
        let stands = stands && profile.epoch == shown.epoch && profile.factor_since.is_some();
        Ok(stands.then_some(profile))
    }
}

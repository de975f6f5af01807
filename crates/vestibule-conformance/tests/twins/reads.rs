//! What wrong stores read: as the database has it, but for the mistakes that are of reading.

use std::sync::atomic::Ordering;
use std::time::Duration;

use vestibule::{SessionView, SignInQuestion, SignInView, Views, session_view_of, sign_in_view_of};
use vestibule_checkword::{Checkword, CheckwordRead, CheckwordWrite, Found, State};
use vestibule_core::{
    AccountId, AddressKey, AddressKind, Batch, BatchId, CaseReference, Clock, Commit, EventId, SecretDigest,
    ServerClock, StoreError, SubjectId, SystemClock, Timestamp,
};
use vestibule_credentials::{CredentialsRead, Lane, Password, Tries};
use vestibule_journal::{Case, Event, JournalRead, Message, Personal};
use vestibule_mfa::{Authenticator, CodeRow, MfaRead, Reset, Tries as FactorTries};
use vestibule_profiles::{Account, Leaving, Membership, Profile, ProfileIdentifier, ProfilesRead};
use vestibule_sessions::{Device, Session, SessionsRead, SessionsWrite};
use vestibule_throttle::{Taken, TakenWindow, WindowTake, Windows};

use super::{Mistake, Wrong};

impl SessionsRead for Wrong {
    async fn session(&self, digest: SecretDigest) -> Result<Option<Session>, StoreError> {
        let found = self.inner.session(self.cut(digest)).await?;
        let once = || {
            self.once(|write| match write {
                SessionsWrite::PutSession { session, .. } if session.digest == digest => {
                    Some(session.clone())
                }
                _ => None,
            })
        };
        Ok(if self.mistake == Mistake::OldTokensOpen { found.or_else(once) } else { found })
    }

    async fn sessions(&self, subject: SubjectId) -> Result<Vec<Session>, StoreError> {
        self.inner.sessions(subject).await
    }

    async fn device(&self, digest: SecretDigest) -> Result<Option<Device>, StoreError> {
        let found = self.inner.device(self.cut(digest)).await?;
        let again = self.once(|write| match write {
            SessionsWrite::PutDevice { device, replacing }
                if device.digest == digest && *replacing == Some(device.handle) =>
            {
                Some(())
            }
            _ => None,
        });
        if self.mistake == Mistake::LosesItsOwnPlace && again.is_some() {
            return Ok(None);
        }
        let once = || {
            self.once(|write| match write {
                SessionsWrite::PutDevice { device, .. } if device.digest == digest => Some(device.clone()),
                _ => None,
            })
        };
        Ok(if self.mistake == Mistake::OldTokensOpen { found.or_else(once) } else { found })
    }

    async fn devices(&self, subject: SubjectId) -> Result<Vec<Device>, StoreError> {
        self.inner.devices(subject).await
    }
}

impl CheckwordRead for Wrong {
    async fn checkword(&self, holder: SubjectId, purpose: String) -> Result<Option<Checkword>, StoreError> {
        self.inner.checkword(holder, purpose).await
    }

    async fn found(&self, digest: SecretDigest) -> Result<Option<Found>, StoreError> {
        let found = self.inner.found(digest).await?;
        let live = matches!(&found, Some(Found::Newest(row)) if row.state == State::Live);
        if let (Mistake::LooksAndUses, Some(Found::Newest(row))) = (self.mistake, &found) {
            let (holder, purpose, generation) = (row.holder, row.purpose.clone(), row.generation);
            let used = CheckwordWrite::Consume { holder, purpose, generation, at: row.issued_at };
            let id = self.ground.looked.fetch_add(1, Ordering::SeqCst);
            let id = BatchId::from_bytes((u128::MAX - u128::from(id)).to_be_bytes());
            let _ = self.inner.commit(&Batch::new(id, row.issued_at, vec![used]).unwrap()).await?;
        }
        let forgets = self.mistake == Mistake::EndedIsUnknown && !live;
        Ok(if forgets { None } else { found })
    }
}

impl CredentialsRead for Wrong {
    async fn password(&self, subject: SubjectId) -> Result<Option<Password>, StoreError> {
        self.inner.password(subject).await
    }

    async fn tries(&self, subject: SubjectId, lane: Lane) -> Result<Option<Tries>, StoreError> {
        let lane = if self.mistake == Mistake::OneLane { Lane::Everybody } else { lane };
        self.inner.tries(subject, lane).await
    }
}

impl Windows for Wrong {
    async fn take(&self, windows: Vec<WindowTake>) -> Result<Taken, StoreError> {
        self.inner.take(windows).await
    }

    async fn give_back(&self, windows: Vec<TakenWindow>) -> Result<(), StoreError> {
        self.inner.give_back(windows).await
    }
}

macro_rules! as_inner {
    ($($method:ident($($arg:ident: $ty:ty),*) -> $out:ty;)*) => {
        $(async fn $method(&self, $($arg: $ty),*) -> Result<$out, StoreError> {
            self.inner.$method($($arg),*).await
        })*
    };
}

impl ProfilesRead for Wrong {
    async fn membership(
        &self,
        account: AccountId,
        subject: SubjectId,
    ) -> Result<Option<Membership>, StoreError> {
        if self.mistake == Mistake::IgnoresAccount {
            return Ok(self.inner.memberships_of(subject, None, 1).await?.pop());
        }
        if self.mistake == Mistake::LikeMatches {
            let all = self.inner.memberships_of(subject, None, 99).await?;
            return Ok(all.into_iter().find(|row| like(account.as_bytes(), row.account.as_bytes())));
        }
        self.inner.membership(account, subject).await
    }

    async fn profile(&self, subject: SubjectId) -> Result<Option<Profile>, StoreError> {
        let found = self.inner.profile(subject).await?;
        let mut read = self.read.lock().unwrap();
        let behind = self.mistake == Mistake::ReadsBehind && self.ground.writing.load(Ordering::SeqCst) > 0;
        Ok(match read.get(&subject) {
            Some(before) if behind => before.clone(),
            _ => {
                read.insert(subject, found.clone());
                found
            }
        })
    }

    async fn contact_owner(
        &self,
        account: AccountId,
        key: AddressKey,
    ) -> Result<Option<SubjectId>, StoreError> {
        let global = self.mistake == Mistake::ContactsGlobal;
        self.inner.contact_owner(if global { AccountId::from(0) } else { account }, key).await
    }

    as_inner! {
        identifier_owner(kind: AddressKind, key: AddressKey) -> Option<ProfileIdentifier>;
        identifiers(subject: SubjectId) -> Vec<ProfileIdentifier>;
        leaving(kind: AddressKind, key: AddressKey) -> Option<Leaving>;
        leaving_of(subject: SubjectId) -> Vec<Leaving>;
        account(account: AccountId) -> Option<Account>;
        memberships_of(subject: SubjectId, after: Option<AccountId>, limit: u32) -> Vec<Membership>;
        members_of(account: AccountId, after: Option<SubjectId>, limit: u32) -> Vec<Membership>;
    }
}

impl JournalRead for Wrong {
    as_inner! {
        event(id: EventId) -> Option<Event>;
        event_by_case(reference: CaseReference) -> Option<Event>;
        events_of_account(account: AccountId, after: Option<EventId>, limit: u32) -> Vec<Event>;
        events_of_subject(subject: SubjectId, after: Option<EventId>, limit: u32) -> Vec<Event>;
        personal(event: EventId) -> Option<Personal>;
        cases(reference: CaseReference) -> Vec<Case>;
        case_population() -> u64;
        messages(after: Option<[u8; 32]>, limit: u32) -> Vec<Message>;
    }
}

impl MfaRead for Wrong {
    async fn authenticators(&self, subject: SubjectId) -> Result<Vec<Authenticator>, StoreError> {
        let all = self.inner.authenticators(subject).await?.into_iter();
        let unlisted = self.mistake == Mistake::PendingUnlisted;
        Ok(all.filter(|row| row.is_confirmed() || !unlisted).collect())
    }

    async fn mfa_tries(&self, subject: SubjectId) -> Result<Option<FactorTries>, StoreError> {
        let shared = self.mistake == Mistake::OneFactorCount;
        self.inner.mfa_tries(if shared { SubjectId::from(0) } else { subject }).await
    }

    as_inner! {
        codes(subject: SubjectId) -> Vec<CodeRow>;
        factor_reset(subject: SubjectId) -> Option<Reset>;
    }
}

/// A pattern of SQL's.
fn like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'%', rest @ ..], _) => (0..=text.len()).any(|from| like(rest, &text[from..])),
        ([b'_', rest @ ..], [_, text @ ..]) => like(rest, text),
        ([one, rest @ ..], [other, text @ ..]) => one == other && like(rest, text),
        _ => false,
    }
}

impl Views for Wrong {
    async fn sign_in_view(&self, question: SignInQuestion) -> Result<SignInView, StoreError> {
        let view = sign_in_view_of(self, question).await?;
        let forgets = self.mistake == Mistake::ViewsForget;
        Ok(if forgets { SignInView { device: None, device_tries: None, ..view } } else { view })
    }

    async fn session_view(&self, digest: SecretDigest) -> Result<Option<SessionView>, StoreError> {
        session_view_of(self, digest).await
    }
}

impl ServerClock for Wrong {
    async fn server_time(&self) -> Result<Option<Timestamp>, StoreError> {
        let now = SystemClock.now();
        Ok(match self.mistake {
            Mistake::ClockDrifts => Some(now.minus(Duration::from_secs(61))),
            Mistake::HidesClock => None,
            Mistake::WrongZone => Some(now.plus(Duration::from_secs(15 * 60))),
            _ => Some(now),
        })
    }
}

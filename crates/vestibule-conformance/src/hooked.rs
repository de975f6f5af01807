//! A store with something in its way: what happens to a deployment when its database fails, dies or loses an answer.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use std::sync::Arc;

use vestibule::{SessionView, SignInQuestion, SignInView, Views};
use vestibule_checkword::{Checkword, CheckwordRead, Found};
use vestibule_core::{
    AccountId, AddressKey, AddressKind, Batch, CaseReference, Commit, EventId, Landed, SecretDigest,
    ServerClock, StoreError, StoreErrorKind, SubjectId, Timestamp, Write,
};
use vestibule_credentials::{CredentialsRead, Lane, Password, Tries};
use vestibule_journal::{Case, Event, JournalRead, Message, Personal};
use vestibule_mfa::{Authenticator, CodeRow, MfaRead, Reset, Tries as FactorTries};
use vestibule_profiles::{Account, Leaving, Membership, Profile, ProfileIdentifier, ProfilesRead};
use vestibule_sessions::{Device, Session, SessionsRead};
use vestibule_throttle::{Taken, TakenWindow, WindowTake, Windows};

/// Which call of a store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// A read, by the name of its method.
    Read(&'static str),
    /// A commit of this many writes.
    Commit(usize),
    /// Windows are debited, or debits given back.
    Windows(&'static str),
}

/// What is in the way of each call.
pub trait Hook: Send + Sync + 'static {
    /// Before the store is asked. An error is answered in its stead: nothing was applied.
    ///
    /// # Errors
    ///
    /// What the caller is to see.
    fn before(&self, call: Call) -> Result<(), StoreError>;

    /// After the store has answered. An error takes the answer's place: what was applied stays applied, so that only
    /// `OutcomeUnknown` is true of a commit.
    ///
    /// # Errors
    ///
    /// What the caller is to see.
    fn after(&self, call: Call) -> Result<(), StoreError>;

    /// How many polls later than it could this call begins: others go first.
    fn delay(&self, call: Call) -> u32 {
        let _ = call;
        0
    }

    /// After how many polls whoever made this call goes away; its future is then dropped, and the caller knows no more
    /// than if the answer had been lost. `None`: they stay.
    fn patience(&self, call: Call) -> Option<u32> {
        let _ = call;
        None
    }

    /// This in the way of a store.
    fn around<S>(self, store: S) -> Hooked<S, Self>
    where
        Self: Sized,
    {
        Hooked::new(store, Arc::new(self))
    }
}

/// A store whose every call passes a [`Hook`].
#[derive(Debug)]
pub struct Hooked<S, H> {
    store: S,
    hook: Arc<H>,
}

impl<S: Clone, H> Clone for Hooked<S, H> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), hook: Arc::clone(&self.hook) }
    }
}

impl<S, H: Hook> Hooked<S, H> {
    /// Puts a hook before a store.
    pub const fn new(store: S, hook: Arc<H>) -> Self {
        Self { store, hook }
    }

    async fn pass<T: Send>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.hook.before(call)?;
        later(self.hook.delay(call)).await;
        let answer = match self.hook.patience(call) {
            None => work.await?,
            Some(polls) => within(polls, work).await.ok_or_else(|| gone(call))??,
        };
        self.hook.after(call)?;
        Ok(answer)
    }
}

/// Is ready at the poll after so many.
pub(crate) async fn later(mut polls: u32) {
    poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(());
        }
        polls -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls a future so many times at most, and drops it then.
pub(crate) async fn within<T>(mut polls: u32, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        match work.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            // Nobody waits any longer: the future is dropped now, not when something would wake it.
            Poll::Pending if polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// What is known of a call whose caller went away.
fn gone(call: Call) -> StoreError {
    match call {
        Call::Commit(_) | Call::Windows(_) => StoreErrorKind::OutcomeUnknown.into(),
        Call::Read(_) => StoreErrorKind::Unavailable.into(),
    }
}

impl<W: Write, S: Commit<W>, H: Hook> Commit<W> for Hooked<S, H> {
    async fn commit(&self, batch: &Batch<W>) -> Result<Landed<W::Guard>, StoreError> {
        self.pass(Call::Commit(batch.writes().len()), self.store.commit(batch)).await
    }
}

/// Writes a trait of reads as calls that pass the hook.
macro_rules! hooked {
    ($name:ident: $kind:ident {
        $(fn $method:ident($($arg:ident: $ty:ty),*) -> $out:ty;)*
    }) => {
        #[deny(clippy::missing_trait_methods)]
        impl<S: $name, H: Hook> $name for Hooked<S, H> {
            $(async fn $method(&self, $($arg: $ty),*) -> Result<$out, StoreError> {
                self.pass(Call::$kind(stringify!($method)), $name::$method(&self.store, $($arg),*)).await
            })*
        }
    };
}

hooked!(ProfilesRead: Read {
    fn profile(subject: SubjectId) -> Option<Profile>;
    fn identifier_owner(kind: AddressKind, key: AddressKey) -> Option<ProfileIdentifier>;
    fn identifiers(subject: SubjectId) -> Vec<ProfileIdentifier>;
    fn leaving(kind: AddressKind, key: AddressKey) -> Option<Leaving>;
    fn leaving_of(subject: SubjectId) -> Vec<Leaving>;
    fn account(account: AccountId) -> Option<Account>;
    fn membership(account: AccountId, subject: SubjectId) -> Option<Membership>;
    fn memberships_of(subject: SubjectId, after: Option<AccountId>, limit: u32) -> Vec<Membership>;
    fn members_of(account: AccountId, after: Option<SubjectId>, limit: u32) -> Vec<Membership>;
    fn contact_owner(account: AccountId, key: AddressKey) -> Option<SubjectId>;
});

hooked!(CheckwordRead: Read {
    fn checkword(holder: SubjectId, purpose: String) -> Option<Checkword>;
    fn found(digest: SecretDigest) -> Option<Found>;
});

hooked!(CredentialsRead: Read {
    fn password(subject: SubjectId) -> Option<Password>;
    fn tries(subject: SubjectId, lane: Lane) -> Option<Tries>;
});

hooked!(MfaRead: Read {
    fn authenticators(subject: SubjectId) -> Vec<Authenticator>;
    fn codes(subject: SubjectId) -> Vec<CodeRow>;
    fn factor_reset(subject: SubjectId) -> Option<Reset>;
    fn mfa_tries(subject: SubjectId) -> Option<FactorTries>;
});

hooked!(SessionsRead: Read {
    fn session(digest: SecretDigest) -> Option<Session>;
    fn sessions(subject: SubjectId) -> Vec<Session>;
    fn device(digest: SecretDigest) -> Option<Device>;
    fn devices(subject: SubjectId) -> Vec<Device>;
});

hooked!(JournalRead: Read {
    fn event(id: EventId) -> Option<Event>;
    fn event_by_case(reference: CaseReference) -> Option<Event>;
    fn events_of_account(account: AccountId, after: Option<EventId>, limit: u32) -> Vec<Event>;
    fn events_of_subject(subject: SubjectId, after: Option<EventId>, limit: u32) -> Vec<Event>;
    fn personal(event: EventId) -> Option<Personal>;
    fn cases(reference: CaseReference) -> Vec<Case>;
    fn case_population() -> u64;
    fn messages(after: Option<[u8; 32]>, limit: u32) -> Vec<Message>;
});

hooked!(Views: Read {
    fn sign_in_view(question: SignInQuestion) -> SignInView;
    fn session_view(digest: SecretDigest) -> Option<SessionView>;
});

hooked!(ServerClock: Read {
    fn server_time() -> Option<Timestamp>;
});

hooked!(Windows: Windows {
    fn take(windows: Vec<WindowTake>) -> Taken;
    fn give_back(windows: Vec<TakenWindow>) -> ();
});

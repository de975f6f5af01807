//! Which link is sent: a new one, the same one again, or none for now.

use vestibule_core::{BatchId, Purpose, Sealed, SecretDigest, SubjectId, Timestamp};

use crate::checkword::Checkword;
use crate::former::Former;
use crate::policy::{CheckwordPolicy, next_message, sends};
use crate::state::State;
use crate::tries::Tries;
use crate::write::CheckwordWrite;

/// For whom and for what a link is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct CheckwordRequest {
    pub(crate) holder: SubjectId,
    pub(crate) purpose: Purpose,
    pub(crate) bound: Vec<u8>,
    way: Way,
}

/// How what is asked for reaches its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Code,
    HandedOver,
    Link,
}

impl CheckwordRequest {
    /// A link for this holder (a profile, a pending sign-up, a decoy) and purpose.
    pub const fn new(holder: SubjectId, purpose: Purpose) -> Self {
        Self { holder, purpose, bound: Vec::new(), way: Way::Link }
    }

    /// Whose it will be.
    #[must_use]
    pub const fn holder(&self) -> SubjectId {
        self.holder
    }

    /// What it will be bound to.
    #[must_use]
    pub fn bound(&self) -> &[u8] {
        &self.bound
    }

    /// What it will be for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// What it is bound to: the address it goes to, an account; at most [`MAX_BOUND`](crate::MAX_BOUND) bytes. A link
    /// that is bound to anything else is never sent again for this request.
    pub fn bound_to(mut self, bound: &[u8]) -> Self {
        self.bound = bound.to_vec();
        self
    }

    /// For a code that is typed: the page that asked keeps the text of the link, and the phone is sent the code that belongs
    /// to it ([`code_of`](crate::code_of)). It lasts [`CODE_LASTS`](crate::CODE_LASTS) at most, and is made anew once
    /// its tries are spent.
    pub const fn as_code(mut self) -> Self {
        self.way = Way::Code;
        self
    }

    /// For a link that no message carries: it is handed to whoever has just proven the address. Messages are neither
    /// spaced by it nor counted.
    pub const fn handed_over(mut self) -> Self {
        self.way = Way::HandedOver;
        self
    }
}

/// What is made outside the decision, because it takes randomness or keys. It is made for every request, also where the
/// same link is sent again (PR-6).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a further one would be a further thing to make")]
pub struct Made {
    /// The digest of the new secret.
    pub digest: SecretDigest,
    /// Its text, sealed for the generation after the one that was read.
    pub sealed: Sealed,
    /// The batch that will land.
    pub batch: BatchId,
}

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "the three answers there are")]
pub enum Wanted {
    /// The link that was sent before is sent again.
    Again {
        /// The row as it becomes.
        checkword: Checkword,
        /// What lands.
        writes: Vec<CheckwordWrite>,
    },
    /// A new link, which supersedes the one before. An older message that was not sent yet is dropped with it.
    New {
        /// The row as it becomes.
        checkword: Checkword,
        /// What lands.
        writes: Vec<CheckwordWrite>,
    },
    /// The last message is too fresh. The page's answer is the same.
    Spaced {
        /// From when the next message may follow.
        not_before: Timestamp,
        /// What lands, if anything: a sealed text that is due to go.
        writes: Vec<CheckwordWrite>,
    },
}

/// Decides a request. `newest` is the slot as it was read; its `sealed` is `None` if it can not be opened.
pub fn request(
    policy: &CheckwordPolicy,
    request: &CheckwordRequest,
    newest: Option<&Checkword>,
    made: &Made,
    now: Timestamp,
) -> Wanted {
    let is_sent = request.way != Way::HandedOver;
    let Some(newest) = newest else {
        let (sends, last_sent_at) = if is_sent { (1, now) } else { (0, Timestamp::EPOCH) };
        let numbers = Numbers { generation: 1, sends, last_sent_at, tries: Tries::NONE, version: 0 };
        let checkword = fresh(policy, request, made, now, numbers);
        let writes = vec![CheckwordWrite::Put { checkword: checkword.clone(), from: None }];
        return Wanted::New { checkword, writes };
    };
    let not_before = next_message(newest, request.way == Way::Code);
    if is_sent && not_before.is_after(now) {
        return Wanted::Spaced { not_before, writes: super::wipe(newest, now).into_iter().collect() };
    }
    let version = newest.version.saturating_add(1);
    let (sends, last_sent_at) =
        if is_sent { (sends(newest, now), now) } else { (newest.sends, newest.last_sent_at) };
    let from = Some(newest.version);
    if sent_again(newest, request, now) {
        let checkword = Checkword { sends, last_sent_at, version, set_by: made.batch, ..newest.clone() };
        let writes = vec![CheckwordWrite::Put { checkword: checkword.clone(), from }];
        return Wanted::Again { checkword, writes };
    }
    let generation = newest.generation.saturating_add(1);
    let numbers = Numbers { generation, sends, last_sent_at, tries: newest.tries.of_next_code(), version };
    let checkword = fresh(policy, request, made, now, numbers);
    let writes = vec![
        CheckwordWrite::Put { checkword: checkword.clone(), from },
        CheckwordWrite::Bury { former: Former::of(newest, now) },
    ];
    Wanted::New { checkword, writes }
}

/// Whether it is the same text that is asked for, bound to the same, and can be told again.
fn sent_again(newest: &Checkword, request: &CheckwordRequest, now: Timestamp) -> bool {
    newest.is_due_again(now)
        && newest.sealed.is_some()
        && newest.bound == request.bound
        && newest.is_code == (request.way == Way::Code)
}

#[derive(Clone, Copy)]
struct Numbers {
    generation: u64,
    sends: u64,
    last_sent_at: Timestamp,
    tries: Tries,
    version: u64,
}

fn fresh(
    policy: &CheckwordPolicy,
    request: &CheckwordRequest,
    made: &Made,
    now: Timestamp,
    numbers: Numbers,
) -> Checkword {
    let lasts = match request.way {
        Way::Code => policy.lifetime_of_code(request.purpose),
        Way::HandedOver | Way::Link => policy.lifetime(request.purpose),
    };
    Checkword {
        holder: request.holder,
        purpose: request.purpose.as_str().to_owned(),
        generation: numbers.generation,
        digest: made.digest,
        bound: request.bound.clone(),
        issued_at: now,
        expires_at: now.plus(lasts),
        state: State::Live,
        sealed: Some(made.sealed.to_bytes()),
        sends: numbers.sends,
        last_sent_at: numbers.last_sent_at,
        is_code: request.way == Way::Code,
        tries: numbers.tries,
        version: numbers.version,
        set_by: made.batch,
    }
}

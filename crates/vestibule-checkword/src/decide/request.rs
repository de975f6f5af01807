//! Which link is sent: a new one, the same one again, or none for now.

use vestibule_core::{BatchId, Purpose, Sealed, SecretDigest, SubjectId, Timestamp};

use crate::checkword::Checkword;
use crate::former::Former;
use crate::policy::{CheckwordPolicy, next_message, sends};
use crate::state::State;
use crate::write::CheckwordWrite;

/// For whom and for what a link is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct CheckwordRequest {
    pub(crate) holder: SubjectId,
    pub(crate) purpose: Purpose,
    pub(crate) bound: Vec<u8>,
}

impl CheckwordRequest {
    /// A link for this holder (a profile, a pending sign-up, a decoy) and purpose.
    pub const fn new(holder: SubjectId, purpose: Purpose) -> Self {
        Self { holder, purpose, bound: Vec::new() }
    }

    /// What it is bound to: the address it goes to, an account; at most [`MAX_BOUND`](crate::MAX_BOUND) bytes. A link
    /// that is bound to anything else is never sent again for this request.
    pub fn bound_to(mut self, bound: &[u8]) -> Self {
        self.bound = bound.to_vec();
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
    let Some(newest) = newest else {
        let checkword = fresh(policy, request, made, now, Numbers { generation: 1, sends: 1, version: 0 });
        let writes = vec![CheckwordWrite::Put { checkword: checkword.clone(), from: None }];
        return Wanted::New { checkword, writes };
    };
    let not_before = next_message(newest);
    if not_before.is_after(now) {
        return Wanted::Spaced { not_before, writes: super::wipe(newest, now).into_iter().collect() };
    }
    let (sends, version) = (sends(newest, now), newest.version.saturating_add(1));
    let from = Some(newest.version);
    if sent_again(newest, request, now) {
        let checkword = Checkword { sends, last_sent_at: now, version, set_by: made.batch, ..newest.clone() };
        let writes = vec![CheckwordWrite::Put { checkword: checkword.clone(), from }];
        return Wanted::Again { checkword, writes };
    }
    let generation = newest.generation.saturating_add(1);
    let checkword = fresh(policy, request, made, now, Numbers { generation, sends, version });
    let writes = vec![
        CheckwordWrite::Put { checkword: checkword.clone(), from },
        CheckwordWrite::Bury { former: Former::of(newest, now) },
    ];
    Wanted::New { checkword, writes }
}

/// Whether the link has at least half of its life left, and was neither used nor rotated nor bound to anything else: so
/// nobody can make somebody's link worthless by asking for more (ATK-C5).
fn sent_again(newest: &Checkword, request: &CheckwordRequest, now: Timestamp) -> bool {
    newest.state == State::Live
        && newest.sealed.is_some()
        && newest.bound == request.bound
        && !now.is_after(newest.half_life())
}

#[derive(Clone, Copy)]
struct Numbers {
    generation: u64,
    sends: u64,
    version: u64,
}

fn fresh(
    policy: &CheckwordPolicy,
    request: &CheckwordRequest,
    made: &Made,
    now: Timestamp,
    numbers: Numbers,
) -> Checkword {
    Checkword {
        holder: request.holder,
        purpose: request.purpose.as_str().to_owned(),
        generation: numbers.generation,
        digest: made.digest,
        bound: request.bound.clone(),
        issued_at: now,
        expires_at: now.plus(policy.lifetime(request.purpose)),
        state: State::Live,
        sealed: Some(made.sealed.to_bytes()),
        sends: numbers.sends,
        last_sent_at: now,
        version: numbers.version,
        set_by: made.batch,
    }
}

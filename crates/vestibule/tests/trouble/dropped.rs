//! A caller that goes away at any poll of a call: every commit is there wholly or not at all, nothing is left open, and
//! everything goes on (FLT-X12).

use core::task::{Context, Poll};
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread::Thread;

use vestibule_core::{SubjectId, Timestamp};
use vestibule_credentials::{CredentialsRead, CredentialsWrite, Password};

use crate::acts::{Act, Answer, Ready};
use crate::calls::{Calling, Known, reads, realm};
use crate::cast::{BOB, Start, deployment, settle};
use crate::ground::{Place, block_on, enter, open, require_quiet};
use crate::killed::Expected;
use crate::picture::{difference, picture};

/// How often it is looked whether a commit is there wholly.
const LOOKS: u32 = 100;

/// Drops each command at each of its polls.
pub(crate) fn every_act(act: Act) {
    let place = Place::new();
    let expected = Expected::of(act);
    let mut dropped = 0;
    for polls in 0_u32.. {
        let store = open(&place.name(), realm(&format!("p{polls}")));
        let vestibule = deployment(store.clone());
        block_on(settle(&vestibule, act.start()));
        let ready = block_on(Ready::make(act, &vestibule)).unwrap_or_else(|no| panic!("{no:?}"));
        let answer = poll_at_most(polls, Box::pin(ready.go(&vestibule)));
        // What was handed over runs to its end, and may not yet have begun: what is read meanwhile is of two instants.
        let whole = (0..LOOKS).any(|_| {
            require_quiet(&place, &store);
            let found = block_on(picture(&store));
            expected.pictures.iter().any(|picture| difference(&found, picture).is_empty())
        });
        assert!(whole, "{} after {polls} polls: {:#?}", act.name(), block_on(picture(&store)));
        match answer {
            None => dropped += 1,
            Some(answer) => {
                assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
                let difference = difference(&block_on(picture(&store)), expected.pictures.last().unwrap());
                assert!(difference.is_empty(), "an answered effect was lost: {difference:#?}");
                break;
            }
        }
    }
    assert!(dropped > 0, "it was answered before it was polled");
}

/// Drops each kind of call of the store itself at each of its polls.
pub(crate) fn every_call() {
    let place = Place::new();
    let store = open(&place.name(), realm("calls"));
    let vestibule = deployment(store.clone());
    block_on(settle(&vestibule, Start::Member));
    let _ = block_on(crate::acts::session(&vestibule, BOB)).unwrap();
    let known = block_on(Known::of(&store));
    let count = reads(&store, &known).len();
    for call in 0..count {
        for polls in 0.. {
            let (_, calling) = reads(&store, &known).swap_remove(call);
            match poll_at_most(polls, calling) {
                None => require_quiet(&place, &store),
                Some(answer) => {
                    answer.unwrap();
                    break;
                }
            }
        }
    }
    for polls in 0..8 {
        let subject = SubjectId::from(u64::from(polls) + 100);
        let batch = first_password(subject);
        let commit: Calling<'_> =
            Box::pin(async { vestibule_core::Commit::commit(&store, &batch).await.map(drop) });
        let answered = poll_at_most(polls, commit);
        let there = (0..LOOKS).any(|_| {
            require_quiet(&place, &store);
            block_on(store.password(subject)).unwrap().is_some()
        });
        // It is handed over at its first poll.
        assert_eq!(there, polls > 0, "after {polls} polls");
        assert!(answered.is_none_or(|answer| answer.is_ok()));
    }
}

fn first_password(subject: SubjectId) -> vestibule_core::Batch<vestibule::AnyWrite> {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&subject.as_bytes()[..8]);
    let set_by = vestibule_core::BatchId::from_bytes(id);
    let password = Password {
        subject,
        hash: Some("$argon2id$".to_owned()),
        version: 1,
        generation: 1,
        set_at: Timestamp::EPOCH,
        must_change: false,
        set_by,
    };
    let write = CredentialsWrite::PutPassword { password, from: None };
    vestibule_core::Batch::new(set_by, Timestamp::EPOCH, vec![write.into()]).unwrap()
}

/// Polls when it is woken, as often as that; then it is dropped. The answer, if there was one by then.
fn poll_at_most<T>(
    polls: u32,
    mut future: core::pin::Pin<Box<dyn Future<Output = T> + Send + '_>>,
) -> Option<T> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    enter(|| {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        for poll in 0..polls {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(answer) => return Some(answer),
                // The last poll is followed by the drop, while the call is still at work.
                Poll::Pending if poll + 1 < polls => std::thread::park(),
                Poll::Pending => {}
            }
        }
        None
    })
}

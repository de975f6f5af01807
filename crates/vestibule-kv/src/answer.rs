//! The answer of the writer's thread, as a future of no particular runtime.

use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Both ends of one answer.
pub(crate) fn answer<T>() -> (Promise<T>, Answer<T>) {
    let place = Arc::new(Mutex::new(Place::Open(None)));
    (Promise(Arc::clone(&place)), Answer(place))
}

enum Place<T> {
    /// Who waits for it, if anybody does yet.
    Open(Option<Waker>),
    Told(T),
    /// Nobody will tell, or it was taken.
    Closed,
}

/// The end of whoever answers. Dropped without an answer it says so.
pub(crate) struct Promise<T>(Arc<Mutex<Place<T>>>);

impl<T> Promise<T> {
    pub(crate) fn keep(self, value: T) {
        self.settle(Place::Told(value));
    }

    fn settle(&self, place: Place<T>) {
        let mut held = lock(&self.0);
        // What is told stays told when the promise goes.
        let waiting = match &mut *held {
            Place::Open(waker) => waker.take(),
            Place::Told(_) | Place::Closed => return,
        };
        *held = place;
        // Outside the lock: whoever is woken may look at once, on this very thread.
        drop(held);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.settle(Place::Closed);
    }
}

/// The end of whoever asked: `None` when nobody answers any more.
pub(crate) struct Answer<T>(Arc<Mutex<Place<T>>>);

impl<T> Future for Answer<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut place = lock(&self.0);
        if let Place::Open(waker) = &mut *place {
            *waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        match mem::replace(&mut *place, Place::Closed) {
            Place::Told(value) => Poll::Ready(Some(value)),
            Place::Open(_) | Place::Closed => Poll::Ready(None),
        }
    }
}

fn lock<T>(place: &Mutex<Place<T>>) -> MutexGuard<'_, Place<T>> {
    // Nothing that holds the lock can leave it half-changed.
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polled<T>(answer: &mut Answer<T>) -> Poll<Option<T>> {
        Pin::new(answer).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn what_is_told_is_heard_once_whether_it_was_waited_for_or_not() {
        let (promise, mut early) = answer();
        assert_eq!(polled(&mut early), Poll::Pending);
        promise.keep(7);
        assert_eq!((polled(&mut early), polled(&mut early)), (Poll::Ready(Some(7)), Poll::Ready(None)));
        let (promise, mut late) = answer();
        promise.keep(8);
        assert_eq!(polled(&mut late), Poll::Ready(Some(8)));
    }

    #[test]
    fn a_promise_that_goes_is_no_answer() {
        let (promise, mut answer) = answer::<u8>();
        assert_eq!(polled(&mut answer), Poll::Pending);
        drop(promise);
        assert_eq!(polled(&mut answer), Poll::Ready(None));
    }
}

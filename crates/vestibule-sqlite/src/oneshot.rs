//! The answer of the writer's thread, as a future of no particular runtime.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A place for one answer, from both sides.
pub(crate) fn answer<T>() -> (Promise<T>, Answer<T>) {
    let place = Arc::new(Mutex::new(Place::Empty(None)));
    (Promise(Some(Arc::clone(&place))), Answer(place))
}

enum Place<T> {
    /// No answer yet; who is to be woken.
    Empty(Option<Waker>),
    Filled(T),
    /// The promise was dropped, or the answer was taken.
    Over,
}

/// The writer's side.
pub(crate) struct Promise<T>(Option<Arc<Mutex<Place<T>>>>);

impl<T> Promise<T> {
    pub(crate) fn keep(mut self, value: T) {
        if let Some(place) = self.0.take() {
            settle(&place, Place::Filled(value));
        }
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if let Some(place) = self.0.take() {
            settle(&place, Place::Over);
        }
    }
}

fn settle<T>(place: &Mutex<Place<T>>, settled: Place<T>) {
    let before = core::mem::replace(&mut *lock(place), settled);
    // Outside the lock: a waker may poll at once, on this very thread.
    if let Place::Empty(Some(waker)) = before {
        waker.wake();
    }
}

/// The caller's side. It resolves to `None` when the writer went without an answer.
pub(crate) struct Answer<T>(Arc<Mutex<Place<T>>>);

impl<T> Future for Answer<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut place = lock(&self.0);
        if let Place::Empty(waker) = &mut *place {
            *waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        match core::mem::replace(&mut *place, Place::Over) {
            Place::Filled(value) => Poll::Ready(Some(value)),
            Place::Empty(_) | Place::Over => Poll::Ready(None),
        }
    }
}

fn lock<T>(place: &Mutex<Place<T>>) -> MutexGuard<'_, Place<T>> {
    // Nothing that holds the lock can panic half-way.
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn polled<T>(answer: &mut Answer<T>, wakes: &Arc<Wakes>) -> Poll<Option<T>> {
        Pin::new(answer).poll(&mut Context::from_waker(&Waker::from(Arc::clone(wakes))))
    }

    #[test]
    fn the_answer_wakes_its_waiter_once() {
        let (wakes, (promise, mut answer)) = (Arc::new(Wakes::default()), answer());
        assert_eq!(polled(&mut answer, &wakes), Poll::Pending);
        promise.keep(7);
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        assert_eq!(polled(&mut answer, &wakes), Poll::Ready(Some(7)));
    }

    #[test]
    fn a_broken_promise_is_no_answer() {
        let (wakes, (promise, mut answer)) = (Arc::new(Wakes::default()), answer::<u8>());
        assert_eq!(polled(&mut answer, &wakes), Poll::Pending);
        drop(promise);
        assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
        assert_eq!(polled(&mut answer, &wakes), Poll::Ready(None));
    }

    #[test]
    fn nobody_needs_to_wait_for_an_answer() {
        let (promise, answer) = answer();
        drop(answer);
        promise.keep(7);
    }
}

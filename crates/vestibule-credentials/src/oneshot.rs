//! One value from a worker thread to a future, on any executor.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The two ends.
pub(crate) fn oneshot<T>() -> (Sender<T>, Receiver<T>) {
    let slot = Arc::new(Mutex::new(Slot { value: None, waker: None, sender_gone: false }));
    (Sender(Arc::clone(&slot)), Receiver(slot))
}

struct Slot<T> {
    value: Option<T>,
    waker: Option<Waker>,
    sender_gone: bool,
}

/// The end that gives the value.
pub(crate) struct Sender<T>(Arc<Mutex<Slot<T>>>);

impl<T> Sender<T> {
    /// Gives the value; it is dropped when nobody waits any more.
    pub(crate) fn send(self, value: T) {
        if Arc::strong_count(&self.0) > 1 {
            lock(&self.0).value = Some(value);
        }
        // Dropping this end wakes the other.
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let waker = {
            let mut slot = lock(&self.0);
            slot.sender_gone = true;
            slot.waker.take()
        };
        // Woken outside the lock: an executor may poll from within `wake`.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The end that waits. It answers `None` when the sender went without a value.
pub(crate) struct Receiver<T>(Arc<Mutex<Slot<T>>>);

impl<T> Future for Receiver<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = lock(&self.0);
        if let Some(value) = slot.value.take() {
            return Poll::Ready(Some(value));
        }
        if slot.sender_gone {
            return Poll::Ready(None);
        }
        match &mut slot.waker {
            Some(waker) => waker.clone_from(context.waker()),
            empty => *empty = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

/// Nothing panics while it holds the lock; a poisoned one is as good as new.
fn lock<T>(slot: &Mutex<Slot<T>>) -> MutexGuard<'_, Slot<T>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;
    use std::thread::Thread;

    use super::*;

    struct Unpark(Thread, AtomicUsize);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0.unpark();
        }
    }

    /// The least of executors: enough to show that none in particular is needed.
    pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = core::pin::pin!(future);
        let waker = Waker::from(Arc::new(Unpark(std::thread::current(), AtomicUsize::new(0))));
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            std::thread::park();
        }
    }

    #[test]
    fn a_value_sent_before_or_after_the_first_poll_arrives() {
        let (sender, receiver) = oneshot();
        sender.send(1);
        assert_eq!(block_on(receiver), Some(1));

        let (sender, receiver) = oneshot();
        let waiting = std::thread::spawn(move || block_on(receiver));
        sender.send(2);
        assert_eq!(waiting.join().unwrap(), Some(2));
    }

    #[test]
    fn a_lost_sender_ends_the_wait() {
        let (sender, receiver) = oneshot::<u8>();
        drop(sender);
        assert_eq!(block_on(receiver), None);
    }

    #[test]
    fn only_the_last_waker_is_woken_and_only_once() {
        let (sender, receiver) = oneshot::<u8>();
        let mut receiver = core::pin::pin!(receiver);
        let [first, last] = [0; 2].map(|_| Arc::new(Unpark(std::thread::current(), AtomicUsize::new(0))));
        for task in [&first, &last] {
            let waker = Waker::from(Arc::clone(task));
            assert!(receiver.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        sender.send(3);
        assert_eq!((first.1.load(Ordering::SeqCst), last.1.load(Ordering::SeqCst)), (0, 1));
    }

    #[test]
    fn a_value_nobody_waits_for_is_dropped() {
        let value = Arc::new(());
        let (sender, receiver) = oneshot();
        drop(receiver);
        sender.send(Arc::clone(&value));
        assert_eq!(Arc::strong_count(&value), 1);
    }
}

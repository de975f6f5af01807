//! Requests that are sent one behind the other, without waiting for answers in between.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;

/// A request. tokio-postgres puts it on the wire when it is first polled.
pub(crate) type Request<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends the requests in their order, and gives their answers in the same order.
///
/// The first round of polls puts all of them on the wire, none before the one in front of it.
pub(crate) async fn pipelined<T>(requests: Vec<Request<'_, T>>) -> Vec<T> {
    let mut waiting: Vec<_> = requests.into_iter().map(Slot::Waiting).collect();
    poll_fn(|context| {
        let mut ready = true;
        for slot in &mut waiting {
            if let Slot::Waiting(request) = slot {
                match request.as_mut().poll(context) {
                    Poll::Ready(answer) => *slot = Slot::Answered(answer),
                    Poll::Pending => ready = false,
                }
            }
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting
        .into_iter()
        .filter_map(|slot| match slot {
            Slot::Answered(answer) => Some(answer),
            Slot::Waiting(_) => None,
        })
        .collect()
}

enum Slot<'a, T> {
    Waiting(Request<'a, T>),
    Answered(T),
}

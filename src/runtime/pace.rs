//! Work that takes a processor for long, such as a step of a TLS handshake: few pieces of it in a turn of the event
//! loop, so that a crowd that connects at once does not keep those waiting who are served already.

use std::rc::Rc;

use tokio::sync::Semaphore;
use tokio::task::yield_now;

/// Pieces of such work in one turn: a signature takes up to a millisecond.
const AT_ONCE: usize = 2;

thread_local! {
    static PLACES: Rc<Semaphore> = Rc::new(Semaphore::new(AT_ONCE));
}

/// Waits for the turn in which the caller may do one piece; those who came before have theirs first.
pub(super) async fn heavy_step() {
    let places = PLACES.with(Rc::clone);
    // The place is held until all that are ready have run and the sockets have been looked at again.
    if let Ok(_place) = places.acquire().await {
        yield_now().await;
    }
}

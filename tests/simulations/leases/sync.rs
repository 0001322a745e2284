//! What src/route/refresh/leases/slot.rs is built on, the model checker's: it finds this as its `super::sync`.

pub use leash::protocol::Item;
pub use leash::route::refresh::decide::{ClaimResult, Holding, Lack};
pub use shuttle::sync::Mutex;
pub use std::sync::PoisonError;

/// tokio's own, each step of which is atomic, with a point before it where another thread may go first.
pub mod watch {
    use std::sync::Arc;

    use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use tokio::sync::watch;

    pub struct Sender<T>(watch::Sender<T>, Arc<AtomicUsize>);
    pub struct Receiver<T>(watch::Receiver<T>, Arc<AtomicUsize>);

    impl<T> Sender<T> {
        pub fn new(first: T) -> Sender<T> {
            Sender(watch::Sender::new(first), Arc::default())
        }

        pub fn send_replace(&self, value: T) -> T {
            self.1.load(SeqCst);
            self.0.send_replace(value)
        }

        pub fn subscribe(&self) -> Receiver<T> {
            self.1.load(SeqCst);
            Receiver(self.0.subscribe(), self.1.clone())
        }

        pub fn receiver_count(&self) -> usize {
            self.1.load(SeqCst);
            self.0.receiver_count()
        }
    }

    impl<T> Receiver<T> {
        pub fn borrow(&self) -> watch::Ref<'_, T> {
            self.1.load(SeqCst);
            self.0.borrow()
        }
    }

    impl<T: Clone> Receiver<T> {
        pub async fn wait_for(&mut self, is_it: impl FnMut(&T) -> bool) -> Result<T, watch::error::RecvError> {
            self.1.load(SeqCst);
            self.0.wait_for(is_it).await.map(|value| value.clone())
        }
    }
}

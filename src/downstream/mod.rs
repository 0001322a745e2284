//! Towards the application: listeners, client connections, and the order of their replies.

mod asked;
mod asking;
mod clients;
mod connection;
mod counting;
mod dispatch;
mod gathered;
mod intake;
mod listener;
mod marked;
mod outbox;
mod pending;
mod replies;
mod service;
mod shed;
mod stats;
mod stint;
mod sweep;

pub use clients::Clients;
pub use listener::{Capacity, Incoming, Listener, Seating, WorkerSeat};
pub use service::{ClientLimits, Service};
pub use shed::shed_when_short;
pub use stats::Stats;
pub use sweep::sweep;

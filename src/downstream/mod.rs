//! Towards the application: listeners, client connections, and the order of their replies.

mod asked;
mod asking;
mod connection;
mod counting;
mod dispatch;
mod gathered;
mod intake;
mod listener;
mod marked;
mod owed;
mod pending;
mod replies;
mod service;
mod shed;
mod stats;
mod stint;
mod sweep;

pub use connection::Connection;
pub use listener::{Capacity, Incoming, Listener, Seat, Seating};
pub use service::{Limits, Service};
pub use shed::shed_when_short;
pub use stats::Stats;
pub use sweep::sweep;

//! Towards the application: listeners, client connections, and the order of their replies.

mod admitted;
mod arrival;
mod asked;
mod asking;
mod clients;
mod confined;
mod connection;
mod counting;
mod crowd;
mod dispatch;
mod gate;
mod gathered;
mod intake;
mod let_in;
mod listener;
mod login;
mod marked;
mod outbox;
mod pending;
mod refused;
mod replies;
mod service;
mod shed;
mod stats;
mod stint;
mod sweep;

pub(crate) use clients::Clients;
pub(crate) use listener::{Capacity, Listener, NewClient, Seating, WorkerSeat};
pub(crate) use refused::call_those_who_stand_by;
pub(crate) use service::{ClientLimits, Service};
pub(crate) use shed::shed_when_short;
pub(crate) use stats::Stats;
pub(crate) use sweep::sweep;

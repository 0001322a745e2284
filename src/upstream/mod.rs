//! Towards memcached: servers, the connections to them, their health, and what they must be told before they serve
//! again.

pub(crate) mod health;
pub mod spacing;

mod admission;
mod aside;
mod ask;
mod blackout;
mod common;
mod connect;
mod connection;
mod deadline;
mod deliveries;
mod greeting;
mod inspect;
mod lane;
mod large;
mod last_reply;
mod link;
mod mark;
mod moved;
mod outage;
mod outdated;
mod own_words;
mod password;
mod probe;
mod progress;
mod race;
mod receive;
mod replay;
mod reply_run;
mod rest;
mod said;
mod say;
mod server;
mod server_or_store;
mod servers;
mod slot;
mod slots;
mod spool;
mod target;
mod tending;
mod ticket;
mod tokens;
mod unasked;
mod unusable;

pub use blackout::Peers;
pub use connect::Connected;
pub use health::Standing;
pub(crate) use inspect::{ServerFacts, Sighting};
pub use mark::{Mark, Party};
pub use outage::Outage;
pub use outdated::Remembered;
pub use reply_run::{Arrived, Place, ReplyRun};
pub use server::Server;
pub use server_or_store::ServerOrStore;
pub use servers::Servers;
pub use slot::OWED;
pub use slots::LONG;
#[doc(hidden)]
pub use spool::bytes as spool_bytes;
pub use spool::{Failing, Spool, Spools};
pub use target::{Options, Target};
pub use ticket::{ReplyTo, Ticket};
pub use unusable::Unusable;

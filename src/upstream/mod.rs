//! Towards memcached: servers, the connections to them, their health, and the store that lives in the process.

pub mod health;

mod admission;
mod aside;
mod common;
mod connection;
mod deadline;
mod greeting;
mod lane;
mod large;
mod link;
mod mark;
mod member;
mod missed;
mod moved;
mod names;
mod peers;
mod probe;
mod progress;
mod receive;
mod replay;
mod said;
mod server;
mod servers;
mod slot;
mod slots;
mod spool;
mod target;
mod ticket;
mod tokens;

pub use health::Standing;
pub use mark::{Mark, Party};
pub use member::Upstream;
pub use missed::Remembered;
pub use peers::Peers;
pub use server::Server;
pub use servers::Servers;
#[doc(hidden)]
pub use spool::bytes as spool_bytes;
pub use spool::{Failing, Spool, Spools};
pub use target::{Options, Target};
pub use ticket::{ReplyTo, Ticket};

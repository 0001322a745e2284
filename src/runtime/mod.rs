//! What a worker runs on: the turn of its event loop, sockets, names, the memory of its buffers, clock and chance; and
//! files and signals. Knows no request.

pub(crate) mod dns;
pub mod env;
pub mod frames;
pub(crate) mod locked_file;
pub mod memory;
pub(crate) mod net;
mod pace;
pub(crate) mod pieces;
pub(crate) mod secured;
pub(crate) mod side_thread;
pub(crate) mod signals;
pub(crate) mod socket;
pub(crate) mod stream;
pub mod turn;

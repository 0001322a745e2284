//! What a worker runs on: the turn of its event loop, sockets, the memory of its buffers, clock and chance; and files.
//! Knows no request.

pub mod env;
pub mod frames;
pub mod memory;
pub(crate) mod net;
pub(crate) mod pieces;
pub(crate) mod side_thread;
pub mod turn;

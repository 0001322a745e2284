//! What a worker runs on: the turn of its event loop, sockets, the memory of its buffers, clock and chance; and files.
//! Knows no request.

pub mod aside;
pub mod env;
pub mod frames;
pub mod memory;
pub mod net;
pub mod pieces;
pub mod turn;

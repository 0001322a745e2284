//! Towards memcached: whoever can be asked a [`Request`](crate::protocol::request::Request) and answers it.

pub mod embedded;

//! TEMP shim.
#![allow(missing_docs)]
use crate::protocol::*;
#[derive(Clone)] pub struct EmbeddedStore;
impl EmbeddedStore {
    pub fn new(_: u64, _: usize) -> EmbeddedStore { EmbeddedStore }
    pub fn ask(&self, _: &Request, _: std::time::SystemTime) -> Reply { Reply::Miss }
    pub fn flush_all(&self, _: Exptime, _: std::time::SystemTime) {}
}

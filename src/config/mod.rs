//! TEMP shim.
#![allow(missing_docs)]
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
#[derive(Clone)]
pub struct Config { pub listen: Vec<Listen>, pub admin: Option<SocketAddr>, pub workers: usize, pub pools: Vec<Pool>, pub routes: Vec<Route>, pub limits: Limits }
#[derive(Clone)]
pub enum Listen { Tcp(SocketAddr), Unix(PathBuf) }
#[derive(Clone)]
pub struct Pool { pub name: Arc<str>, pub servers: Vec<Server>, pub hash_tag: Option<(u8,u8)>, pub connect_timeout: Duration, pub request_timeout: Duration, pub failures: u32, pub embedded: Embedded }
#[derive(Clone)]
pub struct Embedded { pub max_bytes: usize }
#[derive(Clone)]
pub struct Server { pub name: Arc<str>, pub address: Address, pub weight: u32 }
#[derive(Clone)]
pub enum Address { Tcp { host: String, port: u16 }, Unix(PathBuf), Embedded }
#[derive(Clone)]
pub struct Route { pub prefix: Vec<u8>, pub pool: usize, pub namespace: Vec<u8>, pub allow_flush: bool }
#[derive(Clone, Copy)]
pub struct Limits { pub item_size: usize, pub request_line: usize, pub keys_per_get: usize, pub in_flight: usize, pub connections: usize, pub request_time: Duration, pub unsent_replies: usize, pub memory: usize, pub server_queue: usize }
impl Route { pub fn label(&self) -> String { String::from_utf8_lossy(&self.prefix).into_owned() } }

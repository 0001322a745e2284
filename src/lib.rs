//! leash: a memcached sidecar. It listens as if it were memcached and stands between one application and its pools of
//! memcached servers. This page is the map of the house; `docs/design/architecture.md` says why it is built so.
//!
//! # The way of a request
//!
//! ```text
//!   client ─▶ downstream ─────────────▶ route ────────────────▶ upstream ────────────▶ memcached
//!             intake    bytes read       prefix     whose key?    server   slot, output    (or the embedded
//!             decoder   a Call           namespace  rewritten     turn     written once     store, at once)
//!             dispatch  a place in       pool       slot ▸ server              │
//!                       the order                                              │ meta reply,
//!             replies   sent in order ◀──────────── ticket ◀──── slots, decoder ◀┘ token checked
//! ```
//!
//! [`downstream`] reads a client and asks [`protocol`] for its next [`Call`](protocol::Call). The walk through the tree
//! of [`route`] decides which server of which pool answers, and sends nothing. [`upstream`] puts the request on its one
//! connection to that server and remembers who waits. What was said in one [`turn`] of the event loop leaves together.
//! The [`Reply`](protocol::Reply) finds its place by its [`Ticket`](upstream::Ticket) and leaves when its turn has come.
//!
//! # Who holds what
//!
//! ```text
//!   cli ─▶ config ─▶ app ─┬─▶ shared::Snapshot  what crosses threads: configuration, placements, health, stores
//!                         ├─▶ worker × n        clients, tree and connections of one thread
//!                         └─▶ admin             pages on a thread of their own ─▶ status ─▶ metrics
//! ```
//!
//! [`top`] shows in a terminal what [`fetch`] finds at the admin address of another process.
//! [`demo`] runs an [`app`] inside the process and is a client of it like any other.
//! [`warm`] is a worker without clients:
//! it has a list of keys, and lets the route's own migration bring them over.
//!
//! Imports go down only: downstream, route, upstream, protocol. [`protocol`], [`hash`], [`config`] and [`metrics`] import
//! nothing of the rest.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod admin;
pub mod app;
mod aside;
pub mod busiest;
pub mod cli;
pub mod config;
pub mod demo;
mod descriptors;
pub mod downstream;
pub mod explain;
pub mod fetch;
pub mod gutter;
pub mod hash;
pub mod healthcheck;
pub mod leases;
pub mod logging;
pub mod memory;
pub mod metrics;
pub mod migration;
pub mod net;
pub mod overview;
pub mod page;
pub mod pieces;
pub mod placement;
pub mod protocol;
pub mod readable;
pub mod refresh;
pub mod reloads;
pub mod route;
pub mod shared;
pub mod status;
pub mod top;
pub mod turn;
pub mod upstream;
pub mod warm;
pub mod worker;

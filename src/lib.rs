//! leash: a memcached sidecar. It listens as if it were memcached and stands between one application and its pools of
//! memcached servers. This page is the map of the house; `docs/` says why it is built so.
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
//! of [`route`] decides which server of which pool answers, and sends nothing. [`upstream`] puts the request on a
//! connection to that server and remembers who waits. What was said in one [`turn`](runtime::turn) of the event loop
//! leaves together. The [`Reply`](protocol::Reply) finds its place by its [`Ticket`](upstream::Ticket) and leaves when
//! its turn has come.
//!
//! # The rooms, the top of the house first
//!
//! ```text
//!   commands     the command line: cli, check, route, demo, top, warm, healthcheck
//!   app          the process: start, reload, drain, systemd; a worker is one thread of it
//!   admin        the HTTP address: pages; status/ figures over time, model/ what people are shown, page/ HTML
//!   explain      where does this key go, and what is there?
//!   discovery    the servers of a pool that are found instead of written
//!   snapshot     what crosses threads; tree.rs builds a worker's tree from it
//!   downstream   clients, and the order of their replies
//!   route        the tree; one folder a policy: refresh/, loader/, migration/, gutter/, queue/, each with its deciders in decide
//!   upstream     servers: connections, slots, health, names, spool/
//!   origin       the HTTP endpoint that makes values
//!   queue        durable queues: messages on disk, in order
//!   store        the memcached inside the process
//!   metrics      counters, histograms, `stats`; busiest/ the keys that are asked for most
//!   runtime      the turn of the event loop, sockets, the memory of buffers, files that grow at their end
//!   config       what was written, what it means; its words are those of the leaves below
//!   logging, readable, hash, protocol, tls     leaves: they import nothing of the rest
//! ```
//!
//! Imports go down only; `tests/layers` knows every room and holds that.
// An item that no other crate can name is pub(crate), so that the compiler sees when it is dead.
#![warn(unreachable_pub)]
#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the map is for those who read the source, and is built with private items"
)]

pub mod admin;
pub mod app;
pub mod commands;
pub mod config;
pub mod discovery;
pub(crate) mod downstream;
pub mod explain;
pub mod hash;
pub mod logging;
pub mod metrics;
pub(crate) mod origin;
pub mod protocol;
pub mod queue;
pub mod readable;
pub mod route;
pub mod runtime;
pub mod snapshot;
pub mod store;
pub mod tls;
pub mod upstream;

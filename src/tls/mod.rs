//! TLS: what is read from files of certificates and keys, and the sessions that are held with it. Knows no socket, no
//! server and no client; whoever has those moves the bytes.
//!
//! ```text
//!   files ─▶ ClientTls, for connections to servers ──┐
//!         ─▶ ServerTls, for clients that connect ────┴─▶ TlsSession ─▶ bytes for the wire, bytes in plain
//! ```
//! The cryptography is ring's: it builds with the C compiler that the allocator needs anyway, on amd64 and arm64 and with
//! musl, where aws-lc-rs wants cmake as well. Nothing else is ever installed as a default, so no other crate can change
//! it. TLS 1.2 and 1.3 are spoken; rustls knows nothing older.

mod anyone;
mod client;
mod files;
mod listed;
mod server;
mod session;
mod trouble;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use client::{ClientTls, ClientTlsFiles};
pub use files::TlsFault;
pub use server::{ServerTls, ServerTlsFiles};
pub use session::TlsSession;
pub use trouble::TlsTrouble;

/// Who does the cryptography, on both sides.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

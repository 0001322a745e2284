//! The server's side of TLS: as whom leash shows itself to clients, and which of them it lets in.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::ring::Ticketer;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{ServerConfig, ServerConnection};

use super::client::print;
use super::files::{TlsFault, authorities, chain, no_identity, private_key};
use super::session::TlsSession;
use super::{TlsTrouble, provider};

/// What is said of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTlsFiles {
    /// The certificate, with its chain.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The authorities one of which must know a client, if not everybody is let in.
    pub client_ca: Option<PathBuf>,
}

/// All that a listener needs of it, read. The keys of its tickets are drawn here, so a client that was here before goes
/// on in one round trip, at whichever worker.
pub struct ServerTls {
    files: ServerTlsFiles,
    config: Arc<ServerConfig>,
    /// Of the content of the files.
    print: u128,
}

impl ServerTls {
    /// Reads the files.
    pub fn load(files: ServerTlsFiles) -> Result<ServerTls, TlsFault> {
        let broken = |error: rustls::Error| TlsFault::of("cert", format!("cannot be used: {error}"));
        let identity = (chain("cert", &files.cert)?, private_key("key", &files.key)?);
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(broken)?
            .with_client_cert_verifier(verifier(&files)?)
            .with_single_cert(identity.0, identity.1)
            .map_err(|error| no_identity(&error))?;
        config.ticketer = Ticketer::new().map_err(broken)?;
        let print =
            print([("cert", Some(&files.cert)), ("key", Some(&files.key)), ("client_ca", files.client_ca.as_ref())])?;
        Ok(ServerTls { files, config: Arc::new(config), print })
    }

    /// A session with a client that has just connected.
    pub fn session(&self) -> Result<TlsSession, TlsTrouble> {
        let connection = ServerConnection::new(self.config.clone());
        connection.map(|connection| TlsSession::new(connection.into())).map_err(|error| TlsTrouble::with_client(&error))
    }

    /// What was written.
    pub fn files(&self) -> &ServerTlsFiles {
        &self.files
    }
}

impl ServerTlsFiles {
    /// All files.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.cert, &self.key].into_iter().chain(&self.client_ca)
    }
}

/// The same if it was read from files of the same names and content.
impl PartialEq for ServerTls {
    fn eq(&self, other: &ServerTls) -> bool {
        self.files == other.files && self.print == other.print
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.fmt(f)
    }
}

fn verifier(files: &ServerTlsFiles) -> Result<Arc<dyn ClientCertVerifier>, TlsFault> {
    let Some(path) = &files.client_ca else { return Ok(Arc::new(NoClientAuth)) };
    let roots = Arc::new(authorities("client_ca", path)?);
    let built = WebPkiClientVerifier::builder_with_provider(roots, provider()).build();
    built.map_err(|error| TlsFault::of("client_ca", format!("cannot be used: {error}")))
}

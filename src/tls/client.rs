//! The client's side of TLS: how servers are verified, and as whom leash shows itself to them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use xxhash_rust::xxh3::Xxh3;

use super::anyone::AnyServer;
use super::files::{TlsFault, authorities, authorities_of_machine, chain, no_identity, private_key, read};
use super::listed::ListedServer;
use super::session::TlsSession;
use super::{TlsTrouble, provider};

/// What is said of connections to servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientTlsFiles {
    /// The authorities by which servers are verified; `None`: those of this machine.
    pub ca: Option<PathBuf>,
    /// The certificate, with its chain, and the key by which leash shows itself, if servers want to know.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name that certificates must have; `None`: that of the server's address.
    pub server_name: Option<String>,
    /// Whether any certificate is taken.
    pub takes_any: bool,
}

/// All that connections to servers need of it, read. Sessions are remembered here, so that the next connection to a
/// server goes on with the last one, without certificates and signatures.
pub struct ClientTls {
    files: ClientTlsFiles,
    server_name: Option<ServerName<'static>>,
    config: Arc<ClientConfig>,
    /// Of the content of the files.
    print: u128,
}

impl ClientTls {
    /// Reads the files.
    pub fn load(files: ClientTlsFiles) -> Result<ClientTls, TlsFault> {
        let server_name = files.server_name.as_deref().map(|name| named("server_name", name)).transpose()?;
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsFault::of("ca", format!("no TLS here: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(verifier(&files)?);
        let config = match &files.identity {
            None => config.with_no_client_auth(),
            Some((cert, key)) => {
                let identity = (chain("cert", cert)?, private_key("key", key)?);
                let config = config.with_client_auth_cert(identity.0, identity.1);
                let mut config = config.map_err(|error| no_identity(&error))?;
                // A memcached that asks for certificates ends the handshake at any session it gave out, unless it runs
                // with ssl_session_cache.
                config.resumption = Resumption::disabled();
                config
            }
        };
        let print = print([("ca", files.ca.as_ref()), ("cert", files.cert()), ("key", files.key())])?;
        Ok(ClientTls { files, server_name, config: Arc::new(config), print })
    }

    /// A session with the server at `host`, whose certificate must have this name unless another one was written.
    pub fn session(&self, host: &str) -> Result<TlsSession, TlsTrouble> {
        let name = match &self.server_name {
            Some(name) => name.clone(),
            None => named("server_name", host).map_err(|fault| TlsTrouble::of(fault.text))?,
        };
        let connection = ClientConnection::new(self.config.clone(), name);
        connection.map(|connection| TlsSession::new(connection.into())).map_err(|error| TlsTrouble::with_server(&error))
    }

    /// The same for who holds sessions itself, and offers these protocols, the best one first.
    pub(crate) fn offering(&self, protocols: &[&[u8]]) -> Arc<ClientConfig> {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }

    /// What was written.
    pub fn files(&self) -> &ClientTlsFiles {
        &self.files
    }
}

impl ClientTlsFiles {
    /// The file of the certificate.
    pub fn cert(&self) -> Option<&PathBuf> {
        self.identity.as_ref().map(|(cert, _)| cert)
    }

    /// The file of the key.
    pub fn key(&self) -> Option<&PathBuf> {
        self.identity.as_ref().map(|(_, key)| key)
    }

    /// All files.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.ca.iter().chain(self.cert()).chain(self.key())
    }
}

/// The same if it was read from files of the same names and content.
impl PartialEq for ClientTls {
    fn eq(&self, other: &ClientTls) -> bool {
        self.files == other.files && self.print == other.print
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.fmt(f)
    }
}

fn verifier(files: &ClientTlsFiles) -> Result<Arc<dyn ServerCertVerifier>, TlsFault> {
    if files.takes_any {
        return Ok(Arc::new(AnyServer(provider())));
    }
    let (roots, listed) = match &files.ca {
        Some(path) => (authorities("ca", path)?, chain("ca", path)?),
        None => (authorities_of_machine()?, Vec::new()),
    };
    let by_authority = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| TlsFault::of("ca", format!("cannot be used: {error}")))?;
    Ok(Arc::new(ListedServer { by_authority, listed }))
}

fn named(key: &'static str, name: &str) -> Result<ServerName<'static>, TlsFault> {
    ServerName::try_from(name.to_string()).map_err(|_| {
        TlsFault::of(key, format!("{name:?} is no name that a certificate can have; write server_name: m0.example.com"))
    })
}

/// Tells two contents of the same files apart.
pub(super) fn print<const N: usize>(files: [(&'static str, Option<&PathBuf>); N]) -> Result<u128, TlsFault> {
    let mut print = Xxh3::new();
    for (key, path) in files {
        let content = path.map(|path| read(key, path)).transpose()?.unwrap_or_default();
        print.update(&(content.len() as u64).to_le_bytes());
        print.update(&content);
    }
    Ok(print.digest128())
}

//! Whether an endpoint can be reached: a connection as for a request, over TLS where it has it, and nothing asked on it.

use std::io;
use std::net::SocketAddr;

use rustls::{CertificateError, Error, ProtocolVersion};

use super::connect::Connector;
use super::wire::Socket;
use crate::config::Loader;

/// What was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    /// Which of the addresses of its name; `None` for a unix socket.
    pub address: Option<SocketAddr>,
    /// The version of TLS, where that is spoken.
    pub tls: Option<&'static str>,
    /// The protocol that TLS agreed on, such as `h2`.
    pub protocol: Option<String>,
}

/// Reaches the endpoint of a loader, or says why it cannot be reached.
pub(crate) async fn look(loader: &Loader) -> Result<Reached, String> {
    let connector = Connector::new(loader).map_err(|fault| fault.text)?;
    match connector.connect().await {
        Ok(Socket::Unix(_)) => Ok(Reached::default()),
        Ok(Socket::Tcp(stream)) => Ok(Reached { address: stream.peer_addr().ok(), ..Reached::default() }),
        Ok(Socket::Tls(stream)) => {
            let (stream, session) = stream.get_ref();
            let protocol = session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
            let tls = session.protocol_version().map(version);
            Ok(Reached { address: stream.peer_addr().ok(), tls, protocol })
        }
        Err(error) => Err(reason(&error, loader)),
    }
}

fn version(version: ProtocolVersion) -> &'static str {
    if version == ProtocolVersion::TLSv1_2 { "1.2" } else { "1.3" }
}

fn reason(error: &io::Error, loader: &Loader) -> String {
    if error.kind() == io::ErrorKind::TimedOut {
        return format!("no connection within {:?}, its connect_timeout", loader.connect_timeout);
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidMessage(_)) => "it answers, but not in TLS: write http://, or let it speak TLS".into(),
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "its certificate is signed by nobody who is trusted here: write the file of its authority as ca".into()
        }
        _ => error.to_string(),
    }
}

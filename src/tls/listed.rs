//! Verifies servers by authorities, and takes a server that shows one of the listed certificates itself.
//!
//! `openssl req -x509` makes a certificate that is its own authority, which memcached is given as `ssl_chain_cert` and
//! leash as `ca`. Strictly an authority is no server, and rustls refuses it. Who lists it trusts it: it may serve, under
//! the names that it has and as long as it is valid.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

/// Verifies by authorities, which may serve themselves.
#[derive(Debug)]
pub(super) struct ListedServer {
    /// Verifies all others.
    pub by_authority: Arc<WebPkiServerVerifier>,
    /// The certificates that were listed.
    pub listed: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for ListedServer {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        status: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.by_authority.verify_server_cert(shown, between, name, status, now);
        match verified {
            Err(error) if is_only_its_own_authority(&error) && self.listed.iter().any(|listed| listed == shown) => {
                verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authority.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authority.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_authority.supported_verify_schemes()
    }
}

/// Whether nothing else speaks against the certificate so far: its dates are looked at before this, its names are not.
fn is_only_its_own_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref::<webpki::Error>(), Some(webpki::Error::CaUsedAsEndEntity))
}

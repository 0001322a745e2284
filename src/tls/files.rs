//! Certificates and keys in PEM files: read, and refused with the name of the setting and what to do.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A longer file is no certificate: all authorities of a machine together take a fifth of it.
const LONGEST: u64 = 1 << 20;

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFault {
    /// The key of the setting: `ca`, `cert`, `key`, `client_ca` or `server_name`.
    pub key: &'static str,
    /// What is wrong, and the cure.
    pub text: String,
}

impl TlsFault {
    /// This is wrong with the setting of this name.
    pub(super) fn of(key: &'static str, text: impl Into<String>) -> TlsFault {
        TlsFault { key, text: text.into() }
    }
}

/// Reads a whole file that a setting names.
pub(super) fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsFault> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let shown = path.display();
    match read() {
        Ok(bytes) if bytes.len() as u64 > LONGEST => {
            Err(TlsFault::of(key, format!("{shown} is longer than 1 MiB; write the path of a PEM file")))
        }
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(TlsFault::of(key, format!("{shown} cannot be read: {error}"))),
    }
}

/// The certificates in a file, the own one first.
pub(super) fn chain(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let bytes = read(key, path)?;
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(chain) if chain.is_empty() => {
            let text = "holds no certificate; it must begin with -----BEGIN CERTIFICATE-----";
            Err(TlsFault::of(key, format!("{} {text}", path.display())))
        }
        Ok(chain) => Ok(chain),
        Err(error) => Err(TlsFault::of(key, format!("{} is no PEM file: {error}", path.display()))),
    }
}

/// The private key in a file.
pub(super) fn private_key(key: &'static str, path: &Path) -> Result<PrivateKeyDer<'static>, TlsFault> {
    let bytes = read(key, path)?;
    let is_locked = bytes.windows(9).any(|part| part == b"ENCRYPTED");
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| {
        let shown = path.display();
        TlsFault::of(
            key,
            match error {
                _ if is_locked => {
                    format!("{shown} is locked by a passphrase; write it without: openssl pkey -in {shown}")
                }
                pem::Error::NoItemsFound => format!("{shown} holds no private key; it may be the file of cert"),
                error => format!("{shown} is no PEM file: {error}"),
            },
        )
    })
}

/// The authorities in a file.
pub(super) fn authorities(key: &'static str, path: &Path) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(key, path)? {
        roots
            .add(certificate)
            .map_err(|error| TlsFault::of(key, format!("{} holds a broken certificate: {error}", path.display())))?;
    }
    Ok(roots)
}

/// The authorities that this machine trusts.
pub(super) fn authorities_of_machine() -> Result<RootCertStore, TlsFault> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Machines have some that are too odd for anybody; only having none at all is a fault.
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
        let cure = "install ca-certificates, or write ca: and the path of the server's authority";
        return Err(TlsFault::of("ca", format!("this machine has no certificates of authorities{why}; {cure}")));
    }
    Ok(roots)
}

/// Why a certificate and a key do not make an identity.
pub(super) fn no_identity(error: &rustls::Error) -> TlsFault {
    let text = match error {
        rustls::Error::InconsistentKeys(_) => {
            "is not the key of the certificate in cert; write the one it was made with".into()
        }
        error => format!("cannot be used: {error}"),
    };
    TlsFault::of("key", text)
}

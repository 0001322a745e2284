//! An authority of a test, and the certificates that it signs: good ones, and ones that are wrong in one way.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use tempfile::TempDir;

/// An authority, and the directory in which its files lie until it is dropped.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

/// The files of a certificate and its key.
pub struct Identity {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    /// One that nobody knows yet.
    pub fn new(name: &str) -> Authority {
        let mut params = params(&[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Authority { issuer, directory }
    }

    /// The file of its own certificate.
    pub fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// The text of it.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A file of its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Signs a certificate for these names, in files that begin with `file`.
    pub fn signs(&self, file: &str, names: &[&str]) -> Identity {
        self.signs_with(file, params(names))
    }

    /// The same, over since the last day of 2001.
    pub fn signs_expired(&self, file: &str, names: &[&str]) -> Identity {
        let mut params = params(names);
        (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 12, 31));
        self.signs_with(file, params)
    }

    fn signs_with(&self, file: &str, mut params: CertificateParams) -> Identity {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        self.writes(file, &certificate.pem(), &key.serialize_pem())
    }

    /// A certificate that is its own authority, as `openssl req -x509` makes it.
    pub fn self_signed(&self, file: &str, names: &[&str]) -> Identity {
        let mut params = params(names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        self.writes(file, &certificate.pem(), &key.serialize_pem())
    }

    /// Puts both files in place, each whole at once.
    fn writes(&self, file: &str, certificate: &str, key: &str) -> Identity {
        let put = |name: String, text: &str| {
            let next = self.path("next");
            fs::write(&next, text).unwrap();
            let path = self.path(&name);
            fs::rename(next, &path).unwrap();
            path
        };
        Identity { cert: put(format!("{file}.pem"), certificate), key: put(format!("{file}.key"), key) }
    }
}

impl Identity {
    /// The arguments by which memcached takes it.
    pub fn arguments(&self) -> Vec<String> {
        let files = format!("ssl_chain_cert={},ssl_key={}", shown(&self.cert), shown(&self.key));
        vec!["-Z".to_string(), "-o".to_string(), files]
    }
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

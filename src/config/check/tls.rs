//! `tls` and `auth` of a pool: files that can be read and belong together, and nothing unsafe without a warning.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::setting::{switch, text};
use crate::config::checked::{Address, Credentials, LONGEST_WORD, ServerConfig};
use crate::config::fields::Scalar;
use crate::config::problem::{Problems, plain};
use crate::config::written;
use crate::tls::{ClientTls, ClientTlsFiles};

const ANYBODY: &str = "verify: false takes any certificate, so whoever is between leash and the servers may read and \
                       change everything; write ca: and the path of their authority instead";

/// Checks the TLS of one pool.
pub(super) fn client(
    written: &written::PoolTls,
    servers: &[ServerConfig],
    problems: &mut Problems,
    warnings: &mut Problems,
) -> Option<Arc<ClientTls>> {
    let verify = switch(written.verify.as_ref(), true, problems);
    let identity = match (path(written.cert.as_ref(), problems), path(written.key.as_ref(), problems)) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (Some(_), None) => return missing(written, "key", "write the file of the key of cert", problems),
        (None, Some(_)) => return missing(written, "cert", "write the file of the certificate of key", problems),
        (None, None) => None,
    };
    let server_name = text(written.server_name.as_ref(), problems).map(str::to_string);
    if !verify {
        warnings.add(written.verify.as_ref().map_or(&written.place, |verify| &verify.place), ANYBODY);
    } else if server_name.is_none() && servers.iter().any(|server| matches!(server.address, Address::Unix(_))) {
        return missing(written, "server_name", "the path of a unix socket stands in no certificate", problems);
    }
    let ca = path(written.ca.as_ref(), problems);
    match ClientTls::load(ClientTlsFiles { ca, identity, server_name, takes_any: !verify }) {
        Ok(tls) => Some(Arc::new(tls)),
        Err(fault) => {
            let scalar = match fault.key {
                "ca" => &written.ca,
                "cert" => &written.cert,
                "key" => &written.key,
                _ => &written.server_name,
            };
            problems.add(scalar.as_ref().map_or(&written.place, |scalar| &scalar.place), fault.text);
            None
        }
    }
}

fn missing(written: &written::PoolTls, key: &str, cure: &str, problems: &mut Problems) -> Option<Arc<ClientTls>> {
    problems.missing(&written.place, key, cure);
    None
}

/// Checks the password of one pool.
pub(super) fn auth(written: &written::PoolAuth, problems: &mut Problems) -> Option<Arc<Credentials>> {
    if written.user.is_none() {
        problems.missing(&written.place, "user", "write the name before the colon in the file of memcached -Y");
    }
    if written.password_file.is_none() {
        problems.missing(&written.place, "password_file", "write the path of a file that holds the password alone");
    }
    let user = text(written.user.as_ref(), problems)?;
    let file = path(written.password_file.as_ref(), problems)?;
    if let Err(wrong) = word(user, "a user") {
        problems.add(&written.user.as_ref()?.place, wrong);
        return None;
    }
    let read = fs::read_to_string(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()));
    let password = read.and_then(|read| {
        let password = read.trim_end_matches(['\r', '\n']);
        word(password, "a password").map(|()| password.to_string())
    });
    match password {
        Ok(password) => {
            let shown = written.user.as_ref().and_then(|user| user.masked.clone()).unwrap_or_else(|| user.into());
            Some(Arc::new(Credentials::new(user.into(), shown, file, password)))
        }
        Err(wrong) => {
            problems.add(&written.password_file.as_ref()?.place, wrong);
            None
        }
    }
}

/// memcached takes what stands between spaces. What is wrong is told, never the word itself.
fn word(word: &str, what: &str) -> Result<(), String> {
    if word.is_empty() || word.len() > LONGEST_WORD {
        return Err(format!("{what} of {} bytes; memcached takes 1 to {LONGEST_WORD}", word.len()));
    }
    if word.bytes().any(|b| b <= b' ' || b == 0x7f) {
        return Err(format!(
            "{what} with a space, a line break or a control character; memcached takes none, choose another"
        ));
    }
    Ok(())
}

/// The path of a file.
pub(super) fn path(written: Option<&Scalar>, problems: &mut Problems) -> Option<PathBuf> {
    let path = text(written, problems)?;
    if path.is_empty() || path.contains('\0') {
        problems.add(&written?.place, format!("{} is no path; write one such as /etc/leash/ca.pem", plain(path)));
        return None;
    }
    Some(path.into())
}

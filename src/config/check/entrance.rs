//! What stands at a listener: its certificate, its users, what it allows, its namespace, the rights of its socket.

use std::fs;
use std::sync::Arc;

use super::routes::key_part;
use super::setting::text;
use super::tls::path;
use crate::config::checked::{Allow, Entrance, Users};
use crate::config::fields::Scalar;
use crate::config::problem::{Problems, instead, plain};
use crate::config::written;
use crate::tls::{ServerTls, ServerTlsFiles};

/// Checks the entrance of one listener.
pub(super) fn check(written: &written::Listen, problems: &mut Problems) -> Entrance {
    Entrance {
        tls: written.tls.as_ref().and_then(|written| tls(written, problems)),
        users: users(written.auth_file.as_ref(), problems),
        allow: allow(written.allow.as_deref(), written, problems),
        namespace: key_part(written.namespace.as_ref(), problems).unwrap_or_default(),
        mode: of_unix("mode", written.mode.as_ref(), written, problems, mode),
        group: of_unix("group", written.group.as_ref(), written, problems, group),
    }
}

fn tls(written: &written::ListenTls, problems: &mut Problems) -> Option<Arc<ServerTls>> {
    if written.cert.is_none() {
        problems.missing(&written.place, "cert", "write the path of the certificate, with its chain");
    }
    if written.key.is_none() {
        problems.missing(&written.place, "key", "write the path of the certificate's key");
    }
    let client_ca = path(written.client_ca.as_ref(), problems);
    let (cert, key) = (path(written.cert.as_ref(), problems)?, path(written.key.as_ref(), problems)?);
    ServerTls::load(ServerTlsFiles { cert, key, client_ca })
        .map_err(|fault| {
            let scalar = match fault.key {
                "cert" => &written.cert,
                "key" => &written.key,
                _ => &written.client_ca,
            };
            problems.add(scalar.as_ref().map_or(&written.place, |scalar| &scalar.place), fault.text);
        })
        .ok()
        .map(Arc::new)
}

fn users(written: Option<&Scalar>, problems: &mut Problems) -> Option<Arc<Users>> {
    let file = path(written, problems)?;
    let read = fs::read_to_string(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()));
    match read.and_then(|text| Users::read(file, &text)) {
        Ok(users) => Some(Arc::new(users)),
        Err(wrong) => {
            problems.add(&written?.place, wrong);
            None
        }
    }
}

fn allow(words: Option<&[Option<Scalar>]>, written: &written::Listen, problems: &mut Problems) -> Allow {
    let Some(words) = words else { return Allow::default() };
    if words.is_empty() {
        problems.add(&written.place.key("allow", written.place.mark), "an empty list allows nothing; write [read]");
    }
    let mut allowed = Allow::NONE;
    for scalar in words.iter().flatten() {
        match Allow::ALL.iter().find(|(word, _)| *word == scalar.text) {
            Some((_, one)) => allowed = allowed.and(*one),
            None => {
                let cure = instead(&scalar.text, Allow::ALL.iter().map(|(word, _)| *word));
                problems.add(&scalar.place, format!("unknown value {}, {cure}", plain(&scalar.text)));
            }
        }
    }
    allowed
}

/// What only unix sockets have.
fn of_unix(
    key: &str,
    scalar: Option<&Scalar>,
    written: &written::Listen,
    problems: &mut Problems,
    read: fn(&Scalar, &mut Problems) -> Result<u32, String>,
) -> Option<u32> {
    let scalar = scalar?;
    if written.unix.is_none() {
        problems.add(&scalar.place, format!("only unix sockets have a {key}; remove it, or write unix: /path"));
        return None;
    }
    read(scalar, problems).map_err(|wrong| problems.add(&scalar.place, wrong)).ok()
}

/// Octal, however YAML reads it.
fn mode(scalar: &Scalar, _: &mut Problems) -> Result<u32, String> {
    let digits = scalar.text.trim_start_matches("0o").trim_start_matches('0');
    let is_octal = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
    let mode = u32::from_str_radix(digits, 8).ok().filter(|_| is_octal);
    mode.ok_or_else(|| format!("{} are no rights; write three octal digits, such as \"0660\"", plain(&scalar.text)))
}

fn group(scalar: &Scalar, problems: &mut Problems) -> Result<u32, String> {
    if let Ok(number) = scalar.text.parse() {
        return Ok(number);
    }
    let name = text(Some(scalar), problems).unwrap_or_default();
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let found = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?
    });
    found.ok_or_else(|| format!("/etc/group has no group {}; write the name of one, or a number", plain(name)))
}

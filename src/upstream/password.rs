//! The first word on a connection to a memcached that asks for a password (`-Y`): a `set` of user and password, which
//! such a server takes for just that. Key, flags and exptime say nothing to it.
//!
//! A memcached that asks for none would store it where every client can read it. So the exptime is negative: to that one
//! the item has expired before it is there.

use std::future::poll_fn;

use bytes::BytesMut;

use super::own_words::OwnWords;
use super::unusable::Unusable;
use crate::config::Credentials;
use crate::protocol::{Cause, Output};
use crate::runtime::stream::{Reader, Writer};

/// The longest answer that is waited for.
const LONGEST: usize = 2048;
/// Of it no more is quoted.
const QUOTED: usize = 200;

/// Has the server let leash in.
pub(super) async fn log_in(
    auth: &Credentials,
    own_words: &OwnWords,
    reader: &mut Reader,
    writer: &Writer,
) -> Result<(), Unusable> {
    let mut output = Output::default();
    let token = auth.token();
    output.text().extend_from_slice(format!("set leash 0 -1 {}\r\n", token.len()).as_bytes());
    output.text().extend_from_slice(&token);
    output.text().extend_from_slice(b"\r\n");
    writer.write(&mut output).map_err(|_| Cause::Disconnected)?;
    match line(reader).await?.as_ref() {
        "STORED" => Ok(()),
        said => {
            own_words.refused(Cause::Auth, printable(said).as_bytes());
            let (said, user) = (said.chars().take(QUOTED).collect::<String>(), &auth.shown_user);
            let file = auth.password_file.display();
            Err(Unusable::not_let_in(format!("it refuses user {user:?} with the password in {file}: it says {said:?}")))
        }
    }
}

/// It goes into replies, where a control character could be a line end.
fn printable(said: &str) -> String {
    said.chars().filter(|c| !c.is_control()).collect()
}

/// One line, without its end.
async fn line(reader: &mut Reader) -> Result<String, Unusable> {
    let mut buffer = BytesMut::with_capacity(LONGEST);
    loop {
        let read = poll_fn(|cx| reader.poll_read(cx, &mut buffer)).await;
        if read.map_err(|error| lost(&error))? == 0 {
            return Err(Cause::Disconnected.into());
        }
        if let Some(end) = memchr::memchr(b'\n', &buffer) {
            return Ok(String::from_utf8_lossy(&buffer[..end]).trim_end().to_string());
        }
        if buffer.len() >= LONGEST {
            return Err(Cause::Desync.into());
        }
    }
}

/// A connection that ended on the first word. Over TLS 1.3 a server says only then that it does not know leash's
/// certificate.
pub(super) fn lost(error: &std::io::Error) -> Unusable {
    match error.get_ref().filter(|inner| inner.is::<crate::tls::TlsTrouble>()) {
        Some(trouble) => Unusable::no_tls(trouble),
        None => Cause::Disconnected.into(),
    }
}

//! One page of an admin address, fetched: for commands that ask a leash which already serves. The whole of it has a
//! bound, in time and in bytes, even if something else than leash listens there.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::problem::plain;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// More than any page of a leash has: hundreds of servers and routes.
const LARGEST: usize = 8 * 1024 * 1024;

/// Why there is no page. The address is for the caller to name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPage {
    /// No process listens, or the connection was lost.
    #[error("{0}")]
    Unreachable(#[from] io::Error),
    /// A process listens and is silent.
    #[error("no answer within {PATIENCE:?}")]
    Late,
    /// A process listens that does not speak HTTP.
    #[error("the answer is not HTTP; is that the admin address?")]
    NotHttp,
    /// There is an answer, and it is no page.
    #[error("status {}: {}", .0.as_u16(), plain(.1))]
    Refused(StatusCode, String),
    /// There is more of it than leash would say.
    #[error("the answer has more than {} MiB; is that the admin address?", LARGEST >> 20)]
    TooLarge,
}

/// What the page at `path`, such as `/livez`, says.
pub(crate) async fn fetch(admin: SocketAddr, path: &str) -> Result<String, NoPage> {
    timeout(PATIENCE, exchange(admin, path)).await.unwrap_or(Err(NoPage::Late))
}

/// Who listens on every address is reached on loopback.
pub(crate) fn reachable(admin: SocketAddr) -> SocketAddr {
    match admin.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), admin.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), admin.port()),
        _ => admin,
    }
}

async fn exchange(admin: SocketAddr, path: &str) -> Result<String, NoPage> {
    let stream = TcpStream::connect(reachable(admin)).await?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // The connection ends when the sender is gone; what goes wrong with it shows in the answer.
    let (answer, _) = tokio::join!(get(sender, admin, path), connection);
    answer
}

async fn get(mut sender: SendRequest<Empty<Bytes>>, admin: SocketAddr, path: &str) -> Result<String, NoPage> {
    let request = Request::get(path).header(HOST, admin.to_string()).body(Empty::new());
    let answer = sender.send_request(request.map_err(io::Error::other)?).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), LARGEST).collect().await.map_err(no_body)?;
    let said = String::from_utf8_lossy(&body.to_bytes()).trim().to_string();
    if status == StatusCode::OK { Ok(said) } else { Err(NoPage::Refused(status, said)) }
}

fn no_body(error: Box<dyn Error + Send + Sync>) -> NoPage {
    if error.is::<LengthLimitError>() {
        NoPage::TooLarge
    } else {
        NoPage::Unreachable(io::ErrorKind::UnexpectedEof.into())
    }
}

impl From<hyper::Error> for NoPage {
    fn from(error: hyper::Error) -> NoPage {
        match error.source().and_then(|cause| cause.downcast_ref::<io::Error>()) {
            Some(cause) => NoPage::Unreachable(cause.kind().into()),
            None => NoPage::NotHttp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// What is made of an answer; the server hangs up after it.
    fn fetched(answer: Vec<u8>) -> Result<String, String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            assert!(request.starts_with(b"GET /status HTTP/1.1\r\nhost: "));
            // The reader hangs up once it has read enough.
            let _ = stream.write_all(&answer);
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let said = runtime.block_on(fetch(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port), "/status"));
        server.join().unwrap();
        said.map_err(|why| why.to_string())
    }

    #[test]
    fn a_page_is_what_comes_with_status_200() {
        assert_eq!(fetched(b"HTTP/1.0 200 OK\r\n\r\nok\n".to_vec()), Ok("ok".into()));
        assert_eq!(fetched(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nokay".to_vec()), Ok("oka".into()));
        let refused = fetched(b"HTTP/1.1 503 x\r\ncontent-length: 8\r\n\r\nhidden\x1b\n".to_vec());
        assert_eq!(refused, Err("status 503: hidden\\u{1b}".into()));
    }

    #[test]
    fn what_is_no_page_is_told_apart() {
        let not_http = Err("the answer is not HTTP; is that the admin address?".to_string());
        assert_eq!(fetched(b"ERROR\r\n".to_vec()), not_http);
        assert_eq!(fetched(Vec::new()), not_http);
        let endless = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; LARGEST + 1]].concat();
        assert_eq!(fetched(endless), Err("the answer has more than 8 MiB; is that the admin address?".into()));
        let half = fetched(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\no".to_vec());
        assert_eq!(half, Err("unexpected end of file".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_silent_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let said = fetch(listener.local_addr().unwrap(), "/status").await;
        assert_eq!(said.unwrap_err().to_string(), "no answer within 2s");
    }

    #[test]
    fn who_listens_everywhere_is_reached_on_loopback() {
        let reached = |admin: &str| reachable(admin.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:11291"), "127.0.0.1:11291");
        assert_eq!(reached("[::]:11291"), "[::1]:11291");
        assert_eq!(reached("10.0.0.7:11291"), "10.0.0.7:11291");
    }
}

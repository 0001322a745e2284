//! `leash healthcheck`: asks the leash that serves on this machine whether it is alive, for whoever can only run a
//! command (Docker's HEALTHCHECK).

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// More of an answer than this is not read.
const MOST: u64 = 4096;

/// Asks `/livez` at `admin`. What it says if all is well, or what is wrong.
pub fn ask(admin: SocketAddr) -> Result<String, String> {
    let address = reachable(admin);
    let answer = exchange(address).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            format!("http://{address}/livez: no answer within {PATIENCE:?}")
        }
        _ => format!("http://{address}/livez: {error}"),
    })?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let said = body.trim();
    match head.split(' ').nth(1) {
        Some("200") if head.starts_with("HTTP/1.") => Ok(format!("http://{address}/livez: {said}")),
        Some(status) if head.starts_with("HTTP/1.") => Err(format!("http://{address}/livez: status {status}: {said}")),
        _ => Err(format!("http://{address}/livez: the answer is not HTTP; is that the admin address?")),
    }
}

/// Who listens on every address is reached on loopback.
fn reachable(admin: SocketAddr) -> SocketAddr {
    match admin.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), admin.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), admin.port()),
        _ => admin,
    }
}

fn exchange(address: SocketAddr) -> io::Result<String> {
    let end = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /livez HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = Vec::new();
    while (answer.len() as u64) < MOST {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk)? {
            0 => break,
            n => answer.extend_from_slice(&chunk[..n]),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn answered_by(answer: &'static str) -> Result<String, String> {
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
            assert!(request.starts_with(b"GET /livez HTTP/1.0\r\nHost: 127.0.0.1:"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let said = ask(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port));
        server.join().unwrap();
        said.map(|text| text.replace(&port.to_string(), "PORT")).map_err(|text| text.replace(&port.to_string(), "PORT"))
    }

    #[test]
    fn what_leash_says_of_itself_decides() {
        assert_eq!(answered_by("HTTP/1.0 200 OK\r\n\r\nok\n"), Ok("http://127.0.0.1:PORT/livez: ok".into()));
        let stuck = answered_by("HTTP/1.1 503 Service Unavailable\r\nx: y\r\n\r\nnot alive: stuck\n");
        assert_eq!(stuck, Err("http://127.0.0.1:PORT/livez: status 503: not alive: stuck".into()));
        let other = Err("http://127.0.0.1:PORT/livez: the answer is not HTTP; is that the admin address?".to_string());
        assert_eq!(answered_by("ERROR\r\n"), other);
        assert_eq!(answered_by(""), other);
    }

    #[test]
    fn who_listens_everywhere_is_reached_on_loopback() {
        let reached = |admin: &str| reachable(admin.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:9411"), "127.0.0.1:9411");
        assert_eq!(reached("[::]:9411"), "[::1]:9411");
        assert_eq!(reached("10.0.0.7:9411"), "10.0.0.7:9411");
    }
}

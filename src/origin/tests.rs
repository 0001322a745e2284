//! What becomes of answers, over real sockets: the endpoint is a thread that says what the test says.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use super::*;
use crate::config::{LoaderUrl, UrlPiece};
use crate::runtime::memory::{Memory, Share};

const MOST: usize = 1000;

/// What one connection does with its requests: a part of each of these is said to the next, then it ends.
type Says = Vec<Vec<u8>>;

fn loader(port: u16) -> Loader {
    let url = LoaderUrl {
        written: String::new(),
        endpoint: Endpoint::Http { host: "127.0.0.1".into(), port },
        authority: format!("127.0.0.1:{port}"),
        pieces: vec![UrlPiece::Text("/".into()), UrlPiece::Key],
    };
    let short = Duration::from_millis(500);
    Loader { connect_timeout: short, first_byte_timeout: short, timeout: short, ..Loader::of(url) }
}

fn read_request(stream: &mut impl Read) -> Option<String> {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
    }
    Some(String::from_utf8(request).unwrap())
}

/// Serves the connections one after the other, and returns the port and how many requests came.
fn endpoint(connections: Vec<Says>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = asked.clone();
    std::thread::spawn(move || {
        for says in connections {
            let mut stream = listener.accept().unwrap().0;
            for answer in says {
                if read_request(&mut stream).is_none() {
                    break;
                }
                counted.fetch_add(1, Relaxed);
                // The reader may have hung up.
                let _ = stream.write_all(&answer);
            }
        }
    });
    (port, asked)
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// What is made of one answer, by which its connection ends.
fn made_of(answer: &[u8]) -> String {
    let (port, _) = endpoint(vec![vec![answer.to_vec()]]);
    let origin = OriginClient::new(&loader(port), MOST).unwrap();
    told(run(origin.ask("/k", Some("\"e\""), &Holder::unbounded())))
}

fn told(answer: Result<OriginAnswer, NoValue>) -> String {
    match answer {
        Ok(OriginAnswer::Value(body, _)) => format!("value {}", String::from_utf8_lossy(&body)),
        Ok(OriginAnswer::Unchanged(_)) => "unchanged".into(),
        Ok(OriginAnswer::Absent) => "absent".into(),
        Err(trouble) => format!("{trouble:?}"),
    }
}

#[test]
fn only_a_whole_answer_that_is_as_announced_is_a_value() {
    let long_head = format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 1\r\n\r\na", "y".repeat(LONGEST_HEAD));
    let many = format!("HTTP/1.1 200 OK\r\n{}content-length: 1\r\n\r\na", "x: y\r\n".repeat(MOST_HEADERS));
    let large = "a".repeat(MOST + 1);
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", "value abc"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "value "),
        ("HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc", "value abc"),
        ("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc", "value abc"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "value abc"),
        ("HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", "value abc"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", "Broken"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcd", "Broken"),
        ("HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabcd", "Broken"),
        ("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabcd", "Broken"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "Broken"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nx", "Broken"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nz\r\nabc\r\n0\r\n\r\n", "Broken"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd", "Broken"),
        ("HTTP/1.1 200 OK\r\ncontent-length: -3\r\n\r\nabc", "Broken"),
        ("HTTP/1.1 200 OK\r\n\r\nabc", "Endless"),
        ("HTTP/1.0 200 OK\r\n\r\nabc", "Endless"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\nabc", "TooLarge"),
        (&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{large}", MOST + 1), "TooLarge"),
        (
            &format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n", MOST + 1),
            "TooLarge",
        ),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", "unchanged"),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nabc", "absent"),
        ("HTTP/1.1 410 Gone\r\n\r\n", "absent"),
        ("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/x\r\ncontent-length: 0\r\n\r\n", "Status(302)"),
        ("HTTP/1.1 204 No Content\r\n\r\n", "Status(204)"),
        ("HTTP/1.1 206 Partial Content\r\ncontent-length: 1\r\n\r\na", "Status(206)"),
        ("HTTP/1.1 500 x\r\ncontent-length: 3\r\n\r\nabc", "Status(500)"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\nleash-flags: \u{fc}\r\n\r\na", "Broken"),
        ("hello\r\n", "Broken"),
        ("", "Broken"),
        (&long_head, "Broken"),
        (&many, "Broken"),
    ] {
        assert_eq!(made_of(answer.as_bytes()), expected, "{}", &answer[..answer.len().min(120)]);
    }
}

#[test]
fn an_answer_that_is_cut_off_at_any_byte_is_none() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
        for end in 0..answer.len() {
            assert_eq!(made_of(&answer[..end]), "Broken", "{end} bytes");
        }
    }
}

#[test]
fn an_answer_that_is_cut_off_at_any_byte_by_a_reset_is_none() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = OriginClient::new(&loader(listener.local_addr().unwrap().port()), MOST).unwrap();
    std::thread::spawn(move || {
        for end in 0..answer.len() {
            let mut stream = listener.accept().unwrap().0;
            read_request(&mut stream).unwrap();
            stream.write_all(&answer[..end]).unwrap();
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
    });
    run(async {
        for end in 0..answer.len() {
            assert_eq!(told(origin.ask("/k", None, &Holder::unbounded()).await), "Broken", "{end} bytes");
        }
    });
}

#[test]
fn an_endpoint_that_hangs_or_drips_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = OriginClient::new(&loader(listener.local_addr().unwrap().port()), MOST).unwrap();
    let begun = Instant::now();
    assert_eq!(told(run(origin.ask("/k", None, &Holder::unbounded()))), "Timeout");
    assert!(begun.elapsed() < Duration::from_millis(550), "{:?}", begun.elapsed());

    std::thread::spawn(move || {
        // The one that hung, and the next.
        let mut streams: Vec<_> = (0..2).map(|_| listener.accept().unwrap().0).collect();
        let drips = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc".bytes();
        for byte in drips {
            std::thread::park_timeout(Duration::from_millis(100));
            let _ = streams[1].write_all(&[byte]);
        }
    });
    let begun = Instant::now();
    assert_eq!(told(run(origin.ask("/k", None, &Holder::unbounded()))), "Timeout");
    assert!(begun.elapsed() < Duration::from_millis(550), "{:?}", begun.elapsed());
}

#[test]
fn where_nobody_listens_there_is_no_connection() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let origin = OriginClient::new(&loader(free), MOST).unwrap();
    assert_eq!(told(run(origin.ask("/k", None, &Holder::unbounded()))), "Connect");
}

#[test]
fn a_connection_is_kept_and_one_that_ended_while_it_rested_costs_no_call() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc".to_vec();
    // The first connection answers two, then ends; the second one answers the rest.
    let (port, asked) = endpoint(vec![vec![answer.clone(), answer.clone()], vec![answer.clone(), answer]]);
    let origin = OriginClient::new(&loader(port), MOST).unwrap();
    run(async {
        for call in 0..4 {
            assert_eq!(told(origin.ask("/k", None, &Holder::unbounded()).await), "value abc", "call {call}");
        }
    });
    assert_eq!(asked.load(Relaxed), 4);
}

#[test]
fn what_an_answer_says_of_itself_is_told_with_it() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nCache-Control: a\r\nCACHE-CONTROL: b\r\nETag: \"x\"\r\n\
                  Leash-Flags: 7\r\nAge: 1\r\nVary: *\r\nLeash-Cache-Control: c\r\n\r\na";
    let (port, _) = endpoint(vec![vec![answer.into()]]);
    let origin = OriginClient::new(&loader(port), MOST).unwrap();
    let Ok(OriginAnswer::Value(_, headers)) = run(origin.ask("/k", None, &Holder::unbounded())) else {
        panic!("no value")
    };
    let some = |text: &str| Some(text.to_string());
    let expected = AnswerHeaders {
        targeted: some("c"),
        cache_control: some("a, b"),
        age: some("1"),
        vary: some("*"),
        flags: some("7"),
        etag: some("\"x\""),
    };
    assert_eq!(headers, expected);
}

#[test]
fn a_value_that_there_is_no_memory_for_is_given_up_as_it_arrives_and_keeps_none() {
    let memory = Memory::new(64 * 1024);
    let ask = |length: usize, chunks: bool| {
        let body = "v".repeat(length);
        let answer = match chunks {
            true => format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"),
            false => format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"),
        };
        let (port, _) = endpoint(vec![vec![answer.into_bytes()]]);
        let origin = OriginClient::new(&loader(port), 1 << 20).unwrap();
        let said = run(origin.ask("/k", None, &Holder::new(&memory)));
        assert_eq!(memory.held(), 0, "{length} bytes");
        said.map(|answer| matches!(answer, OriginAnswer::Value(value, _) if value.len() == length))
    };
    for chunks in [false, true] {
        assert_eq!(ask(20_000, chunks), Ok(true));
        assert_eq!(ask(65_537, chunks), Err(NoValue::NoMemory));
    }
    // Others have all of it: what is small still comes.
    let mut others = Share::new(&memory);
    others.set(64 * 1024);
    let (port, _) = endpoint(vec![vec![b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc".to_vec()]]);
    let origin = OriginClient::new(&loader(port), MOST).unwrap();
    assert_eq!(told(run(origin.ask("/k", None, &Holder::new(&memory)))), "value abc");
}

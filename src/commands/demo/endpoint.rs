//! The endpoint of the application: the same code that regenerates a value for a caller, over HTTP for leash. `GET /0` is
//! answered with the first value, for the TTL that callers would have asked for.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::CACHE_CONTROL;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::maker::Maker;

/// It serves until it is dropped.
pub(super) struct DemoEndpoint {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl DemoEndpoint {
    /// Begins to serve the values of a half, `keys` of them.
    pub(super) async fn start(maker: Rc<Maker>, keys: usize, ttl: Duration) -> io::Result<DemoEndpoint> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let serving = tokio::task::spawn_local(async move {
            let mut connections = JoinSet::new();
            // An error here is that of a client that has gone again.
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn_local(serve(stream, maker.clone(), keys, ttl));
            }
        });
        Ok(DemoEndpoint { address, serving })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for DemoEndpoint {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(stream: TcpStream, maker: Rc<Maker>, keys: usize, ttl: Duration) {
    let service = service_fn(move |request| answer(request, maker.clone(), keys, ttl));
    // leash sees when it ends early, and counts it.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    maker: Rc<Maker>,
    keys: usize,
    ttl: Duration,
) -> hyper::http::Result<Response<Full<Bytes>>> {
    let number = request.uri().path().trim_start_matches('/').parse().ok().filter(|number| *number < keys);
    let Some(number) = number else {
        return Response::builder().status(StatusCode::NOT_FOUND).body(Full::default());
    };
    let (_, value) = maker.make(number).await;
    Response::builder().header(CACHE_CONTROL, format!("max-age={}", ttl.as_secs())).body(Full::from(value))
}

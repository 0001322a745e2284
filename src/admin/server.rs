//! The admin address's thread, its connections, and their end. Every client is served at once; see [`Places`].
//!
//! ```text
//! serve ─▶ thread: accept ─▶ one task per connection ─▶ pages::answer
//! Handle::stop ─▶ no new connection · requests that arrived are answered · the rest is cut off after the grace
//! ```

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{MissedTickBehavior, interval_at, sleep, timeout};

use super::pages::Pages;
use super::places::{AdminPlace, Places};
use super::{STEP, StatusSource};
use crate::logging::Repeated;
use crate::runtime::side_thread::SideThread;

/// What one client may take of what all share.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdminLimits {
    /// Connections at a time; for one more, another one ends.
    pub connections: usize,
    /// How long a request's head may take to arrive, and how long a connection may idle.
    pub head: Duration,
    /// How long a connection may live, so that a reader who does not read cannot keep its place.
    pub lifetime: Duration,
}

impl AdminLimits {
    pub(super) const USUAL: AdminLimits =
        AdminLimits { connections: 128, head: Duration::from_secs(5), lifetime: Duration::from_secs(120) };
}

/// How long the answer that is on its way at the end of a connection's life may still take.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// After a page the thread that makes them rests for so many times what it took: floods leave half of a processor.
const REST: u32 = 1;
/// How long accepting waits after the kernel could not give a socket, and another connection was told to end.
const BACK_OFF: Duration = Duration::from_millis(10);

/// The longest head of a request: enough for a look-up of a few hundred keys.
const MOST_HEAD: usize = 64 * 1024;

/// The running server. Dropping it ends it without waiting.
#[derive(Debug)]
pub struct Handle {
    address: SocketAddr,
    stop: watch::Sender<Duration>,
    thread: JoinHandle<()>,
}

impl Handle {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it: requests that arrived are answered, for at most `grace`. Returns when the thread has ended.
    pub fn stop(self, grace: Duration) {
        self.stop.send_replace(grace);
        if self.thread.join().is_err() {
            tracing::error!("admin {}: its thread panicked", self.address);
        }
    }
}

/// Serves the admin pages on a listener that is already bound, from a thread of its own, to at most `places` at a time.
pub fn serve(listener: std::net::TcpListener, source: Arc<dyn StatusSource>, places: usize) -> io::Result<Handle> {
    serve_within(AdminLimits { connections: places, ..AdminLimits::USUAL }, listener, source)
}

pub(super) fn serve_within(
    limits: AdminLimits,
    listener: std::net::TcpListener,
    source: Arc<dyn StatusSource>,
) -> io::Result<Handle> {
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let listener = {
        let _inside = runtime.enter();
        TcpListener::from_std(listener)?
    };
    let (stop, stopped) = watch::channel(Duration::ZERO);
    let aside = Arc::new(SideThread::start("admin-pages", REST)?);
    let server = Server { limits, pages: Pages { source, aside }, stopped };
    let run = move || {
        server.run(&runtime, listener);
        // A thread that resolves a name for a live look cannot be interrupted.
        runtime.shutdown_background();
    };
    let thread = thread::Builder::new().name("admin".to_string()).spawn(run)?;
    Ok(Handle { address, stop, thread })
}

/// What the accept loop and every connection hold.
#[derive(Clone)]
struct Server {
    limits: AdminLimits,
    pages: Pages,
    stopped: watch::Receiver<Duration>,
}

impl Server {
    fn run(&self, runtime: &Runtime, listener: TcpListener) {
        // A look at an item is made of tasks that stay on their thread.
        LocalSet::new().block_on(runtime, async {
            let mut connections = JoinSet::new();
            let mut stopped = self.stopped.clone();
            tokio::select! {
                _ = stopped.changed() => {}
                () = self.accept(&listener, &mut connections) => {}
                () = self.note() => {}
            }
            drop(listener);
            let grace = *stopped.borrow();
            let all_ended = async { while connections.join_next().await.is_some() {} };
            if timeout(grace, all_ended).await.is_err() {
                tracing::debug!("admin: connections were cut off after {grace:?}");
            }
        });
    }

    /// Never ends.
    async fn note(&self) {
        let mut steps = interval_at(tokio::time::Instant::now() + STEP, STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            steps.tick().await;
            self.pages.source.note(Instant::now());
        }
    }

    async fn accept(&self, listener: &TcpListener, connections: &mut JoinSet<()>) {
        let places = Places::new(self.limits.connections);
        let failed = Repeated::new(Duration::from_secs(10));
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    connections.spawn_local(self.clone().serve(stream, places.take()));
                }
                Err(error) => {
                    if let Some(more) = failed.allow(Instant::now()) {
                        tracing::warn!("admin: cannot accept: {error} ({more} more since the last such line)");
                    }
                    // Out of file descriptors, most likely. Asking again at once would spin.
                    places.make_room();
                    sleep(BACK_OFF).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
    }

    async fn serve(mut self, stream: TcpStream, place: AdminPlace) {
        let (pages, place) = (self.pages, Rc::new(place));
        let asking = place.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (pages, asking) = (pages.clone(), asking.clone());
            async move {
                asking.heard();
                let page = pages.answer(request.method(), request.uri(), request.headers()).await;
                asking.heard();
                Ok::<_, Infallible>(page)
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.limits.head).max_buf_size(MOST_HEAD);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let last_answer = tokio::select! {
            // An error here is the client's, and concerns no other.
            _ = connection.as_mut() => return,
            () = place.lost() => return,
            _ = self.stopped.changed() => *self.stopped.borrow(),
            () = sleep(self.limits.lifetime) => LAST_ANSWER,
        };
        connection.as_mut().graceful_shutdown();
        let _ = timeout(last_answer, connection).await;
    }
}

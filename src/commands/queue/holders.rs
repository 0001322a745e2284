//! The queues of one route, and whom to ask about them: the leash that serves with this file, if it keeps them itself, else
//! the holders of the pool that the route names.

use std::sync::Arc;

use super::talk::{Talk, TalkError};
use super::{QueueError, QueuesOf};
use crate::admin::fetch::reachable;
use crate::config::problem::ConfigPlace;
use crate::config::{Address, Config, Listen, Pool, QueuesKept, Route, ServerConfig};
use crate::hash::Placement;
use crate::protocol::Key;
use crate::route::Prefixes;
use crate::snapshot::{options, placement};
use crate::upstream::{Peers, Spool, Target};

/// The queues of one route.
pub(super) struct QueueRoute {
    /// The prefix of their names, as clients write them.
    prefix: String,
    /// What their names have in front where they are.
    namespace: String,
    /// Who has them.
    pub(super) holders: Vec<QueueHolderAt>,
    placement: Placement,
    /// Whether it is the leash of this file that is asked, which puts the namespace in front itself.
    is_here: bool,
}

/// One queue.
pub(super) struct QueueAt {
    /// The name that clients have for it.
    pub(super) shown: String,
    /// Its name where it is.
    pub(super) name: String,
    /// Who has it.
    pub(super) holder: QueueHolderAt,
}

/// A leash that has queues.
pub(super) struct QueueHolderAt {
    /// What people call it.
    pub(super) label: Arc<str>,
    place: ConfigPlace,
    address: Address,
    target: Arc<Target>,
}

impl QueueHolderAt {
    pub(super) async fn talk(&self) -> Result<Talk, QueueError> {
        Talk::begin(&self.target).await.map_err(|error| self.failed(&error))
    }

    /// That it does not do what it was asked for.
    pub(super) fn failed(&self, error: &TalkError) -> QueueError {
        let ConfigPlace { file, path, .. } = &self.place;
        QueueError::Failed(format!("{file}: {path}: {}: {error}", self.label))
    }
}

impl QueueRoute {
    /// The queues of all routes that have some, or of the one of this prefix.
    pub(super) fn all(queues: &QueuesOf, prefix: Option<&str>) -> Result<Vec<QueueRoute>, QueueError> {
        let QueuesOf { config, file } = queues;
        let with_queues = || config.routes.iter().filter(|route| route.queues().is_some());
        let wanted = with_queues().filter(|route| prefix.is_none_or(|prefix| prefix.as_bytes() == route.prefix));
        let wanted = wanted.map(|route| QueueRoute::of(file, config, route)).collect::<Result<Vec<_>, _>>()?;
        if wanted.is_empty() {
            let known: Vec<String> = with_queues().map(|route| format!("{:?}", shown(&route.prefix))).collect();
            return Err(QueueError::Usage(match prefix {
                Some(prefix) if !known.is_empty() => {
                    format!(
                        "{file}: routes: {prefix:?} is the prefix of none with queues; there are {}",
                        known.join(", ")
                    )
                }
                _ => format!("{file}: routes: none has queues; give one queue: {{dir: …}} or queue: {{pool: …}}"),
            }));
        }
        Ok(wanted)
    }

    fn of(file: &str, config: &Config, route: &Route) -> Result<QueueRoute, QueueError> {
        let top = ConfigPlace::top(file);
        let (pool, places) = match route.queues().map(|queues| &queues.kept) {
            Some(QueuesKept::Behind(pool)) => {
                let pool = config.pools[*pool].clone();
                let at = top.key("pools", None).key(&pool.name, None).key("servers", None);
                let places = (0..pool.servers.len()).map(|number| at.index(number, None)).collect();
                (pool, places)
            }
            _ => {
                let (number, address) = entrance(file, config)?;
                let server = ServerConfig { name: "the leash of this file".into(), address, weight: 1 };
                (Pool::of("listen", vec![server]), vec![top.key("listen", None).index(number, None)])
            }
        };
        let peers = Peers::new(pool.name.clone());
        let holder = |(server, place): (&ServerConfig, ConfigPlace)| {
            let target = Target::new(server, options(&pool, config), &peers, Spool::in_memory(0));
            QueueHolderAt { label: target.label.clone(), place, address: server.address.clone(), target }
        };
        Ok(QueueRoute {
            prefix: shown(&route.prefix),
            namespace: shown(&route.namespace),
            is_here: route.pool().is_none(),
            holders: pool.servers.iter().zip(places).map(holder).collect(),
            placement: placement::of(&pool),
        })
    }

    /// A queue of it.
    fn queue(mut self, queue: &str) -> QueueAt {
        let name = if self.is_here { queue.to_string() } else { format!("{}{queue}", self.namespace) };
        let server = self.placement.server_of(name.as_bytes());
        QueueAt { shown: queue.to_string(), name, holder: self.holders.swap_remove(server) }
    }

    /// The name that clients have for a queue; `None`: it is not of this route.
    pub(super) fn own_name<'q>(&self, name: &'q str) -> Option<&'q str> {
        name.strip_prefix(&self.namespace).filter(|queue| queue.starts_with(&self.prefix))
    }
}

impl QueueAt {
    /// Whether both are one queue.
    pub(super) fn is(&self, other: &QueueAt) -> bool {
        (&self.name, &self.holder.address) == (&other.name, &other.holder.address)
    }

    /// A queue that is named as clients do.
    pub(super) fn find(queues: &QueuesOf, prefix: Option<&str>, queue: &str) -> Result<QueueAt, QueueError> {
        let QueuesOf { config, file } = queues;
        Key::text(queue.as_bytes().to_vec().into())
            .map_err(|_| QueueError::Usage(format!("{queue:?} cannot be the name of a queue")))?;
        let routes = Prefixes::new(config.routes.iter().map(|route| &route.prefix[..]));
        let Some(route) = routes.find(queue.as_bytes()).map(|place| &config.routes[place]) else {
            return Err(QueueError::Usage(format!("{file}: routes: {queue:?} is on none")));
        };
        let own = shown(&route.prefix);
        match prefix {
            Some(prefix) if prefix != own => {
                Err(QueueError::Usage(format!("{file}: routes: {queue:?} is on {own:?}, not on {prefix:?}")))
            }
            _ if route.queues().is_none() => {
                Err(QueueError::Usage(format!("{file}: routes: {queue:?} is on {own:?}, which has no queues")))
            }
            _ => Ok(QueueRoute::of(file, config, route)?.queue(queue)),
        }
    }
}

/// The first listener that lets everybody do everything.
fn entrance(file: &str, config: &Config) -> Result<(usize, Address), QueueError> {
    let is_open = |place: &usize| {
        let entrance = &config.entrances[*place];
        entrance.tls.is_none() && entrance.users.is_none() && !entrance.confines()
    };
    let open = (0..config.listen.len()).find(is_open).ok_or_else(|| {
        let why = "every listener has TLS, users, or limits to what may be done";
        let cure = "add one for a unix socket, or use the file of a sidecar whose pool is let in";
        QueueError::Usage(format!("{file}: listen: {why}; {cure}"))
    })?;
    Ok((open, address(&config.listen[open])))
}

fn address(listen: &Listen) -> Address {
    match listen {
        Listen::Unix(path) => Address::Unix(path.clone()),
        // One that listens everywhere is asked on loopback.
        Listen::Tcp(address) => Address::Tcp { host: reachable(*address).ip().to_string(), port: address.port() },
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

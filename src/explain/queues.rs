//! Where the key of a queue goes: to a directory of this process, or to the holder of its name.

use super::{Arrival, AtServer, Destination, Explainer, QueueTerms, Way};
use crate::config::{QueuesKept, Route};
use crate::route::queue::decide::QueueKey;
use crate::snapshot::prefix_of;

impl Explainer {
    /// Where a key goes that is on a route of queues; `None` if it is not. No holder is asked for it.
    pub(super) fn to_queue(&self, key: &[u8]) -> Option<Way> {
        let route = self.snapshot.config.routes.iter().find(|route| key.starts_with(&route.prefix))?;
        let queues = route.queues()?;
        let (shown, prefix) = (String::from_utf8_lossy(key).into_owned(), prefix_of(route));
        let sent = [&route.namespace, key].concat();
        let plain = route.namespace.len() + route.prefix.len();
        let destination = match QueueKey::read(&sent, plain, queues.mode) {
            Err(why) => Destination::nowhere(&shown, Some(&prefix), why),
            Ok(QueueKey { name, .. }) => {
                let (mode, reserve) = (queues.mode.word(), queues.reserve.as_secs_f64());
                let queue = QueueTerms { name: String::from_utf8_lossy(name).into_owned(), mode, reserve };
                let end = match &queues.kept {
                    QueuesKept::Here(directory) => Arrival::Here { queue, dir: directory.dir.display().to_string() },
                    QueuesKept::Behind(pool) => self.at_holder(route, *pool, name, queue),
                };
                Destination { key: shown, route: Some(prefix), end }
            }
        };
        Some(Way { destination, item: None })
    }

    fn at_holder(&self, route: &Route, pool: usize, name: &[u8], queue: QueueTerms) -> Arrival {
        let server = self.snapshot.pool(pool).shared.placement.server_of(name);
        Arrival::Server(Box::new(AtServer {
            sent_as: queue.name.clone(),
            spot: self.spot(Some(route), pool, server, name),
            migrate: None,
            refresh: None,
            queue: Some(queue),
            loader: None,
            lease: None,
            state: None,
            live: None,
        }))
    }
}

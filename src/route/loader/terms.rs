//! What a loader route was configured to do, ready for use: shared by all workers.

use std::sync::Arc;
use std::time::Duration;

use super::decide::{KeepTerms, path_of};
use super::fares::LoaderFares;
use crate::config::{Endpoint, Loader, Route};
use crate::origin::{AnswerHeaders, NoValue, OriginAnswer};

/// The loader of one route in one configuration.
pub struct LoaderTerms {
    /// How it is asked.
    pub(super) loader: Loader,
    /// Tells the route from others, in this configuration and the next.
    pub(super) identity: u64,
    /// The route's prefix, for people.
    pub(super) label: String,
    /// The bytes before the key as clients write it, and those of it that are the route's prefix.
    namespace: usize,
    prefix: usize,
    /// The longest value.
    pub(super) most: usize,
    /// So many calls may wait for their turn.
    pub(super) queue: usize,
    /// How values are kept.
    pub(super) keep: KeepTerms,
    /// The bit of the client flags that is leash's own.
    pub(super) marker: u32,
    pub(super) fares: Arc<LoaderFares>,
}

/// What a loader may take of the process.
#[derive(Clone, Copy)]
pub struct LoaderBounds {
    /// The longest value.
    pub item_size: usize,
    /// So many calls of a route may wait for their turn.
    pub queue: usize,
}

impl LoaderTerms {
    /// Of `route`, if it has a loader; `identity` and `label` are the route's.
    pub(super) fn new(
        route: &Route,
        (identity, label): (u64, &str),
        bounds: LoaderBounds,
        fares: Arc<LoaderFares>,
    ) -> Option<LoaderTerms> {
        let (loader, refresh) = (route.loader.clone()?, route.refresh.unwrap_or_default());
        Some(LoaderTerms {
            identity,
            label: label.to_string(),
            namespace: route.namespace.len(),
            prefix: route.prefix.len(),
            most: bounds.item_size,
            queue: bounds.queue,
            keep: KeepTerms {
                ttl: loader.ttl.as_secs() as u32,
                grace: refresh.grace.as_secs() as u32,
                fail_safe: refresh.fail_safe.as_secs() as u32,
            },
            marker: 1 << refresh.marker_bit,
            fares,
            loader,
        })
    }

    /// Path and query for a key as the server knows it.
    pub(super) fn path(&self, key: &[u8]) -> String {
        path_of(&self.loader.url.pieces, key.get(self.namespace..).unwrap_or_default(), self.prefix)
    }

    /// Whether the endpoint is asked as it was on `other` terms.
    pub(super) fn asks_like(&self, other: &LoaderTerms) -> bool {
        (&self.loader, self.most) == (&other.loader, other.most)
    }

    /// An answer, if it is one that can be kept for clients.
    pub(super) fn checked(&self, answer: OriginAnswer) -> Result<OriginAnswer, NoValue> {
        if let OriginAnswer::Value(_, headers) = &answer {
            self.client_flags(headers)?;
        }
        Ok(answer)
    }

    /// The client flags of an answer: none that say how a value is to be read may be lost, nor leash's own be set.
    pub(super) fn client_flags(&self, headers: &AnswerHeaders) -> Result<u32, NoValue> {
        let flags = headers.flags.as_deref().map_or(Ok(0), |flags| flags.trim().parse::<u32>());
        flags.ok().filter(|flags| flags & self.marker == 0).ok_or(NoValue::Broken)
    }

    /// How long a caller waits until it is told that no answer will come: a call that had to wait for its turn, and a
    /// little more.
    pub(super) fn patience(&self) -> Duration {
        self.loader.timeout * 2 + Duration::from_millis(500)
    }
}

/// The address that a key of a loader route becomes, for people; `key` as clients write it.
pub(crate) fn url_of(route: &Route, key: &[u8]) -> Option<String> {
    let loader = route.loader.as_ref()?;
    let path = path_of(&loader.url.pieces, key, route.prefix.len());
    Some(match &loader.url.endpoint {
        Endpoint::Http { .. } => format!("http://{}{path}", loader.url.authority),
        Endpoint::Https { .. } => format!("https://{}{path}", loader.url.authority),
        Endpoint::Unix(socket) => format!("unix:{}:{path}", socket.display()),
    })
}

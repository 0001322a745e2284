//! Loads values from an HTTP endpoint, so that no caller ever has to regenerate one: get-or-set, once for all
//! applications.
//!
//! ```text
//!   get ─▶ refresh ─▶ fresh, or stale and taken: as on any route that refreshes
//!                     won ─▶ regenerate ─▶ order ─▶ the thread that asks ─▶ endpoint
//!                              made of it ◀─ answer ◀──────┘
//! ```
//! Not a node: a route with a loader is a route that refreshes, and on which leash itself is the winner. Leases, waiting,
//! the checks against deletes in between, stale values and the letters of the meta protocol are those of
//! [`refresh`](super::refresh). Here is what makes the value.
//! * **get, gets, gat, gats, mg**: what is not there, or stale, is loaded; `gat` does not set the TTL of what it loads.
//! * **set, add, replace, cas, append, prepend, incr, decr, touch, delete**: as on any route that refreshes. A delete and
//!   a set revoke a load that is under way, as they do a winner.
//! * **mg with N or R, ms or md with I**: memcached's own game; nothing is loaded.

pub mod decide;

mod fares;
mod line;
mod loaders;
mod order;
mod terms;
mod thread;
mod validators;

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::timeout;

pub use loaders::Loaders;
pub(crate) use terms::url_of;
pub use terms::{LoaderBounds, LoaderTerms};

use crate::metrics::{LoadOutcome, RouteId, Shard};
use crate::origin::{AnswerHeaders, OriginAnswer};
use crate::protocol::Item;
use crate::route::refresh::decide::ItemId;
use crate::route::refresh::{Keep, Regenerate, Regenerated, Wanted};
use crate::runtime::memory::Account;
use decide::AnswerSaid;
use order::{LoadOrder, NoAnswer};

/// For so many seconds a key whose load failed is not loaded again, in the whole fleet.
const FAILED_FOR: u32 = 2;

/// The loader of one route, as one worker has it.
#[derive(Clone)]
pub struct RouteLoader {
    loaders: Arc<Loaders>,
    terms: Arc<LoaderTerms>,
    /// What counts the values as they arrive.
    account: Arc<Account>,
    shard: Arc<Shard>,
    route: RouteId,
}

impl RouteLoader {
    /// The loader of the route that metrics know as `route`.
    pub fn new(
        loaders: Arc<Loaders>,
        terms: Arc<LoaderTerms>,
        account: Arc<Account>,
        (shard, route): (Arc<Shard>, RouteId),
    ) -> RouteLoader {
        RouteLoader { loaders, terms, account, shard, route }
    }

    async fn load(self, wanted: Wanted) -> Regenerated {
        let stale = wanted.stale.filter(|stale| stale.value.is_some());
        let known = stale.as_ref().and_then(|stale| stale.value.as_deref());
        let etag = known.and_then(|value| self.loaders.validators.of(wanted.id, value));
        let (answer, told) = oneshot::channel();
        let ordered = Instant::now();
        let order = LoadOrder {
            terms: self.terms.clone(),
            whose: (Arc::as_ptr(&self.shard).addr(), wanted.whose),
            path: self.terms.path(wanted.key.as_bytes()),
            etag,
            answer,
        };
        self.loaders.order(order, &self.account);
        let told = timeout(self.terms.patience(), told).await;
        let told = told.ok().and_then(Result::ok).unwrap_or(Err(NoAnswer::Queue));
        let (outcome, made) = self.made_of(told, wanted.id, stale);
        self.shard.load(self.route, outcome, ordered.elapsed());
        made
    }

    /// What an answer means for the cache.
    fn made_of(
        &self,
        told: Result<OriginAnswer, NoAnswer>,
        id: ItemId,
        stale: Option<Item>,
    ) -> (LoadOutcome, Regenerated) {
        match told {
            Ok(OriginAnswer::Value(value, headers)) => self.value(value, &headers, id),
            Ok(OriginAnswer::Unchanged(headers)) => self.renewed(stale, &headers),
            Ok(OriginAnswer::Absent) => {
                (LoadOutcome::Absent, Regenerated::Absent(self.terms.loader.negative_ttl.as_secs() as u32))
            }
            Err(why) => (why.outcome(), Regenerated::Failed(FAILED_FOR)),
        }
    }

    fn value(&self, value: Bytes, headers: &AnswerHeaders, id: ItemId) -> (LoadOutcome, Regenerated) {
        let Ok(client_flags) = self.terms.client_flags(headers) else {
            return (LoadOutcome::Broken, Regenerated::Failed(FAILED_FOR));
        };
        let keep = self.keep(headers);
        let is_kept = keep != Keep::Never;
        self.loaders.validators.note(id, &value, headers.etag.as_deref().filter(|_| is_kept));
        let outcome = if is_kept { LoadOutcome::Value } else { LoadOutcome::NotKept };
        (outcome, Regenerated::Value { value, client_flags, keep })
    }

    /// The value that there is, for longer.
    fn renewed(&self, stale: Option<Item>, headers: &AnswerHeaders) -> (LoadOutcome, Regenerated) {
        let Some(Item { value: Some(value), client_flags, .. }) = stale else {
            return (LoadOutcome::Broken, Regenerated::Failed(FAILED_FOR));
        };
        let client_flags = client_flags & !self.terms.marker;
        (LoadOutcome::Unchanged, Regenerated::Value { value, client_flags, keep: self.keep(headers) })
    }

    fn keep(&self, headers: &AnswerHeaders) -> Keep {
        let said = AnswerSaid {
            targeted: headers.targeted.as_deref(),
            cache_control: headers.cache_control.as_deref(),
            age: headers.age.as_deref(),
            vary: headers.vary.as_deref(),
        };
        decide::keep(said, self.terms.keep)
    }
}

impl Regenerate for RouteLoader {
    fn regenerate(&self, wanted: Wanted) -> Pin<Box<dyn Future<Output = Regenerated>>> {
        Box::pin(self.clone().load(wanted))
    }

    fn soft_timeout(&self) -> Duration {
        self.terms.loader.soft_timeout
    }
}

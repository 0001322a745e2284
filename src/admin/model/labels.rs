//! What things are called wherever they are shown: one vocabulary for page and terminal. Written as in a sentence; the
//! page makes the first letter of a title large.

/// Requests of a server, a route, a prefix or all together.
pub(crate) const REQUESTS: &str = "requests/s";
/// The share of gets that found something.
pub(crate) const HIT_RATIO: &str = "hit ratio";
/// The time within which 99 of 100 requests were answered.
pub(crate) const WITHIN: &str = "99 % within";
/// Requests that ended with an error, or without an answer from their server.
pub(crate) const ERRORS: &str = "errors/s";
/// Stale values that were served.
pub(crate) const STALE_SERVED: &str = "stale served/s";
/// Callers who did not have to regenerate.
pub(crate) const AVOIDED: &str = "regenerations avoided/s";

/// The name of a server.
pub(crate) const SERVER: &str = "server";
/// A server's health.
pub(crate) const STATE: &str = "state";
/// A pool, of a server or a route.
pub(crate) const POOL: &str = "pool";
/// Requests that a server did not answer, calls that a loader did not.
pub(crate) const FAILED: &str = "failed/s";
/// How long a server takes to answer, in the mean.
pub(crate) const REPLY_TIME: &str = "reply time";
/// Requests that wait for a server's reply, calls that wait for a loader's.
pub(crate) const IN_FLIGHT: &str = "in flight";
/// Open connections to a server.
pub(crate) const CONNECTIONS: &str = "connections";
/// Deletes that wait for a server.
pub(crate) const SPOOLED: &str = "spooled";
/// Why a server is down.
pub(crate) const WHY: &str = "why";

/// Endpoints that make the values of a route.
pub(crate) const LOADERS: &str = "loaders";
/// Calls to a loader.
pub(crate) const CALLS: &str = "calls/s";
/// Calls to a loader that wait for their turn, messages that wait for a consumer.
pub(crate) const WAITING: &str = "waiting";
/// Callers of a route with a loader that were given a value and for whom no call was made.
pub(crate) const CALLS_AVOIDED: &str = "calls avoided";
/// When and why a call to a loader failed last.
pub(crate) const LAST_FAILURE: &str = "last failure";

/// Queues that this leash keeps.
pub(crate) const QUEUES: &str = "queues";
/// The name of a queue.
pub(crate) const QUEUE: &str = "queue";
/// Messages that consumers have.
pub(crate) const RESERVED: &str = "reserved";
/// How long the oldest message that waits has been there.
pub(crate) const OLDEST: &str = "oldest";
/// Consumers that wait for a message.
pub(crate) const CONSUMERS_WAITING: &str = "consumers waiting";
/// Messages that were given back.
pub(crate) const GIVEN_BACK: &str = "given back";
/// Bytes of the files of queues.
pub(crate) const ON_DISK: &str = "on disk";

/// Routes between two pools.
pub(crate) const MIGRATIONS: &str = "migrations";
/// A prefix of keys, of a route or a busy one.
pub(crate) const PREFIX: &str = "prefix";
/// A busy key.
pub(crate) const KEY: &str = "key";
/// The share of all requests.
pub(crate) const SHARE: &str = "share";
/// The prefixes that clients ask for most.
pub(crate) const BUSIEST_PREFIXES: &str = "busiest prefixes";
/// The keys that clients ask for most.
pub(crate) const BUSIEST_KEYS: &str = "busiest keys";

/// Callers who got a stale value, of those who found a value stale or missing.
pub(crate) const GOT_STALE: &str = "got the stale value while another regenerated it";
/// Callers who waited, of the same.
pub(crate) const WAITED: &str = "waited for the value and got it";
/// Callers who won, of the same.
pub(crate) const WON: &str = "were told to regenerate it";
/// Callers who won in vain, of the same.
pub(crate) const CAME_LATE: &str = "did not come back within the lease";

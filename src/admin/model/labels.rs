//! What things are called wherever they are shown: one vocabulary for page and terminal. Written as in a sentence; the
//! page makes the first letter of a title large.

/// Requests of a server, a route, a prefix or all together.
pub const REQUESTS: &str = "requests/s";
/// The share of gets that found something.
pub const HIT_RATIO: &str = "hit ratio";
/// The time within which 99 of 100 requests were answered.
pub const WITHIN: &str = "99 % within";
/// Requests that ended with an error, or without an answer from their server.
pub const ERRORS: &str = "errors/s";
/// Stale values that were served.
pub const STALE_SERVED: &str = "stale served/s";
/// Callers who did not have to regenerate.
pub const AVOIDED: &str = "regenerations avoided/s";

/// The name of a server.
pub const SERVER: &str = "server";
/// A server's health.
pub const STATE: &str = "state";
/// A pool, of a server or a route.
pub const POOL: &str = "pool";
/// Requests that a server did not answer.
pub const FAILED: &str = "failed/s";
/// How long a server takes to answer, in the mean.
pub const REPLY_TIME: &str = "reply time";
/// Requests that wait for a server's reply.
pub const IN_FLIGHT: &str = "in flight";
/// Open connections to a server.
pub const CONNECTIONS: &str = "connections";
/// Deletes that wait for a server.
pub const SPOOLED: &str = "spooled";
/// Why a server is down.
pub const WHY: &str = "why";

/// Routes between two pools.
pub const MIGRATIONS: &str = "migrations";
/// A prefix of keys, of a route or a busy one.
pub const PREFIX: &str = "prefix";
/// A busy key.
pub const KEY: &str = "key";
/// The share of all requests.
pub const SHARE: &str = "share";
/// The prefixes that clients ask for most.
pub const BUSIEST_PREFIXES: &str = "busiest prefixes";
/// The keys that clients ask for most.
pub const BUSIEST_KEYS: &str = "busiest keys";

/// Callers who got a stale value, of those who found a value stale or missing.
pub const GOT_STALE: &str = "got the stale value while another regenerated it";
/// Callers who waited, of the same.
pub const WAITED: &str = "waited for the value and got it";
/// Callers who won, of the same.
pub const WON: &str = "were told to regenerate it";
/// Callers who won in vain, of the same.
pub const CAME_LATE: &str = "did not come back within the lease";

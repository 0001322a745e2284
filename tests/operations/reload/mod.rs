//! Another configuration while leash runs: what changes, what stays, what is refused, and that no client notices.

mod changed;
mod kept;
mod load;
mod refused;
mod systemd;

use support::memcached::signal;
use support::reload::{reload, reload_as, reloads};

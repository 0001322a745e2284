//! The target that serves under a server's name, as far as the spool must know it: only the holder takes records from
//! the spool and replays them.

use std::sync::Arc;

/// One that may serve under the server's name.
pub(crate) trait SpoolHolder: Send + Sync {
    /// Its name and address for people.
    fn label(&self) -> &Arc<str>;

    /// Whether clients are answered from the server.
    fn is_read_from(&self) -> bool;

    /// Begins to tell the server what it missed, although it serves. On a local runtime.
    fn catch_up(&self);
}

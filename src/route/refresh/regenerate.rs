//! Who regenerates values on a route where leash itself does: there no caller is told to.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

use crate::protocol::{Item, Key};
use crate::route::refresh::decide::ItemId;
use crate::upstream::Party;

/// Makes values.
pub trait Regenerate {
    /// Makes the value of an item anew. Ends within half a lease's time, whatever happens.
    fn regenerate(&self, wanted: Wanted) -> Pin<Box<dyn Future<Output = Regenerated>>>;

    /// How long the caller for whom a stale value is regenerated waits for the new one.
    fn soft_timeout(&self) -> Duration;
}

/// What is to be made.
pub struct Wanted {
    /// The item.
    pub key: Key,
    /// The same as this process names it.
    pub id: ItemId,
    /// The value that there is until then.
    pub stale: Option<Item>,
    /// For whom.
    pub whose: Party,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Regenerated {
    /// A value.
    Value {
        /// It.
        value: Bytes,
        /// Its client flags.
        client_flags: u32,
        /// How it is kept.
        keep: Keep,
    },
    /// There is no value, and there will be none for so many seconds.
    Absent(u32),
    /// It is not known; the next try is due in so many seconds.
    Failed(u32),
}

/// How a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Not at all.
    Never,
    /// For so many seconds, and no longer.
    Plain(u32),
    /// Fresh for so many seconds, and stale for the route's grace.
    WithGrace(u32),
}

//! The queues of a route, checked: how clients take messages.

/// How clients take messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueMode {
    /// As with RedQueue: `get` reserves, `delete` acknowledges.
    #[default]
    Reserve,
    /// As with Kestrel: `get` removes, and what else is wanted stands behind the name.
    Kestrel,
}

//! What leash gives up where memory is short.

/// One kind of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shed {
    /// A client was closed: it held most, or its TLS handshake had no room.
    Client,
    /// A value a client asked for was answered with an error instead.
    Reply,
    /// A request that was arriving was refused.
    Request,
    /// A request of several steps was refused, or answered without them.
    Steps,
    /// A value was dropped as it arrived from a server.
    Value,
}

impl Shed {
    /// All of them, in the order of their discriminants.
    pub const ALL: [Shed; 5] = [Shed::Client, Shed::Reply, Shed::Request, Shed::Steps, Shed::Value];

    /// The word for it in labels.
    pub const fn name(self) -> &'static str {
        match self {
            Shed::Client => "client",
            Shed::Reply => "reply",
            Shed::Request => "request",
            Shed::Steps => "steps",
            Shed::Value => "value",
        }
    }
}

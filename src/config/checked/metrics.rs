//! `metrics`: how much is told of each server.

/// What metrics tell of servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PerServer {
    /// Each by itself.
    #[default]
    On,
    /// The same, and a histogram of how long its replies take.
    Histogram,
    /// Their sums in each pool, and of servers by themselves those that are down.
    Off,
}

impl PerServer {
    pub(crate) const WORDS: [(&str, PerServer); 3] =
        [("on", PerServer::On), ("histogram", PerServer::Histogram), ("off", PerServer::Off)];

    pub(crate) fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("on", |(word, _)| word)
    }
}

//! What a worker orders from the thread that asks endpoints, and what it is told.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::terms::LoaderTerms;
use crate::metrics::LoadOutcome;
use crate::origin::{NoValue, OriginAnswer};
use crate::upstream::Party;

/// One call, to be made when its turn comes.
pub(super) struct LoadOrder {
    /// Whom it is asked of, and how.
    pub terms: Arc<LoaderTerms>,
    /// For whom: which worker, and which of its clients.
    pub whose: (usize, Party),
    /// What is asked for.
    pub path: String,
    /// What the answer before said of the value that is still there.
    pub etag: Option<Arc<str>>,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<OriginAnswer, NoAnswer>>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// The call was not made: its endpoint fails, and is held back.
    HeldBack,
    /// The call was not made: too many were waiting for their turn, or it waited for too long.
    Queue,
    /// The call was made.
    NoValue(NoValue),
}

impl NoAnswer {
    /// What metrics call it.
    pub(super) fn outcome(self) -> LoadOutcome {
        match self {
            NoAnswer::HeldBack => LoadOutcome::HeldBack,
            NoAnswer::Queue => LoadOutcome::Queue,
            NoAnswer::NoValue(NoValue::Connect) => LoadOutcome::Connect,
            NoAnswer::NoValue(NoValue::Timeout) => LoadOutcome::Timeout,
            NoAnswer::NoValue(NoValue::Status(_)) => LoadOutcome::Status,
            NoAnswer::NoValue(NoValue::TooLarge) => LoadOutcome::TooLarge,
            NoAnswer::NoValue(NoValue::NoMemory) => LoadOutcome::NoMemory,
            NoAnswer::NoValue(NoValue::Broken | NoValue::Endless) => LoadOutcome::Broken,
        }
    }
}

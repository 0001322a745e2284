//! The policies on the way of a key, as JSON: times in seconds, shares of 1, and nothing of what is off.

use serde_json::{Value, json};

use crate::config::Refresh;

/// How stale values of a route are refreshed.
pub(super) fn refresh(refresh: &Refresh) -> Value {
    let mut told = json!({
        "grace": refresh.grace.as_secs(),
        "lease": refresh.lease.as_secs(),
        "marker_bit": refresh.marker_bit,
    });
    if !refresh.cold_wait.is_zero() {
        told["cold_wait"] = refresh.cold_wait.as_secs_f64().into();
    }
    if refresh.jitter > 0.0 {
        told["jitter"] = refresh.jitter.into();
    }
    if let Some(beta) = refresh.early {
        told["early"] = json!({ "beta": beta });
    }
    told
}

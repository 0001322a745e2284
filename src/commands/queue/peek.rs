//! Shows the oldest message of a queue, which stays where it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::holders::QueueAt;
use super::talk::Reserved;
use super::{QueueError, QueueOutcome, questions};

pub(super) async fn peek(queue: &QueueAt) -> Result<QueueOutcome, QueueError> {
    let mut talk = queue.holder.talk().await?;
    let failed = |error| queue.holder.failed(&error);
    talk.ask(&questions::peek(&queue.name)).await.map_err(failed)?;
    let found = talk.message().await.map_err(failed)?;
    let message = found.ok_or_else(|| QueueError::Failed(format!("no message waits in queue {:?}", queue.shown)))?;
    Ok(QueueOutcome::of([&message.body[..], b"\n"].concat(), object(queue, &message)))
}

/// A message that is no text is told in base64.
fn object(queue: &QueueAt, message: &Reserved) -> Value {
    let mut object = json!({
        "queue": queue.shown,
        "holder": &*queue.holder.label,
        "client_flags": message.client_flags,
        "ttl": message.ttl,
        "bytes": message.body.len(),
    });
    match std::str::from_utf8(&message.body) {
        Ok(text) => object["message"] = text.into(),
        Err(_) => object["base64"] = STANDARD.encode(&message.body).into(),
    }
    object
}

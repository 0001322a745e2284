//! Tells how all queues are, as their holders count them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::holders::{QueueHolderAt, QueueRoute};
use super::{QueueError, QueueOutcome, questions};
use crate::readable::{number, table, time};

/// The figures of one queue, by the words of its holder.
type Figures = BTreeMap<String, u64>;

/// The queues of these routes, those of the longest prefix first. A holder that does not answer keeps those of the others
/// from nobody.
pub(super) async fn list(routes: &[QueueRoute]) -> QueueOutcome {
    let mut outcome = QueueOutcome::default();
    let mut rows = vec![["queue", "waiting", "reserved", "bytes", "age", "redelivered", "holder"].map(str::to_string)];
    for (place, route) in routes.iter().enumerate() {
        for holder in &route.holders {
            match ask(holder).await {
                Ok(queues) => {
                    let is_ours = |name: &str| routes[..place].iter().all(|longer| longer.own_name(name).is_none());
                    let ours = queues.iter().filter(|(name, _)| is_ours(name));
                    for (queue, figures) in ours.filter_map(|(name, figures)| Some((route.own_name(name)?, figures))) {
                        rows.push(row(queue, figures, holder));
                        outcome.objects.push(object(queue, figures, holder));
                    }
                }
                Err(error) => outcome.failed.push(error),
            }
        }
    }
    // Where nobody answers there is nothing to have heads for.
    if rows.len() > 1 || outcome.failed.is_empty() {
        outcome.words = table(&rows).into_bytes();
    }
    outcome
}

async fn ask(holder: &QueueHolderAt) -> Result<BTreeMap<String, Figures>, QueueError> {
    let mut talk = holder.talk().await?;
    let failed = |error| holder.failed(&error);
    talk.ask(questions::STATS).await.map_err(failed)?;
    let mut queues: BTreeMap<String, Figures> = BTreeMap::new();
    for (name, value) in talk.stats().await.map_err(failed)? {
        if let (Some((queue, figure)), Ok(value)) = (told(&name), value.parse()) {
            queues.entry(queue.to_string()).or_default().insert(figure.to_string(), value);
        }
    }
    Ok(queues)
}

/// The queue and the figure that a line is about. Names of queues may have anything in them.
fn told(line: &str) -> Option<(&str, &str)> {
    line.rsplit_once(':')
}

fn row(queue: &str, figures: &Figures, holder: &QueueHolderAt) -> [String; 7] {
    let figure = |name| figures.get(name).copied().unwrap_or(0);
    let shown = |name| number(figure(name));
    let age = time(Duration::from_secs(figure("age")));
    let [waiting, reserved, bytes, redelivered] = ["waiting", "reserved", "bytes", "redelivered"].map(shown);
    [queue.to_string(), waiting, reserved, bytes, age, redelivered, holder.label.to_string()]
}

fn object(queue: &str, figures: &Figures, holder: &QueueHolderAt) -> Value {
    let mut object = json!({ "queue": queue, "holder": &*holder.label });
    for (name, value) in figures {
        object[name] = (*value).into();
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_of_the_queue_whose_name_is_in_it() {
        let table =
            [("mail:waiting", Some(("mail", "waiting"))), ("my:mail:age", Some(("my:mail", "age"))), ("queues", None)];
        for (line, expected) in table {
            assert_eq!(told(line), expected, "{line}");
        }
    }
}

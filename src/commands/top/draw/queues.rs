//! The queues that a leash keeps: the longest of each route, the route in the worst shape first.

use ratatui::text::{Line, Span};

use super::part::Part;
use super::style::{STRONG, of};
use super::table::{Column, table};
use crate::admin::model::{Overview, ShownQueue, ShownQueues, labels};
use crate::readable::number;

/// How many of a route are shown.
const MOST: usize = 5;

type Queued<'o> = (&'o ShownQueues, &'o ShownQueue);

/// What is told of a queue, what matters most first.
fn columns<'o>() -> [Column<Queued<'o>>; 7] {
    [
        Column::words(labels::QUEUE, |(_, queue)| Some(queue.name.clone().into())),
        Column::words(labels::STATE, |(queues, _)| Some(state(queues))),
        Column::figures(labels::WAITING, |(_, queue)| Some(number(queue.waiting).into())),
        Column::figures(labels::RESERVED, |(_, queue)| Some(number(queue.reserved).into())),
        Column::figures(labels::OLDEST, |(_, queue)| queue.oldest().map(Span::from)),
        Column::figures(labels::CONSUMERS_WAITING, |(_, queue)| Some(number(queue.waiters).into())),
        Column::figures(labels::GIVEN_BACK, |(_, queue)| Some(number(queue.redelivered).into())),
    ]
}

/// All of them; nothing where no queue has a message.
pub(super) fn queues(overview: &Overview) -> Option<Part> {
    let routes = overview.queues();
    let longest = routes.iter().flat_map(|(_, queues)| queues.longest.iter().take(MOST).map(move |one| (*queues, one)));
    let longest: Vec<Queued<'_>> = longest.collect();
    let (titles, lines) = table(&columns(), &longest.iter().collect::<Vec<_>>());
    let head = vec![Line::styled(labels::QUEUES, STRONG), titles];
    (!longest.is_empty()).then(|| Part { head, items: lines.into_iter().map(|line| vec![line]).collect() })
}

fn state(queues: &ShownQueues) -> Span<'static> {
    let (how, word) = queues.state();
    Span::styled(word, of(how))
}

//! The screen as characters: parts in the order an operator reads, fitted to the room there is. Pure; the time is an
//! argument. Colours only help: what they say is also said in words.

mod busiest;
mod head;
mod help;
mod loaders;
mod migrations;
mod part;
mod queues;
mod savings;
mod servers;
mod spark;
mod style;
mod table;
#[cfg(test)]
mod tests;
mod traffic;
mod troubles;
mod wrapped;

use std::time::Instant;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::text::Line;

use self::part::{Part, fit};
use super::screen::{Screen, Sort};
use crate::admin::model::Overview;

/// How wide a text is that no terminal bounds.
const TEXT_WIDTH: usize = 100;

/// What the screen shows at `now` in this area.
pub(super) fn draw(screen: &Screen, now: Instant, area: Rect) -> Buffer {
    let mut buffer = Buffer::empty(area);
    let foot = u16::from(area.height > 1);
    let lines = fit(parts(screen, now, area.width.into()), (area.height - foot).into());
    for (line, y) in lines.iter().zip(area.top()..) {
        write(&mut buffer, y, line);
    }
    if foot > 0 {
        write(&mut buffer, area.bottom() - 1, &help::foot(screen));
    }
    if !screen.is_coloured {
        buffer.content.iter_mut().for_each(|cell| cell.fg = Color::Reset);
    }
    buffer
}

/// The same as text, as long as it needs to be.
pub(super) fn text(overview: &Overview) -> String {
    let lines = fit(sheet(overview, Sort::default(), TEXT_WIDTH), usize::MAX);
    lines.iter().map(|line| format!("{}\n", line.to_string().trim_end())).collect()
}

fn parts(screen: &Screen, now: Instant, width: usize) -> Vec<Part> {
    if screen.shows_help {
        return vec![help::keys_and_words(width)];
    }
    let known = screen.overview.as_ref().map_or_else(Vec::new, |overview| sheet(overview, screen.sort, width));
    match (&screen.silence, &screen.overview) {
        (Some(why), _) => {
            let silence = head::silence(&screen.admin, screen.unheard(now), why, width);
            [silence].into_iter().chain(known.into_iter().map(Part::dimmed)).collect()
        }
        (None, None) => vec![head::asking(&screen.admin)],
        (None, Some(_)) => known,
    }
}

/// What is known, in the order an operator reads.
fn sheet(overview: &Overview, sort: Sort, width: usize) -> Vec<Part> {
    let parts = [
        Some(head::who(overview)),
        troubles::troubles(overview, width),
        Some(traffic::traffic(overview, width)),
        savings::savings(overview, width),
        servers::servers(overview, sort),
        queues::queues(overview),
        loaders::loaders(overview),
        migrations::migrations(overview, width),
        busiest::busiest(overview),
    ];
    parts.into_iter().flatten().collect()
}

/// Writes the line; what does not fit is cut and said to be.
fn write(buffer: &mut Buffer, y: u16, line: &Line<'_>) {
    let area = buffer.area;
    let is_cut = line.width() > area.width.into();
    let room = area.width.saturating_sub(u16::from(is_cut));
    let (end, _) = buffer.set_line(area.left(), y, line, room);
    if is_cut {
        buffer.set_stringn(end, y, "…", 1, style::QUIET);
    }
}

//! The screen, live: asks, listens to keys, draws; until a key or a signal ends it.

use std::io;
use std::time::Instant;

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::crossterm::event::Event;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, channel};
use tokio::time::{MissedTickBehavior, interval};

use super::draw::draw;
use super::screen::{Screen, Then};
use super::{TopPlan, ask, terminal};
use crate::admin::fetch::reachable;
use crate::admin::model::Overview;
use crate::logging::colours_are_welcome;

type Said = Result<Overview, String>;

/// Shows it until the user leaves.
pub(super) async fn watch(plan: &TopPlan) -> io::Result<()> {
    // Before the terminal is taken: from here on no signal ends the process and leaves the terminal behind.
    let told_to_end = told_to_end()?;
    let (mut terminal, _guard) = terminal::enter()?;
    let mut screen = Screen::new(Instant::now(), reachable(plan.admin).to_string(), colours_are_welcome());
    let (said, heard) = channel(1);
    tokio::select! {
        () = ask_forever(plan, said) => Ok(()),
        ended = show(&mut terminal, &mut screen, heard, terminal::events()) => ended,
        () = told_to_end => Ok(()),
    }
}

fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut end = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = end.recv() => {}
            _ = hang_up.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ends only if the receiver is gone.
async fn ask_forever(plan: &TopPlan, said: Sender<Said>) {
    let mut steps = interval(plan.interval);
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        steps.tick().await;
        if said.send(ask(plan.admin).await).await.is_err() {
            return;
        }
    }
}

async fn show<B: Backend<Error = io::Error>>(
    terminal: &mut Terminal<B>,
    screen: &mut Screen,
    mut heard: Receiver<Said>,
    mut events: UnboundedReceiver<io::Result<Event>>,
) -> io::Result<()> {
    loop {
        terminal.draw(|frame| {
            let drawn = draw(screen, Instant::now(), frame.area());
            frame.buffer_mut().merge(&drawn);
        })?;
        tokio::select! {
            Some(said) = heard.recv() => screen.hear(Instant::now(), said),
            event = events.recv() => match event.transpose()? {
                Some(Event::Key(key)) if screen.press(key) == Then::Leave => return Ok(()),
                None => return Ok(()),
                Some(_) => {}
            },
        }
    }
}

//! The terminal while it is ours: raw and on its second screen, and as it was before once the guard is dropped, also
//! when this process panics.

use std::io::{self, Stdout, stdout};
use std::panic;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{Event, read};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Gives the terminal back when dropped.
pub struct Guard;

/// Takes the terminal.
pub fn enter() -> io::Result<(Terminal<CrosstermBackend<Stdout>>, Guard)> {
    let before = panic::take_hook();
    // A release build ends in the hook, without dropping anything; and what a panic says is for the screen of before.
    panic::set_hook(Box::new(move |panic| {
        leave();
        before(panic);
    }));
    let guard = Guard;
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen)?;
    Ok((Terminal::new(CrosstermBackend::new(stdout()))?, guard))
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

/// A terminal that is gone needs nothing.
fn leave() {
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), Show, LeaveAlternateScreen);
}

/// Keys and changes of size as they come. The thread that waits for them ends with the process.
pub fn events() -> UnboundedReceiver<io::Result<Event>> {
    let (said, heard) = unbounded_channel();
    std::thread::spawn(move || {
        loop {
            let event = read();
            let is_over = event.is_err();
            if said.send(event).is_err() || is_over {
                return;
            }
        }
    });
    heard
}

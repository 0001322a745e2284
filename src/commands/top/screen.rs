//! What is known and what was asked for by key: the state of the screen. Knows neither a terminal nor a clock.

use std::time::{Duration, Instant};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::admin::model::Overview;

/// All of it.
pub(super) struct Screen {
    /// Who is asked.
    pub admin: String,
    /// What was said last; `None` before the first answer.
    pub overview: Option<Overview>,
    /// Why there is no newer answer, if there should be one.
    pub silence: Option<String>,
    /// How servers are sorted.
    pub sort: Sort,
    /// Whether the figures stay as they are.
    pub is_paused: bool,
    /// Whether keys and words are explained instead.
    pub shows_help: bool,
    /// Whether colours may help.
    pub is_coloured: bool,
    /// When the last answer came, or when the first was asked for.
    heard: Instant,
}

/// How servers are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    /// As the admin address says it.
    #[default]
    WorstFirst,
    /// By name and pool.
    ByName,
    /// By requests, the most first.
    ByRate,
}

/// What a key leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It goes on.
    Stay,
    /// The user has seen enough.
    Leave,
}

impl Screen {
    /// Before the first answer of `admin`.
    pub(super) fn new(now: Instant, admin: String, is_coloured: bool) -> Screen {
        let (overview, silence, sort) = (None, None, Sort::default());
        Screen { admin, overview, silence, sort, is_paused: false, shows_help: false, is_coloured, heard: now }
    }

    /// Takes note of an answer, or of why there was none.
    pub(super) fn hear(&mut self, now: Instant, said: Result<Overview, String>) {
        if self.is_paused {
            return;
        }
        match said {
            Ok(overview) => (self.overview, self.silence, self.heard) = (Some(overview), None, now),
            Err(why) => self.silence = Some(why),
        }
    }

    /// How long nothing was heard.
    pub(super) fn unheard(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.heard)
    }

    /// Does what the key says.
    pub(super) fn press(&mut self, key: KeyEvent) -> Then {
        if key.kind == KeyEventKind::Release {
            return Then::Stay;
        }
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Then::Leave,
            KeyCode::Char('q') | KeyCode::Esc => return Then::Leave,
            KeyCode::Char('p') => self.is_paused = !self.is_paused,
            KeyCode::Char('s') => self.sort = self.sort.next(),
            KeyCode::Char('?' | 'h') => self.shows_help = !self.shows_help,
            _ => {}
        }
        Then::Stay
    }
}

impl Sort {
    /// In words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Sort::WorstFirst => "worst first",
            Sort::ByName => "by name",
            Sort::ByRate => "by requests",
        }
    }

    fn next(self) -> Sort {
        match self {
            Sort::WorstFirst => Sort::ByName,
            Sort::ByName => Sort::ByRate,
            Sort::ByRate => Sort::WorstFirst,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen() -> (Screen, Instant) {
        let now = Instant::now();
        (Screen::new(now, "127.0.0.1:11291".to_string(), true), now)
    }

    fn press(screen: &mut Screen, code: KeyCode) -> Then {
        screen.press(KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn keys_do_what_the_help_says() {
        let (mut screen, _) = screen();
        assert_eq!(press(&mut screen, KeyCode::Char('q')), Then::Leave);
        assert_eq!(press(&mut screen, KeyCode::Esc), Then::Leave);
        assert_eq!(screen.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Then::Leave);
        assert_eq!(press(&mut screen, KeyCode::Char('c')), Then::Stay);
        let sorts = [Sort::ByName, Sort::ByRate, Sort::WorstFirst];
        assert_eq!(sorts.map(|_| (press(&mut screen, KeyCode::Char('s')), screen.sort).1), sorts);
        press(&mut screen, KeyCode::Char('?'));
        assert!(screen.shows_help);
    }

    #[test]
    fn a_pause_keeps_the_figures() {
        let (mut screen, now) = screen();
        screen.hear(now, Ok(Overview::default()));
        press(&mut screen, KeyCode::Char('p'));
        screen.hear(now, Err("gone".to_string()));
        assert!(screen.silence.is_none());
        press(&mut screen, KeyCode::Char('p'));
        screen.hear(now, Err("gone".to_string()));
        assert!(screen.silence.is_some() && screen.overview.is_some(), "the last known figures stay");
    }

    #[test]
    fn silence_is_counted_from_the_last_answer() {
        let (mut screen, now) = screen();
        let second = Duration::from_secs(1);
        screen.hear(now + second, Ok(Overview::default()));
        screen.hear(now + second * 3, Err("gone".to_string()));
        assert_eq!(screen.unheard(now + second * 4), second * 3);
        screen.hear(now + second * 5, Ok(Overview::default()));
        assert_eq!((screen.unheard(now + second * 5), screen.silence), (Duration::ZERO, None));
    }
}

//! What is wrong, in words, the worst first: what a person should read before anything else.

use super::{Overview, Server};
use crate::metrics::ServerState;
use crate::readable::{age, amount, counted};

/// More servers than this are not named.
const NAMED: usize = 3;
/// A share of requests that ended with an error that is worth a word.
const MANY_ERRORS: f64 = 0.01;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Whether users notice it.
    pub is_grave: bool,
    /// What it is, and what it means.
    pub text: String,
}

impl Overview {
    /// What is wrong; nothing if all is well.
    pub fn troubles(&self) -> Vec<Trouble> {
        let all = [
            self.servers_down(),
            self.errors(),
            self.deletes_refused(),
            self.spools_failing(),
            self.servers_suspect(),
            self.reload(),
            self.restart(),
        ];
        all.into_iter().flatten().collect()
    }

    /// All of it in one line.
    pub fn in_brief(&self) -> String {
        let all = counted(self.servers.len(), "server");
        match self.servers.iter().filter(|server| !server.is_asked()).count() {
            0 if self.servers.len() == 1 => "The server is up".to_string(),
            0 => format!("All {all} are up"),
            1 => format!("1 of {all} is down"),
            down => format!("{down} of {all} are down"),
        }
    }

    fn servers_down(&self) -> Option<Trouble> {
        let names = names(self.servers.iter().filter(|server| !server.is_asked()))?;
        Some(grave(format!("Down: {names}. Reads of their keys miss, writes fail; all other keys are served.")))
    }

    fn servers_suspect(&self) -> Option<Trouble> {
        let names = names(self.servers.iter().filter(|server| server.state == ServerState::Suspect))?;
        Some(slight(format!("Failed lately: {names}. After a few failures in a row a server is down.")))
    }

    fn errors(&self) -> Option<Trouble> {
        let share = self.now.errors / self.now.requests;
        (share > MANY_ERRORS).then(|| {
            grave(format!("{} requests a second had no answer, or ended with an error.", amount(self.now.errors)))
        })
    }

    fn deletes_refused(&self) -> Option<Trouble> {
        let refusing = || self.servers.iter().filter(|server| server.refused.is_some());
        let deletes = counted(refusing().filter_map(|server| server.refused).sum::<u64>() as usize, "delete");
        let names = names(refusing())?;
        Some(grave(format!(
            "{deletes} refused by {names}. Their keys miss until it takes them; it is asked again and again."
        )))
    }

    fn spools_failing(&self) -> Option<Trouble> {
        let failing = || self.servers.iter().filter(|server| server.spool_failing.is_some());
        let first = failing().filter_map(|server| server.spool_failing.as_ref());
        let first = first.min_by(|a, b| a.since.total_cmp(&b.since))?;
        let (names, ago, why) = (names(failing())?, age((self.process.unix_time - first.since).max(0.0)), &first.why);
        Some(slight(format!(
            "The spool's file cannot be written for {ago}: {names}. Deletes that wait would not survive a restart of leash: {why}"
        )))
    }

    fn reload(&self) -> Option<Trouble> {
        let text = "The last reload was refused, the configuration before it stays. The log lists every problem.";
        self.config.is_refused.then(|| slight(text.to_string()))
    }

    fn restart(&self) -> Option<Trouble> {
        let text = "A part of the configuration waits for a restart. The log names it.";
        self.config.needs_restart.then(|| slight(text.to_string()))
    }
}

/// `m1 (main), m2 (main) and 4 more`; `None` without a server.
fn names<'s>(servers: impl Iterator<Item = &'s Server>) -> Option<String> {
    let all: Vec<String> = servers.map(|server| format!("{} ({})", server.name, server.pool)).collect();
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match all.len() {
        0 => None,
        n if n <= NAMED => Some(named),
        n => Some(format!("{named} and {} more", n - NAMED)),
    }
}

fn grave(text: String) -> Trouble {
    Trouble { is_grave: true, text }
}

fn slight(text: String) -> Trouble {
    Trouble { is_grave: false, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::model::{Process, Rates, SpoolFailing};

    fn server(name: &str, state: ServerState) -> Server {
        Server {
            pool: "main".to_string(),
            name: name.to_string(),
            address: name.to_string(),
            state,
            connections: 1,
            in_flight: 0,
            requests: 0.0,
            failures: 0.0,
            reply_time: None,
            spooled: None,
            refused: None,
            spool_failing: None,
        }
    }

    fn of(states: &[ServerState]) -> Overview {
        let servers = states.iter().zip(0..).map(|(state, n)| server(&format!("m{n}"), *state)).collect();
        Overview { servers, ..Overview::default() }
    }

    #[test]
    fn all_is_well_where_nothing_is_wrong() {
        let well = of(&[ServerState::Up; 3]);
        assert_eq!((well.troubles(), well.in_brief()), (vec![], "All 3 servers are up".to_string()));
        assert_eq!(of(&[ServerState::Up]).in_brief(), "The server is up");
    }

    #[test]
    fn the_worst_comes_first_and_few_are_named() {
        let mut wrong = of(&[ServerState::Down; 5]);
        wrong.servers.push(server("s", ServerState::Suspect));
        wrong.config.is_refused = true;
        wrong.now = Rates { requests: 100.0, errors: 2.0, ..Rates::default() };
        let told = wrong.troubles();
        assert_eq!(wrong.in_brief(), "5 of 6 servers are down");
        assert!(told[0].is_grave && told[0].text.starts_with("Down: m0 (main), m1 (main), m2 (main) and 2 more."));
        assert!(told[1].is_grave && told[1].text.starts_with("2 requests a second"), "{told:?}");
        assert!(!told[2].is_grave && told[2].text.contains("s (main)"), "{told:?}");
        assert!(!told[3].is_grave && told[3].text.contains("reload was refused"), "{told:?}");
    }

    #[test]
    fn deletes_that_are_refused_or_not_on_disk_are_told_with_server_time_and_reason() {
        let mut wrong = of(&[ServerState::Up; 3]);
        wrong.process = Process { unix_time: 1000.0, ..Process::default() };
        (wrong.servers[0].refused, wrong.servers[2].refused) = (Some(2), Some(1));
        let failing = |since, why: &str| Some(SpoolFailing { since, why: why.to_string() });
        wrong.servers[1].spool_failing = failing(700.0, "No space left on device (os error 28)");
        wrong.servers[2].spool_failing = failing(900.0, "something else");
        let told: Vec<String> = wrong.troubles().into_iter().map(|trouble| trouble.text).collect();
        assert!(told[0].starts_with("3 deletes refused by m0 (main), m2 (main). Their keys miss"), "{told:?}");
        assert!(told[1].starts_with("The spool's file cannot be written for 5 min: m1 (main), m2 (main)."), "{told:?}");
        assert!(told[1].ends_with("No space left on device (os error 28)"), "{told:?}");
    }

    #[test]
    fn few_errors_and_no_traffic_are_no_trouble() {
        let mut quiet = of(&[ServerState::Up]);
        quiet.now = Rates { requests: 1000.0, errors: 1.0, ..Rates::default() };
        assert_eq!(quiet.troubles(), []);
        quiet.now = Rates::default();
        assert_eq!(quiet.troubles(), []);
    }
}

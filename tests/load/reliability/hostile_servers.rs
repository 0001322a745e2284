//! One of two servers lies, is cut, or answers in crumbs: nothing foreign reaches anybody, the other server's keys feel
//! nothing, memory stays where it was told to, and when it is over it is over.

use std::time::Duration;

use support::rig::{Keys, Lie, Load, Outcome, Pace, Paced, Resident, Trouble};
use support::{BOUND, Leash, Memcached, wait_until};

use super::house::{alone, go_on, is_long};

const CLIENTS: usize = 8;
/// How long each trouble lasts in the short form.
const TIME: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_millis(2);
const MEMORY: u64 = 64 << 20;
/// The pool's `request_timeout`.
const DEADLINE: Duration = Duration::from_millis(300);

struct Pair {
    _servers: [Memcached; 2],
    ill: Paced,
    leash: Leash,
    of_ill: Keys,
    of_well: Keys,
}

impl Pair {
    /// So many failures in a row make a server down; until then it is listened to.
    fn start(pace: Pace, failures: u32) -> Pair {
        let servers = [Memcached::start(), Memcached::start()];
        let ill = Paced::before(&servers[0], pace);
        let pool = format!(
            "{{servers: [{{name: ill, address: '{}'}}, {{name: well, address: '{}'}}], request_timeout: {}ms, failures: {failures}}}",
            ill.address(),
            servers[1].address(),
            DEADLINE.as_millis()
        );
        let limits = format!("{{memory: {MEMORY}}}");
        let leash = Leash::with_config(&format!("workers: 1\npools: {{main: {pool}}}\nlimits: {limits}\n"));
        let keys = Keys::new("pair", 60, 300);
        let (of_ill, of_well) = (keys.of_server(&leash, "ill"), keys.of_server(&leash, "well"));
        of_ill.fill(&servers[0]);
        of_well.fill(&servers[1]);
        Pair { _servers: servers, ill, leash, of_ill, of_well }
    }

    /// Lets its one server suffer this while both are used; returns what both are found to be.
    fn suffers(&self, trouble: Trouble) {
        let load = Load::closed(self.leash.address(), CLIENTS, self.of_ill.clone(), PAUSE);
        let other = Load::closed(self.leash.address(), CLIENTS, self.of_well.clone(), PAUSE);
        self.ill.suffers(trouble);
        go_on(TIME);
        self.ill.suffers(Trouble::None);
        let mut client = self.leash.client();
        let names = self.of_ill.names();
        wait_until(&format!("the server is used again after {trouble:?}"), BOUND, || {
            names.iter().all(|key| client.get(key).expect("an answer").is_some())
        });
        let (ill, well) = (load.stop(), other.stop());
        ill.has_nothing_foreign();
        well.has_nothing_foreign();
        let counts = |tally: &support::rig::Tally| [Outcome::Hit, Outcome::Miss].map(|of| tally.count(of));
        println!("{trouble:?}: hits and misses {:?}; of the other server {:?}", counts(&ill), counts(&well));
        assert_eq!(well.count(Outcome::Miss), 0, "{trouble:?}: keys of the other server");
        for tally in [&ill, &well] {
            assert_eq!(tally.count(Outcome::Lost), 0, "{trouble:?}: clients were hung up on");
            let late = tally.longest();
            assert!(late < 2 * DEADLINE + Duration::from_millis(500), "{trouble:?}: answered after {late:?}");
        }
    }
}

#[test]
fn whatever_a_server_says_nobody_is_told_it_but_who_asked() {
    let _alone = alone();
    let pair = Pair::start(Pace::default(), 10);
    let base = Resident::of(pair.leash.pid());
    for lie in Lie::ALL {
        Resident::forget_peak(pair.leash.pid());
        pair.suffers(Trouble::Lies(lie));
        let held = Resident::of(pair.leash.pid());
        assert!(held.peak <= base.now + MEMORY * 5 / 4, "{lie:?}: {held}, before {base}");
    }
}

#[test]
fn however_a_connection_ends_or_crumbles_nobody_is_told_what_was_another_ones() {
    let _alone = alone();
    let pair = Pair::start(Pace { latency: Duration::from_millis(2), ..Pace::default() }, 100_000);
    let cuts: &[usize] = if is_long() { &[0, 1, 2, 5, 14, 15, 100, 333, 5000] } else { &[1, 15, 333, 5000] };
    let ends = cuts.iter().flat_map(|&bytes| [Trouble::Cut(bytes), Trouble::Reset(bytes)]);
    let crumbs = [1, 2, 3, 7].map(Trouble::Pieces);
    for trouble in ends.chain(crumbs) {
        pair.suffers(trouble);
    }
}

#[test]
fn a_load_without_leash_notices_what_a_server_makes_up() {
    let _alone = alone();
    let server = Memcached::start();
    let (keys, paced) = (Keys::new("alone", 20, 300), Paced::before(&server, Pace::default()));
    keys.fill(&server);
    for (trouble, outcome) in [
        (Trouble::None, Outcome::Hit),
        (Trouble::Lies(Lie::Classic), Outcome::Wrong),
        (Trouble::Lies(Lie::Garbage), Outcome::Wrong),
        (Trouble::Reset(50), Outcome::Lost),
    ] {
        paced.suffers(trouble);
        let load = Load::closed(&paced.address(), 4, keys.clone(), PAUSE);
        support::pause(TIME);
        let tally = load.stop();
        assert!(tally.count(outcome) > 0, "{trouble:?}: no {outcome:?}");
        assert!(trouble != Trouble::None || tally.count(Outcome::Wrong) == 0);
    }
}

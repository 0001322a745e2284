//! The test suites that clients bring: each of their tests ends through leash as it does with memcached.

use std::fs;
use std::process::Command;
use std::thread;

use support::repository::here;
use support::{needs, script};

use super::compare;
use super::route::Route;
use super::transcript::Transcript;

/// A suite of Perl: where tests/run puts it, and those of its tests that talk with a server. Left out are those that
/// play a server themselves, or knock at an address beyond this machine.
struct Suite {
    folder: &'static str,
    tests: &'static [&'static str],
}

const CACHE_MEMCACHED: Suite = Suite {
    folder: "target/suites/libcache-memcached-perl",
    tests: &["02_keys", "03_stats", "04_noreply", "06_utf8_key", "101_multiple_clients"],
};

const CACHE_MEMCACHED_FAST: Suite = Suite {
    folder: "target/suites/libcache-memcached-fast-perl",
    tests: &[
        "big-value",
        "commands",
        "disconnect-all",
        "errors",
        "flush-all",
        "hash-namespace",
        "magic",
        "malformed",
        "namespace",
        "noreply",
        "nowait",
        "serialize",
        "threads",
        "utf8",
        "validation",
    ],
};

#[test]
fn cache_memcached_passes_its_own_tests() {
    ends_the_same("cache_memcached_suite", &CACHE_MEMCACHED);
}

#[test]
fn cache_memcached_fast_passes_its_own_tests() {
    ends_the_same("cache_memcached_fast_suite", &CACHE_MEMCACHED_FAST);
}

/// They wait for items to expire: so all routes have their turn at once.
fn ends_the_same(name: &str, suite: &Suite) {
    if !needs::has(name, Command::new("test").arg("-d").arg(here(suite.folder))) {
        return;
    }
    let routes = Route::all();
    let transcripts: Vec<Transcript> = thread::scope(|scope| {
        let running: Vec<_> = routes.iter().map(|route| scope.spawn(|| suite.through(route.address()))).collect();
        running.into_iter().map(|one| one.join().expect("a suite that ends")).collect()
    });
    assert!(transcripts[0].len() > 50, "{name} says too little to prove anything");
    assert!(transcripts[0].is_without(" not ok"), "{name} fails with memcached itself");
    compare(name, &routes, &transcripts);
}

impl Suite {
    /// How each of its tests ends with the server at `address`, which stands in their source.
    fn through(&self, address: &str) -> Transcript {
        let folder = tempfile::tempdir().unwrap();
        let port = address.rsplit(':').next().expect("a port");
        for file in fs::read_dir(here(self.folder).join("t")).unwrap().flatten() {
            let text = fs::read_to_string(file.path()).unwrap();
            fs::write(folder.path().join(file.file_name()), text.replace("11211", port)).unwrap();
        }
        let mut transcript = String::from("== 0\n");
        for test in self.tests {
            let mut command = Command::new("perl");
            command
                .arg("-I")
                .arg(folder.path())
                .arg(folder.path().join(format!("{test}.t")))
                .env("AUTHOR_TESTING", "1");
            let said = script::says(command).replace(port, "PORT");
            let ends = said.lines().filter(|line| line.trim_start_matches("not ").starts_with("ok"));
            ends.for_each(|end| transcript += &format!("{test} {end}\n"));
        }
        Transcript::all(&transcript, 1).remove(0)
    }
}

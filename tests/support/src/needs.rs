//! What a test needs of the machine it runs on. A test that lacks it fails. Only `LEASH_TEST_WITHOUT` excuses it, which
//! names what a machine cannot have: `LEASH_TEST_WITHOUT=memcached_exporter,unshare`.

use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Whether this machine has what the test needs, as `proof` shows by ending well. Panics if it has not and nobody said
/// before that it may lack it.
#[track_caller]
pub fn has(need: &str, proof: &mut Command) -> bool {
    let excused = std::env::var("LEASH_TEST_WITHOUT").unwrap_or_default();
    has_unless(&excused, need, proof)
}

#[track_caller]
fn has_unless(excused: &str, need: &str, proof: &mut Command) -> bool {
    let status = proof.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let has = status.is_ok_and(|status| status.success());
    if !has {
        let is_excused = excused.split(',').any(|name| name.trim() == need);
        assert!(
            is_excused,
            "{need} is missing; tests/run installs what it can, LEASH_TEST_WITHOUT={need} goes on without"
        );
        eprintln!("NOT TESTED: {need} is missing, as LEASH_TEST_WITHOUT says");
    }
    has
}

/// Lets this process, and what it starts, have so many open files. Panics if it may not: a crowd that is smaller than
/// its test says would prove nothing.
#[track_caller]
pub fn open_files(count: u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= count) {
        return;
    }
    let limit = Rlimit { current: Some(count), maximum: maximum.map(|maximum| maximum.max(count)) };
    let raised = setrlimit(Resource::Nofile, limit);
    assert!(
        raised.is_ok(),
        "this takes {count} open files, and the hard limit is {maximum:?}: raise it, see `ulimit -Hn`"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Command {
        Command::new("/nobody/has/this")
    }

    fn ends(code: i32) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exit {code}")]);
        shell
    }

    #[test]
    #[should_panic(expected = "LEASH_TEST_WITHOUT=tool goes on without")]
    fn a_missing_tool_fails_the_test() {
        has_unless("", "tool", &mut nothing());
    }

    #[test]
    #[should_panic(expected = "tool is missing")]
    fn a_tool_that_refuses_to_run_is_missing() {
        has_unless("", "tool", &mut ends(1));
    }

    #[test]
    #[should_panic(expected = "tool is missing")]
    fn the_excuse_for_another_tool_excuses_nobody() {
        has_unless("toolbox,other", "tool", &mut nothing());
    }

    #[test]
    fn an_excuse_is_for_what_is_missing_only() {
        assert!(!has_unless("other, tool", "tool", &mut nothing()));
        assert!(has_unless("tool", "tool", &mut ends(0)));
    }

    #[test]
    #[should_panic(expected = "raise it")]
    fn a_crowd_for_which_there_are_too_few_files_fails_the_test() {
        open_files(1 << 40);
    }

    #[test]
    fn a_soft_limit_is_raised() {
        let maximum = getrlimit(Resource::Nofile).maximum;
        setrlimit(Resource::Nofile, Rlimit { current: Some(200), maximum }).unwrap();
        open_files(300);
        assert_eq!(getrlimit(Resource::Nofile).current, Some(300));
    }
}

//! Files that nobody wrote by hand: too large, no text, mutilated. They are refused soon, and with a place.

use leash::config::Config;
use proptest::prelude::*;

use super::{EXAMPLE, ONE_POOL, parse};

#[test]
fn a_hostile_file_is_refused_soon() {
    let fill = |head: &str, piece: &dyn Fn(usize) -> String| {
        let mut text = head.to_owned();
        for piece in (0..).map(piece) {
            if text.len() + piece.len() > 1 << 20 {
                break;
            }
            text += &piece;
        }
        text
    };
    let files = [
        fill("", &|_| "[".into()),
        fill("", &|_| "? ".into()),
        fill("", &|n| format!("k{n}: ")),
        fill("", &|n| format!("k{n}: 1\n")),
        fill("pools:\n", &|n| format!(" p{n}: {{}}\n")),
        fill("pools:\n", &|_| " p: {}\n".into()),
        fill("pools:\n p:\n  servers:\n", &|n| format!("  - m{n}\n")),
        fill("pools: {p: {servers: [m]}}\nroutes:\n", &|n| format!(" - {{prefix: a{n}, namespace: b{n}, pool: p}}\n")),
    ];
    for text in files {
        let begin = std::time::Instant::now();
        let problems = parse(&text).unwrap_err();
        let (seconds, head) = (begin.elapsed().as_secs(), &text[..60]);
        assert!(seconds < 20, "{seconds} s (unoptimized) for {head}");
        assert!(problems.lines().count() <= 101 && problems.len() < 1 << 16, "{head}");
    }
}

#[test]
fn files_that_are_not_text_or_too_long_are_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let load = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        Config::load(file.path()).map_err(|problems| problems.to_string())
    };
    assert_eq!(load(ONE_POOL.as_bytes()), parse(ONE_POOL));
    let path = file.path().display();
    let expected = format!("{path}:2:2: not UTF-8 from here on; save the file as UTF-8");
    assert_eq!(load(b"pools: {}\n#\xff\n").unwrap_err(), expected);
    assert!(load(&vec![b'#'; (1 << 20) + 1]).unwrap_err().contains("more than the 1MiB"));
    assert!(load(&[b'#'; 1 << 20]).unwrap_err().contains("pools: missing"), "exactly 1 MiB is read");
    assert!(load(b"\0").unwrap_err().contains("not YAML: control characters are not allowed"));
    assert!(Config::load("/no/such").unwrap_err().to_string().starts_with("/no/such: cannot be read: No such file"));
    assert!(Config::load("/").unwrap_err().to_string().contains("cannot be read: Is a directory"));
}

/// The example with a few characters replaced by ones that mean something in YAML.
fn mutilated() -> impl Strategy<Value = String> {
    let hole = (0..EXAMPLE.len(), 0..4usize, "[-{}\\[\\],:&*!|>%@?#'\"~ \t\nab0\u{0}\u{fc}]{0,3}");
    proptest::collection::vec(hole, 1..6).prop_map(|holes| {
        let mut text = EXAMPLE.to_owned();
        for (at, length, piece) in holes {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(end) {
                text.replace_range(at..end, &piece);
            }
        }
        text
    })
}

fn holds(text: &str) {
    match Config::parse("c.yaml", text) {
        Ok(config) => {
            let shown = config.to_json();
            assert_eq!(parse(&shown.to_string()).unwrap().to_json(), shown);
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems.iter() {
                let line = problem.place.mark.expect("every problem of a file has a place").line;
                assert!(line <= text.lines().count() + 1, "{problem}");
                assert!(!problem.to_string().contains(|c: char| c.is_control()), "{problem:?}");
            }
        }
    }
}

#[test]
fn a_path_that_holds_control_characters_is_told_without_them() {
    holds("listen: [{tcp: 127.0.0.1:1, auth_file: \"/etc\\t\\e[31m/users\"}]\npools: {a: {servers: [a:1]}}\n");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutilated_file_is_refused_with_a_place_or_means_something(text in mutilated()) {
        holds(&text);
    }

    #[test]
    fn so_is_any_text(text in "[-{}\\[\\],:&*!|>%@?#'\"~ \t\nab0\u{fc}]{0,40}") {
        holds(&text);
    }
}

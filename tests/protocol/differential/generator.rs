//! Random scripts: every verb, every flag, few keys, so that commands meet; now and then something malformed.
//!
//! Not random: what depends on how far memcached has sent its earlier replies. Counting in place pads with spaces
//! unless a reply still holds the item, so a wait stands between reads and counting; an overlong key in a `get` drops
//! the replies before it, so a wait stands there too.

use support::Random;

/// The line that stands for a wait.
pub const WAIT: &str = "--";

/// A script of `count` commands, as templates. The same seed gives the same script.
pub fn script(seed: u64, count: usize) -> Vec<String> {
    let mut random = Random::new(seed);
    let mut commands: Vec<String> = Vec::with_capacity(count);
    while commands.len() < count {
        let command = match random.below(100) {
            0..20 => classic_read(&mut random),
            20..36 => classic_store(&mut random),
            36..42 => classic_other(&mut random),
            42..58 => meta_get(&mut random),
            58..70 => meta_set(&mut random),
            70..76 => meta_delete(&mut random),
            76..88 => counting(&mut random),
            88..92 => cas(&mut random),
            92..98 => malformed(&mut random),
            _ => {
                random
                    .of(&["mn", "verbosity 0", "flush_all", "flush_all 0", "flush_all noreply", "me {k}5"])
                    .to_string()
                    + "\\r\\n"
            }
        };
        commands.extend(command.split(WAIT_MARK).map(str::to_string).filter(|part| !part.is_empty()));
    }
    commands
}

const WAIT_MARK: char = '\u{1}';

/// Groups the commands into the steps between waits; a wait is a line of its own or the sign before a command.
pub fn steps(commands: &[String]) -> Vec<Vec<String>> {
    let mut steps = vec![Vec::new()];
    for command in commands {
        let (before, bare) = command.strip_prefix(WAIT).map_or((false, command.as_str()), |rest| (true, rest));
        if before && !steps.last().unwrap().is_empty() {
            steps.push(Vec::new());
        }
        steps.last_mut().unwrap().push(bare.to_string());
    }
    steps
}

fn key(random: &mut Random) -> String {
    format!("{{k}}{}", random.below(6))
}

fn counter(random: &mut Random) -> String {
    format!("{{k}}n{}", random.below(2))
}

fn any_key(random: &mut Random) -> String {
    if random.chance(20) { counter(random) } else { key(random) }
}

fn ttl(random: &mut Random) -> &'static str {
    random.of(&["0", "0", "0", "100", "2592000", "-1", "3000000000", "100"])
}

fn value(random: &mut Random) -> String {
    match random.below(10) {
        0 => String::new(),
        1 => random.number().to_string(),
        2 => "\\r\\nEND\\r\\n".into(),
        3 => format!("{{value {}}}", random.below(30_000)),
        _ => format!("{{value {}}}", 1 + random.below(40)),
    }
}

fn length(value: &str) -> usize {
    super::script::render(&[value.to_string()], 0, 0).len()
}

fn noreply(random: &mut Random) -> &'static str {
    if random.chance(15) { " noreply" } else { "" }
}

fn classic_read(random: &mut Random) -> String {
    let keys: Vec<String> = (0..1 + random.below(4)).map(|_| any_key(random)).collect();
    let keys = keys.join(" ");
    match random.below(6) {
        0..3 => format!("get {keys}\\r\\n"),
        3 | 4 => format!("gets {keys}\\r\\n"),
        _ => format!("{} {} {keys}\\r\\n", random.of(&["gat", "gats"]), ttl(random)),
    }
}

fn classic_store(random: &mut Random) -> String {
    let verb = random.of(&["set", "set", "set", "add", "replace", "append", "prepend"]);
    let (key, value, flags) = (key(random), value(random), random.of(&["0", "0", "5", "2147483647"]));
    format!("{verb} {key} {flags} {} {}{}\\r\\n{value}\\r\\n", ttl(random), length(&value), noreply(random))
}

fn classic_other(random: &mut Random) -> String {
    let key = any_key(random);
    match random.below(3) {
        0 => format!("delete {key}{}\\r\\n", noreply(random)),
        1 => format!("delete {key} 0\\r\\n"),
        _ => format!("touch {key} {}{}\\r\\n", ttl(random), noreply(random)),
    }
}

/// Some of the flags, each at most once unless the doubling is wanted.
fn flags(random: &mut Random, choices: &[&str]) -> String {
    let mut chosen = String::new();
    for choice in choices {
        if random.chance(25) {
            chosen.push(' ');
            chosen.push_str(choice);
        }
    }
    if random.chance(2) { chosen + " O1 O2" } else { chosen }
}

fn meta_key(random: &mut Random) -> (String, &'static str) {
    match random.below(10) {
        0 => (format!("{{b64 b{}}}", random.below(3)), " b"),
        1 | 2 => (stale_key(random), ""),
        _ => (any_key(random), ""),
    }
}

/// A key that only meta commands name, so that it may be marked stale: see deviations.txt.
fn stale_key(random: &mut Random) -> String {
    format!("{{k}}s{}", random.below(2))
}

fn meta_get(random: &mut Random) -> String {
    let (key, binary) = meta_key(random);
    // Not N with a binary key, see deviations.txt; which of N and T comes first has a case of its own.
    let create = if binary.is_empty() { "N60" } else { "R20" };
    let time = if random.chance(50) { create } else { "T100" };
    let flags = flags(random, &["v", "s", "t", "f", "c", "h", "l", "k", "q", "u", "Oq1", time]);
    let flags = if flags.contains("R20") { flags } else { flags + random.of(&["", "", " R30"]) };
    format!("mg {key}{binary}{flags}\\r\\n")
}

fn meta_set(random: &mut Random) -> String {
    let (key, binary) = meta_key(random);
    // memcached forgets that a key is binary when it appends: see deviations.txt
    let modes = ["", "", " MS", " ME", " MR", " Ms", " MSS", " MA", " MP"];
    let mode = random.of(if binary.is_empty() { &modes } else { &modes[..7] });
    let (value, ttl_flag) = (value(random), random.of(&["T100", "T0"]));
    let flags = flags(random, &["F7", "k", "q", "Oo2", "c", ttl_flag]);
    format!("ms {key} {}{binary}{mode}{flags}\\r\\n{value}\\r\\n", length(&value))
}

fn meta_delete(random: &mut Random) -> String {
    if random.chance(40) {
        return format!("md {} I{}\\r\\n", stale_key(random), flags(random, &["q", "T50", "k", "O3"]));
    }
    let (key, binary) = meta_key(random);
    format!("md {key}{binary}{}\\r\\n", flags(random, &["q", "T50", "k", "O3"]))
}

fn counting(random: &mut Random) -> String {
    let counter = if random.chance(85) { counter(random) } else { key(random) };
    // Nothing that reaches 2^63: of such a number memcached looks for a minus sign beyond the end of the value, and
    // what it finds there is anybody's. Wrapping has hand-written cases.
    let delta = random.of(&["1", "10", "0", "1000000000000", "99"]);
    let verb = random.of(&["incr", "decr"]);
    let command = match random.below(10) {
        0 | 1 => format!("set {counter} 0 0 {}\\r\\n{}\\r\\n", 2, random.of(&["10", "99", "07", "5 "])),
        2..6 => format!("{verb} {counter} {delta}{}\\r\\n", noreply(random)),
        _ => {
            let mode = random.of(&["", " MI", " MD", " M+", " M-"]);
            // not N and q together: see deviations.txt
            let time = random.of(&["N0", "N0", "T100", "q"]);
            format!("ma {counter}{mode}{}\\r\\n", flags(random, &["J50", "D7", time, "t", "c", "v", "k", "O4"]))
        }
    };
    format!("{WAIT}{command}")
}

fn cas(random: &mut Random) -> String {
    let (key, value) = (key(random), value(random));
    if random.chance(20) {
        let (key, length) = (stale_key(random), length(&value));
        let unique = random.of(&["{cas}", "{cas-1}"]);
        return format!("{WAIT}mg {key} c\\r\\n{WAIT_MARK}{WAIT}ms {key} {length} C{unique} I\\r\\n{value}\\r\\n");
    }
    let unique = random.of(&["{cas}", "{cas}", "{cas}", "999999999999"]);
    let length = length(&value);
    let write = match random.below(5) {
        0..2 => format!("cas {key} 3 0 {length} {unique}{}\\r\\n{value}\\r\\n", noreply(random)),
        2 => format!("ms {key} {length} C{unique}{}\\r\\n{value}\\r\\n", flags(random, &["c", "k", "q", "MA", "T100"])),
        3 => format!("md {key} C{unique}{}\\r\\n", flags(random, &["q", "k", "T100"])),
        _ => format!("ma {key} C{unique} v c\\r\\n"),
    };
    format!("{WAIT}gets {key}\\r\\n{WAIT_MARK}{WAIT}{write}")
}

fn malformed(random: &mut Random) -> String {
    let key = any_key(random);
    match random.below(24) {
        0 => "\\r\\n".into(),
        1 => "\\n".into(),
        2 => "get\\r\\n".into(),
        3 => "get {repeat 900  }\\r\\n".into(),
        4 => format!("set {key} 0 0\\r\\n"),
        5 => format!("set {key} 0 0 -1\\r\\n"),
        6 => format!("set {key} 0 0 3\\r\\nhello\\r\\n"),
        7 => format!("set {key} x 0 1\\r\\n"),
        8 => format!("incr {key} -1\\r\\n"),
        9 => format!("decr {key}\\r\\n"),
        10 => format!("delete {key} 5\\r\\n"),
        11 => format!("touch {key} x\\r\\n"),
        12 => format!("mg {key} v v\\r\\n"),
        13 => format!("mg {key} y\\r\\n"),
        14 => format!("ms {key} x\\r\\n"),
        15 => format!("ms {key} 2 Fz\\r\\nab\\r\\n"),
        16 => format!("ma {key} Dx\\r\\n"),
        17 => format!("md {key} Cx\\r\\n"),
        18 => "GET a\\r\\n".into(),
        19 => format!("get {key}\\n"),
        20 => format!("set {key} 0 0 1\\nx\\r\\n"),
        21 => "delete {k:251}\\r\\n".into(),
        22 => format!("{WAIT}get {{k:251}} {key}\\r\\n{WAIT_MARK}{WAIT}mn\\r\\n"),
        _ => format!("cas {key} 0 0 1\\r\\n"),
    }
}

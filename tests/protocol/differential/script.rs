//! Scripts: what a client sends, written as text in `cases/*.txt`, rendered to bytes when played.
//!
//! ```text
//! == a name that is a sentence
//! @ alone                     options, see [`Case`]
//! > get {k}a                  a line, CR LF is added
//! | get a\n                   raw bytes, nothing is added
//! --                          wait for all replies so far, then go on
//! < END                       the reply leash must give (deviations only)
//! ```
//! `\r \n \t \0 \\ \xHH` as usual. `{k}` is a fresh key prefix of 7 bytes, `{k:250}` one padded to 250 bytes,
//! `{keys 30}` thirty fresh keys, `{value 100}` a hundred bytes, `{repeat 900 x}` nine hundred x, `{b64 a}` the key
//! `{k}a` in base64, `{cas}` the CAS unique last seen, `{cas+1}` and `{cas-1}` its neighbours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One script with its name and how it may be played.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub name: String,
    /// What is sent before each wait.
    pub steps: Vec<Vec<String>>,
    /// `@ alone`: not in a long pipeline, because memcached's answer depends on what is still unsent there.
    pub alone: bool,
    /// `@ whole`: the line must arrive in one piece, because memcached closes on a long line without an end.
    pub whole: bool,
    /// `@ closes`: the connection ends with it, so nothing can follow.
    pub closes: bool,
    /// `@ skip embedded`: not for this target.
    pub skip: Vec<String>,
    /// `@ why: …`: leash differs from memcached here, for this reason.
    pub why: Option<String>,
    /// The replies leash must give where it differs.
    pub expected: Vec<String>,
}

impl Case {
    /// Reads all cases of a file; panics with the line that cannot be read.
    pub fn parse_all(file: &str, text: &str) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let bad = |what: &str| -> ! { panic!("{file}:{}: {what}: {line}", number + 1) };
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix("== ") {
                cases.push(Case { name: name.to_string(), steps: vec![Vec::new()], ..Case::default() });
                continue;
            }
            let Some(case) = cases.last_mut() else { bad("no case begun") };
            if line == "--" {
                case.steps.push(Vec::new());
                continue;
            }
            let (sign, rest) = line.split_at(line.len().min(1));
            let rest = rest.strip_prefix(' ').unwrap_or(rest);
            match sign {
                ">" => case.steps.last_mut().unwrap().push(format!("{rest}\\r\\n")),
                "|" => case.steps.last_mut().unwrap().push(rest.to_string()),
                "<" => case.expected.push(format!("{rest}\\r\\n")),
                "@" => case.option(rest).unwrap_or_else(|()| bad("unknown option")),
                _ => bad("what is this"),
            }
        }
        cases
    }

    fn option(&mut self, option: &str) -> Result<(), ()> {
        match option {
            "alone" => self.alone = true,
            "whole" => self.whole = true,
            "closes" => self.closes = true,
            _ if option.starts_with("skip ") => self.skip.push(option["skip ".len()..].to_string()),
            _ if option.starts_with("why: ") => self.why = Some(option["why: ".len()..].to_string()),
            _ => return Err(()),
        }
        Ok(())
    }

    /// Whether it may be repeated back to back without waiting.
    pub fn pipelines(&self) -> bool {
        self.steps.len() == 1 && !self.alone && !self.whole && !self.closes
    }
}

/// Renders the templates of one step. `run` makes the keys fresh, `cas` is the CAS unique last seen.
pub fn render(templates: &[String], run: usize, cas: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for template in templates {
        render_one(template, run, cas, &mut bytes);
    }
    bytes
}

fn render_one(template: &str, run: usize, cas: u64, out: &mut Vec<u8>) {
    let mut rest = template;
    while let Some(at) = rest.find(['\\', '{']) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        let length = if rest.starts_with('{') {
            let end = rest.find('}').unwrap_or_else(|| panic!("unclosed {{ in {template}"));
            directive(&rest[1..end], run, cas, out);
            end + 1
        } else {
            escape(rest, out)
        };
        rest = &rest[length..];
    }
    out.extend_from_slice(rest.as_bytes());
}

fn escape(rest: &str, out: &mut Vec<u8>) -> usize {
    let (byte, length) = match rest.as_bytes()[1] {
        b'r' => (b'\r', 2),
        b'n' => (b'\n', 2),
        b't' => (b'\t', 2),
        b'0' => (0, 2),
        b'\\' => (b'\\', 2),
        b'x' => (u8::from_str_radix(&rest[2..4], 16).expect("two hexadecimal digits"), 4),
        other => panic!("unknown escape \\{}", other as char),
    };
    out.push(byte);
    length
}

fn directive(text: &str, run: usize, cas: u64, out: &mut Vec<u8>) {
    let prefix = format!("k{run:06}");
    let (name, argument) = text.split_once([' ', ':']).unwrap_or((text, ""));
    let number = || argument.parse::<usize>().unwrap_or_else(|_| panic!("a number in {{{text}}}"));
    match name {
        "k" if argument.is_empty() => out.extend_from_slice(prefix.as_bytes()),
        "k" => out.extend_from_slice(format!("{prefix:x<width$}", width = number()).as_bytes()),
        "keys" => {
            let keys: Vec<String> = (0..number()).map(|i| format!("{prefix}{i}")).collect();
            out.extend_from_slice(keys.join(" ").as_bytes());
        }
        "value" => out.extend((0..number()).map(|i| b'a' + (i % 23) as u8)),
        "repeat" => {
            let (count, what) = argument.split_once(' ').unwrap_or((argument, " "));
            let what = if what.is_empty() { " " } else { what };
            out.extend_from_slice(what.repeat(count.parse().expect("a count")).as_bytes());
        }
        "b64" => out.extend_from_slice(STANDARD.encode(format!("{prefix}{argument}")).as_bytes()),
        "cas" => out.extend_from_slice(cas.to_string().as_bytes()),
        "cas+1" => out.extend_from_slice((cas + 1).to_string().as_bytes()),
        "cas-1" => out.extend_from_slice(cas.wrapping_sub(1).to_string().as_bytes()),
        _ => panic!("unknown directive {{{text}}}"),
    }
}

//! Reads one map of the file: known keys out, unknown and twice written ones reported. Knows no key by itself.

use super::problem::{ConfigPlace, Problems, instead, plain};
use super::stand_ins::expanded;
use super::yaml::{Value, YamlKey, YamlNode};
use std::collections::HashMap;

/// Entries of one map or list. Names are compared with each other, so their number must be bounded.
const MAX_ENTRIES: usize = 1000;

/// How a scalar was spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Text, quoted or not.
    Text,
    /// A plain number.
    Number,
    /// A plain `true` or `false`.
    Bool,
    /// With something in it that stands for another value: as whatever that spells.
    StandIn,
}

/// A scalar exactly as written, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scalar {
    /// Where.
    pub place: ConfigPlace,
    /// What it means: what was written, with the values in it that a variable or a file stands for.
    pub text: String,
    /// What people may see of it, where there is such a value in it.
    pub masked: Option<String>,
    /// How.
    pub spelling: Spelling,
}

/// The entries of one map.
pub(super) struct Fields<'n> {
    place: ConfigPlace,
    entries: Vec<(&'n YamlKey, &'n YamlNode)>,
}

impl<'n> Fields<'n> {
    /// Opens the map in `node`, whose keys are free (names). What is not a map is reported and holds nothing.
    pub(super) fn named(node: &'n YamlNode, place: ConfigPlace, problems: &mut Problems) -> Fields<'n> {
        let Value::Map(map) = &node.value else {
            problems.add(&place, format!("{} where a map (key: value) belongs", kind(&node.value)));
            return Fields { place, entries: Vec::new() };
        };
        let map = bounded(map, &place, problems);
        Fields { entries: once(map, &place, problems), place }
    }

    /// Opens the map in `node`, which may hold the `known` keys.
    pub(super) fn open(node: &'n YamlNode, place: ConfigPlace, known: &[&str], problems: &mut Problems) -> Fields<'n> {
        let mut fields = Fields::named(node, place, problems);
        let is_known = |key: &YamlKey| known.contains(&key.text.as_str());
        let beside = fields.empty_before(|key, _| !is_known(key));
        for (key, owner) in fields.entries.iter().map(|(key, _)| *key).zip(&beside).filter(|(key, _)| !is_known(key)) {
            let place = fields.place.key(&key.text, Some(key.mark));
            problems.add(&place, owner.map_or_else(|| unknown(&key.text, known), |owner| not_below(&owner.text)));
        }
        // What is only missing because it stands beside its key is complained about already.
        fields.entries.retain(|(key, _)| is_known(key) && !beside.iter().flatten().any(|owner| *owner == *key));
        fields
    }

    /// For each entry that `is_misplaced`, the key without a value that it follows: it was meant to stand below that
    /// one.
    fn empty_before(&self, is_misplaced: impl Fn(&YamlKey, &YamlNode) -> bool) -> Vec<Option<&'n YamlKey>> {
        let mut owner = None;
        let mut owners = Vec::new();
        for (key, node) in &self.entries {
            let is_misplaced = is_misplaced(key, node);
            owners.push(owner.filter(|_| is_misplaced));
            if !is_misplaced {
                owner = Some(*key).filter(|_| node.value == Value::Empty);
            }
        }
        owners
    }

    /// The same with every entry that is not indented far enough put below the name it belongs to: an entry with one of
    /// the `inner` keys that cannot be a name's own.
    pub(super) fn indented(
        self,
        inner: &[&str],
        problems: &mut Problems,
    ) -> Vec<(&'n YamlKey, ConfigPlace, Fields<'n>)> {
        let is_inner = |key: &YamlKey, node: &YamlNode| inner.contains(&key.text.as_str()) && !holds_any(node, inner);
        let owners = self.empty_before(is_inner);
        let mut named: Vec<(&YamlKey, ConfigPlace, Fields<'n>)> = Vec::new();
        for ((key, node), owner) in self.entries.iter().zip(owners) {
            let place = self.place.key(&key.text, Some(node.mark));
            let Some(owner) = owner else {
                let mine = match node.value {
                    Value::Empty if self.is_owner(key, is_inner) => Fields { place: place.clone(), entries: vec![] },
                    _ => Fields::open(node, place.clone(), inner, problems),
                };
                named.push((key, place, mine));
                continue;
            };
            if let Some((_, _, fields)) = named.last_mut() {
                if fields.entries.is_empty() {
                    problems.add(&self.place.key(&key.text, Some(key.mark)), not_below(&owner.text));
                }
                fields.entries.push((key, node));
            }
        }
        named
    }

    /// Whether the entry after `key` is misplaced.
    fn is_owner(&self, key: &YamlKey, is_misplaced: impl Fn(&YamlKey, &YamlNode) -> bool) -> bool {
        let mut after = self.entries.iter().skip_while(|(other, _)| *other != key).skip(1);
        after.next().is_some_and(|(key, node)| is_misplaced(key, node))
    }

    /// Opens the map of a policy that is off unless it is written. Nothing, `off` or `true` in its place would leave
    /// open whether it is meant to be on.
    pub(super) fn switched_on(
        node: &'n YamlNode,
        place: ConfigPlace,
        known: &[&str],
        problems: &mut Problems,
    ) -> Option<Fields<'n>> {
        if !matches!(node.value, Value::Map(_)) {
            problems.add(&place, "no map (key: value); write {} for its defaults, or leave the key out to turn it off");
            return None;
        }
        Some(Fields::open(node, place, known, problems))
    }

    /// All entries, each with the places of its key and of its value.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'n YamlKey, ConfigPlace, &'n YamlNode)> {
        self.entries.iter().map(|(key, node)| (*key, self.place.key(&key.text, Some(node.mark)), *node))
    }

    /// The value of `key`, of any kind.
    pub(super) fn node(&self, key: &str) -> Option<(ConfigPlace, &'n YamlNode)> {
        self.entries().find(|(k, ..)| k.text == key).map(|(_, place, node)| (place, node))
    }

    /// The value of `key`, a scalar.
    pub(super) fn scalar(&self, key: &str, problems: &mut Problems) -> Option<Scalar> {
        let (place, node) = self.node(key)?;
        scalar(node, place, problems)
    }

    /// The value of `key`, a list, each element read by `read`.
    pub(super) fn list<T>(
        &self,
        key: &str,
        read: fn(&YamlNode, ConfigPlace, &mut Problems) -> T,
        problems: &mut Problems,
    ) -> Option<Vec<T>> {
        let (place, node) = self.node(key)?;
        let Value::List(list) = &node.value else {
            problems.add(&place, format!("{} where a list ([…]) belongs", kind(&node.value)));
            return None;
        };
        let list = bounded(list, &place, problems);
        let element = |(n, node): (usize, &YamlNode)| read(node, place.index(n, Some(node.mark)), problems);
        Some(list.iter().enumerate().map(element).collect())
    }
}

/// The scalar in `node`, or a report that there is none.
pub(super) fn scalar(node: &YamlNode, place: ConfigPlace, problems: &mut Problems) -> Option<Scalar> {
    let (text, spelling) = match &node.value {
        Value::Text(text) => (text.clone(), Spelling::Text),
        Value::Number(text) => (text.clone(), Spelling::Number),
        Value::Bool(value) => (value.to_string(), Spelling::Bool),
        Value::Empty => {
            problems.add(&place, "no value; write one, or leave the key out for its default");
            return None;
        }
        other => {
            problems.add(&place, format!("{} where a single value belongs", kind(other)));
            return None;
        }
    };
    match expanded(&text, &place.file) {
        Ok(None) => Some(Scalar { place, text, masked: None, spelling }),
        Ok(Some(value)) => {
            problems.mask(&place, &value, &text);
            Some(Scalar { place, text: value, masked: Some(text), spelling: Spelling::StandIn })
        }
        Err(wrong) => {
            problems.add(&place, wrong);
            None
        }
    }
}

fn bounded<'n, T>(all: &'n [T], place: &ConfigPlace, problems: &mut Problems) -> &'n [T] {
    if all.len() > MAX_ENTRIES {
        problems.add(place, format!("{} entries; at most {MAX_ENTRIES} are read, remove the rest", all.len()));
    }
    &all[..all.len().min(MAX_ENTRIES)]
}

/// The entries of a map whose keys come once; of a key that comes again only the first.
fn once<'n>(
    map: &'n [(YamlKey, YamlNode)],
    place: &ConfigPlace,
    problems: &mut Problems,
) -> Vec<(&'n YamlKey, &'n YamlNode)> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut entries = Vec::new();
    for (key, node) in map {
        match first.get(key.text.as_str()) {
            Some(line) => problems.add(
                &place.key(&key.text, Some(key.mark)),
                format!("written twice, first in line {line}; keep one of them"),
            ),
            None => {
                first.insert(&key.text, key.mark.line);
                entries.push((key, node));
            }
        }
    }
    entries
}

/// Whether a map has one of these keys.
fn holds_any(node: &YamlNode, keys: &[&str]) -> bool {
    matches!(&node.value, Value::Map(map) if map.iter().any(|(key, _)| keys.contains(&key.text.as_str())))
}

fn not_below(owner: &str) -> String {
    format!("stands beside {0}, which is empty; indent it below {0}", plain(owner))
}

fn unknown(key: &str, known: &[&str]) -> String {
    match key {
        "<<" => "merge keys are not allowed; write the entries out".into(),
        _ => format!("unknown key, {}", instead(key, known.iter().copied())),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Empty => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
    }
}

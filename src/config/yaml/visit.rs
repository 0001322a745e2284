//! The visitor that learns where each scalar stands. Knows serde, not the YAML library.
//!
//! serde_yaml tells a position with an error only. So the visitor of a scalar keeps the value and then refuses it: the
//! refusal, which serde_yaml marks with line and column, is read and dropped, and reading goes on, as the scalar was
//! consumed all the same. One parse by one parser yields every value and its place. Maps and lists are not refused;
//! they stand where the first thing in them does. A refusal without a kept value is a real error.

use super::{ALIAS, NO_KEY, START, Value, YamlKey, YamlNode, YamlRefusal};
use crate::config::problem::TextPosition;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What goes on while a document is read.
pub(super) struct Reading {
    /// The value of the scalar just refused.
    kept: Option<Value>,
    /// Where the scalar before was.
    last: Option<TextPosition>,
    nodes: usize,
    most: usize,
    /// Our own reason to give up.
    refusal: Option<YamlRefusal>,
}

impl Reading {
    /// Nothing read yet of a text of so many bytes.
    pub(super) fn of(length: usize) -> Reading {
        Reading { kept: None, last: None, nodes: 0, most: length + 1, refusal: None }
    }

    /// Why reading was given up, if that was our own decision.
    pub(super) fn refusal(&mut self) -> Option<YamlRefusal> {
        self.refusal.take()
    }

    /// The position of the scalar just kept. The parser itself only goes forwards, so a place passed a second time was
    /// reached through an alias.
    fn arrive<E: de::Error>(&mut self, refused: &E, empty: bool) -> Result<TextPosition, E> {
        let mark = mark_in(&refused.to_string());
        if self.last.is_some_and(|last| mark < last || (mark == last && !empty)) {
            return Err(self.alias());
        }
        self.last = Some(mark);
        Ok(mark)
    }

    /// What holds no scalar has no place to be seen twice, so nodes are counted too: a text without aliases has no more
    /// of them than bytes.
    fn count<E: de::Error>(&mut self) -> Result<(), E> {
        self.nodes += 1;
        if self.nodes > self.most { Err(self.alias()) } else { Ok(()) }
    }

    fn alias<E: de::Error>(&mut self) -> E {
        self.give_up(self.last, ALIAS)
    }

    fn give_up<E: de::Error>(&mut self, mark: Option<TextPosition>, text: &str) -> E {
        self.refusal = Some(YamlRefusal { mark, text: text.into() });
        E::custom(text)
    }

    fn keep<E: de::Error>(&mut self, value: Value) -> Result<YamlNode, E> {
        self.kept = Some(value);
        Err(E::custom("kept"))
    }
}

/// Reads any node.
pub(super) struct NodeSeed<'r>(pub &'r mut Reading);

impl<'de> DeserializeSeed<'de> for NodeSeed<'_> {
    type Value = YamlNode;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<YamlNode, D::Error> {
        self.0.count::<D::Error>()?;
        let refused = match from.deserialize_any(NodeVisitor(self.0)) {
            Ok(container) => return Ok(container),
            Err(refused) => refused,
        };
        let Some(value) = self.0.kept.take() else { return Err(refused) };
        Ok(YamlNode { mark: self.0.arrive(&refused, value == Value::Empty)?, value })
    }
}

/// Reads the key of an entry, always as text.
struct KeySeed<'r>(&'r mut Reading);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = YamlKey;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<YamlKey, D::Error> {
        self.0.count::<D::Error>()?;
        let refused = match from.deserialize_str(NodeVisitor(self.0)) {
            Ok(container) => return Err(self.0.give_up(Some(container.mark), NO_KEY)),
            Err(refused) => refused,
        };
        let Some(Value::Text(text)) = self.0.kept.take() else { return Err(refused) };
        Ok(YamlKey { mark: self.0.arrive(&refused, text.is_empty())?, text })
    }
}

/// Keeps and refuses scalars, takes containers.
struct NodeVisitor<'r>(&'r mut Reading);

impl<'de> Visitor<'de> for NodeVisitor<'_> {
    type Value = YamlNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("plain text")
    }

    fn visit_unit<E: de::Error>(self) -> Result<YamlNode, E> {
        self.0.keep(Value::Empty)
    }

    fn visit_none<E: de::Error>(self) -> Result<YamlNode, E> {
        self.0.keep(Value::Empty)
    }

    fn visit_bool<E: de::Error>(self, v: bool) -> Result<YamlNode, E> {
        self.0.keep(Value::Bool(v))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<YamlNode, E> {
        self.0.keep(Value::Number(v.to_string()))
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<YamlNode, E> {
        self.0.keep(Value::Number(v.to_string()))
    }

    fn visit_u128<E: de::Error>(self, v: u128) -> Result<YamlNode, E> {
        self.0.keep(Value::Number(v.to_string()))
    }

    fn visit_i128<E: de::Error>(self, v: i128) -> Result<YamlNode, E> {
        self.0.keep(Value::Number(v.to_string()))
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<YamlNode, E> {
        self.0.keep(Value::Number(v.to_string()))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<YamlNode, E> {
        self.0.keep(Value::Text(v.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<YamlNode, A::Error> {
        let before = self.0.last.unwrap_or(START);
        let mut list: Vec<YamlNode> = Vec::new();
        while let Some(node) = from.next_element_seed(NodeSeed(self.0))? {
            list.push(node);
        }
        Ok(YamlNode { mark: list.first().map_or(before, |node| node.mark), value: Value::List(list) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<YamlNode, A::Error> {
        let before = self.0.last.unwrap_or(START);
        let mut map: Vec<(YamlKey, YamlNode)> = Vec::new();
        while let Some(key) = from.next_key_seed(KeySeed(self.0))? {
            let mut node = from.next_value_seed(NodeSeed(self.0))?;
            if let Value::List(_) | Value::Map(_) = node.value {
                node.mark = key.mark;
            }
            map.push((key, node));
        }
        Ok(YamlNode { mark: map.first().map_or(before, |(key, _)| key.mark), value: Value::Map(map) })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<YamlNode, A::Error> {
        Err(self.0.give_up(None, "YAML tags (!…) are not allowed; write the plain value, or quote it"))
    }
}

/// The position at the end of one of serde_yaml's messages; it leaves out the very first one.
fn mark_in(message: &str) -> TextPosition {
    let position = || {
        let (line, column) = message.rsplit_once(" at line ")?.1.split_once(" column ")?;
        Some(TextPosition { line: line.parse().ok()?, column: column.parse().ok()? })
    };
    position().unwrap_or(START)
}

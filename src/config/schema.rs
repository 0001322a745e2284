//! A JSON Schema of the configuration file, for editors: completion, descriptions, and a line below what is wrong.
//!
//! It is made of the table that users read, `docs/reference/configuration.md`, which tests hold to what leash reads. So
//! a key is described once. What the table says of values becomes a schema where that is plain; where it is not, any
//! value passes, since `leash check` has the last word.

use serde_json::{Map, Value, json};

/// The page with the table.
const TABLE: &str = include_str!("../../docs/reference/configuration.md");
const DIALECT: &str = "http://json-schema.org/draft-07/schema#";
/// A variable or a file stands for the value.
const STAND_IN: &str = "[$][{](env|file):";
/// Any name, in a path of the table.
const NAME: &str = "NAME";

/// One key of the table.
struct SchemaRow {
    /// `pools.NAME.servers[].weight`.
    path: String,
    default: String,
    values: String,
    meaning: String,
}

/// The whole of it.
pub fn schema() -> Value {
    let rows: Vec<SchemaRow> = TABLE.lines().filter_map(SchemaRow::read).collect();
    let mut schema = map_of("", &rows);
    schema["$schema"] = DIALECT.into();
    schema["title"] = "leash".into();
    schema["description"] = "The configuration of leash, a memcached sidecar".into();
    // Only routes whose queues are in this process need no pool.
    schema["anyOf"] = json!([{ "required": ["pools"] }, { "required": ["routes"] }]);
    schema
}

impl SchemaRow {
    fn read(line: &str) -> Option<SchemaRow> {
        let line = line.strip_prefix("| `")?.strip_suffix(" |")?;
        let mut cells = line.splitn(4, '|').map(|cell| words(cell.trim()));
        Some(SchemaRow {
            path: cells.next()?.trim_end_matches('`').into(),
            default: plain(&cells.next()?),
            values: cells.next()?,
            meaning: plain(&cells.next()?),
        })
    }

    /// Its key, if it stands right in the map at `place`.
    fn key_in(&self, place: &str) -> Option<&str> {
        let rest = match place {
            "" => Some(self.path.as_str()),
            _ => self.path.strip_prefix(place)?.strip_prefix('.'),
        };
        rest.filter(|key| !key.contains(['.', '[']))
    }
}

/// A map whose keys stand at `place`.
fn map_of(place: &str, rows: &[SchemaRow]) -> Value {
    let own: Vec<(&str, &SchemaRow)> = rows.iter().filter_map(|row| Some((row.key_in(place)?, row))).collect();
    let has_stand_in = |key: &str| own.iter().any(|(_, row)| row.meaning.contains(&format!("in place of {key}")));
    let required: Vec<&str> =
        own.iter().filter(|(key, row)| row.default == "required" && !has_stand_in(key)).map(|(key, _)| *key).collect();
    let properties: Map<String, Value> = own.iter().map(|(key, row)| (key.to_string(), property(row, rows))).collect();
    let mut map = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        map["required"] = required.into();
    }
    map
}

fn property(row: &SchemaRow, rows: &[SchemaRow]) -> Value {
    let parts = row.values.split(", ");
    let kinds = parts.filter_map(|part| kind_of(part, row, rows)).map(or_stand_in);
    let mut kinds: Vec<Value> = kinds.collect();
    if kinds.iter().any(|kind| kind.get("const").is_some()) {
        kinds.push(json!({ "type": "string", "pattern": STAND_IN }));
    }
    let mut schema = match <[Value; 1]>::try_from(kinds) {
        Ok([only]) => only,
        Err(kinds) => json!({ "anyOf": kinds }),
    };
    let default = if row.default.is_empty() { String::new() } else { format!(" (default: {})", row.default) };
    schema["description"] = format!("{}{default}", row.meaning).into();
    schema
}

/// What a part of the table's third column means; nothing where it only says more of a kind before it, as in `time, 1
/// ms to 10 min`.
fn kind_of(part: &str, row: &SchemaRow, rows: &[SchemaRow]) -> Option<Value> {
    let text = || json!({ "type": "string" });
    let inner = |place: String| map_of(&place, rows);
    Some(match part {
        "`true`" | "`false`" => json!({ "const": part == "`true`" }),
        "map" => inner(row.path.clone()),
        "map of names" => json!({ "type": "object", "additionalProperties": inner(format!("{}.{NAME}", row.path)) }),
        "map of names and values" => json!({ "type": "object", "additionalProperties": text() }),
        "list" => json!({ "type": "array", "items": inner(format!("{}[]", row.path)) }),
        "list of addresses or maps" => {
            json!({ "type": "array", "items": { "anyOf": [text(), inner(format!("{}[]", row.path))] } })
        }
        _ if part.starts_with("list of ") => json!({ "type": "array", "items": text() }),
        "time" | "whole seconds" => json!({ "type": "string", "pattern": "^[0-9]+ ?(ms|s|m|h)$" }),
        "size" => json!({ "type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]+ ?([KMGT]iB)?$" }),
        "share of the TTL" => json!({ "type": "string", "pattern": "^[0-9]+([.][0-9]+)?%$" }),
        "number" => json!({ "type": "number" }),
        _ => match (part.strip_prefix('`').and_then(|part| part.strip_suffix('`')), range(part)) {
            (Some(word), _) => json!({ "const": word }),
            _ if has_kind_before(part, &row.values) => return None,
            (None, Some((least, most))) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            (None, None) => text(),
        },
    })
}

/// The same kind of value, for which a variable or a file may stand. Patterns are about strings only.
fn or_stand_in(mut kind: Value) -> Value {
    match (kind["type"].as_str().map(str::to_string), kind["pattern"].as_str().map(str::to_string)) {
        (_, Some(pattern)) => kind["pattern"] = format!("{pattern}|{STAND_IN}").into(),
        (Some(number), None) if number == "integer" || number == "number" => {
            (kind["type"], kind["pattern"]) = (json!([number, "string"]), STAND_IN.into());
        }
        _ => {}
    }
    kind
}

fn has_kind_before(part: &str, values: &str) -> bool {
    const KINDS: [&str; 5] = ["time", "whole seconds", "size", "share of the TTL", "number"];
    let before = values.find(part).map_or("", |at| &values[..at]);
    before.split(", ").any(|other| KINDS.contains(&other))
}

/// `1 to 1,000`.
fn range(part: &str) -> Option<(u64, u64)> {
    let (least, most) = part.split_once(" to ")?;
    let number = |text: &str| text.replace(',', "").parse::<u64>().ok();
    Some((number(least)?, number(most)?))
}

/// A cell without its links: `[words](page.md)` is its words.
fn words(cell: &str) -> String {
    let mut words = String::new();
    let mut rest = cell;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((link, end)) = after.split_once("](") else { break };
        words = words + before + link;
        rest = end.split_once(')').map_or("", |(_, rest)| rest);
    }
    words + rest
}

fn plain(cell: &str) -> String {
    cell.replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_values_become_schemas() {
        let schema = schema();
        let limits = &schema["properties"]["limits"]["properties"];
        assert_eq!((&limits["in_flight"]["minimum"], &limits["in_flight"]["maximum"]), (&1.into(), &1_000_000.into()));
        assert_eq!(limits["item_size"]["type"], json!(["integer", "string"]));
        let route = &schema["properties"]["routes"]["items"];
        assert_eq!(route["required"], json!(["prefix"]), "migrate and queue may stand in place of pool");
        let refresh = &route["properties"]["refresh"];
        assert_eq!(refresh["properties"]["grace"]["pattern"], "^[0-9]+ ?(ms|s|m|h)$|[$][{](env|file):");
        assert_eq!(refresh["properties"]["marker_bit"]["type"], json!(["integer", "string"]));
        assert_eq!(schema["anyOf"], json!([{ "required": ["pools"] }, { "required": ["routes"] }]));
        let server = &schema["properties"]["pools"]["additionalProperties"]["properties"]["servers"]["anyOf"][0]["items"]
            ["anyOf"];
        assert_eq!(server[0], json!({ "type": "string" }));
        assert_eq!(server[1]["required"], json!(["address"]));
        let keys = schema["properties"]["log"]["properties"]["keys"]["description"].as_str().unwrap();
        assert_eq!(keys, "whether keys may appear in logs (default: false)");
        let words = schema["properties"]["log"]["properties"]["format"]["anyOf"].as_array().unwrap();
        let constant = words.iter().map(|word| &word["const"]).filter(|word| word.is_string());
        assert_eq!(constant.collect::<Vec<_>>(), ["auto", "text", "json"]);
    }

    #[test]
    fn every_key_of_a_file_is_in_the_schema() {
        fn keys_of(schema: &Value, path: &str, found: &mut Vec<String>) {
            for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                found.push(path.clone());
                keys_of(inner, &path, found);
            }
            for kind in schema["anyOf"].as_array().into_iter().flatten() {
                keys_of(kind, path, found);
            }
            if schema["items"].is_object() {
                keys_of(&schema["items"], &format!("{path}[]"), found);
            }
            if schema["additionalProperties"].is_object() {
                keys_of(&schema["additionalProperties"], &format!("{path}.{NAME}"), found);
            }
        }
        let (mut found, mut known) = (Vec::new(), super::super::keys().collect::<Vec<_>>());
        keys_of(&schema(), "", &mut found);
        found.sort();
        known.sort();
        assert_eq!(found, known);
    }
}

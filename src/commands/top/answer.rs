//! What the admin address said, made harmless: names come from configurations and keys, and a terminal obeys control
//! characters. It is done here for every text there is, so no code behind this has to think of it.

use serde_json::Value;

use crate::admin::model::Overview;

/// The overview that `page` is; or why it is none.
pub(super) fn read(page: &str) -> Result<Overview, String> {
    let said = serde_json::from_str(page).map(harmless).and_then(serde_json::from_value);
    said.map_err(|error| {
        let here = env!("CARGO_PKG_VERSION");
        format!("the answer is not what leash {here} says at /status; is that one of another version? ({error})")
    })
}

fn harmless(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(shown(&text)),
        Value::Array(values) => values.into_iter().map(harmless).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, harmless(value))).collect(),
        other => other,
    }
}

/// The text as it can be shown: what would steer the terminal or hide is spelled out.
fn shown(text: &str) -> String {
    let spell = |c: char| if steers(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(spell).collect()
}

/// Control characters, and those that change the direction of the text around them or cannot be seen.
fn steers(c: char) -> bool {
    let is_unseen = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || is_unseen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::model::ShownPool;
    use proptest::prelude::*;

    fn read_back(name: &str) -> String {
        let pools = vec![ShownPool { name: name.to_string(), ..ShownPool::default() }];
        let said = serde_json::to_string(&Overview { pools, ..Overview::default() }).unwrap();
        read(&said).unwrap().pools.remove(0).name
    }

    #[test]
    fn names_are_shown_and_never_obeyed() {
        assert_eq!(read_back("größe:日本"), "größe:日本");
        assert_eq!(read_back("\x1b[2J\x07\r\n\u{9b}31m"), "\\u{1b}[2J\\u{7}\\r\\n\\u{9b}31m");
        assert_eq!(read_back("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
    }

    proptest! {
        #[test]
        fn nothing_that_steers_is_left(name in any::<String>()) {
            prop_assert!(!read_back(&name).contains(steers));
        }
    }

    #[test]
    fn another_answer_is_told() {
        for page in ["", "ok", "[]", "{\"process\": 1}", "{\"process\": {}}"] {
            let why = read(page).unwrap_err();
            assert!(why.starts_with("the answer is not what leash") && why.contains("another version"), "{why}");
        }
    }
}

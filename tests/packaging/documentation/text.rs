//! Finds parts of documents and sources. Not a test itself.

/// The part of a text between two marks.
pub fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let begun = text.split_once(from).unwrap_or_else(|| panic!("no {from:?} there")).1;
    begun.split_once(to).unwrap_or_else(|| panic!("no {to:?} after {from:?}")).0
}

/// The lines of a document that are no code.
pub fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// The rows of the first table of a text, without its head: the cells of each.
pub fn rows(text: &str) -> Vec<Vec<&str>> {
    let table = text.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    table.skip(2).map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands in backticks, in order.
pub fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

//! Finds the blocks of a document that are to be run, and the commands and outputs in them. Runs nothing.

/// One command and the output it is said to have.
#[derive(Debug, Default, PartialEq)]
pub struct Step {
    pub command: String,
    pub output: Vec<String>,
}

impl Step {
    /// Whether the command prints how it ended, so that a failure in it is what the document shows.
    pub fn shows_exit_code(&self) -> bool {
        self.command.contains("$?")
    }
}

/// A block between two fences: the line it begins at, what kind it is said to be, and its lines.
pub struct Block<'t> {
    pub line: usize,
    pub kind: &'t str,
    pub lines: Vec<&'t str>,
    is_marked: bool,
}

impl Block<'_> {
    /// `console` is run, and `sh` where the line before it says so.
    pub fn is_run(&self) -> bool {
        self.kind == "console" || (self.kind == "sh" && self.is_marked)
    }

    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        self.lines.iter().for_each(|line| add(&mut steps, line));
        steps
    }
}

/// All blocks of a document.
pub fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut is_inside, mut is_marked) = (false, false);
    for (number, line) in markdown.lines().enumerate() {
        match line.trim().strip_prefix("```") {
            Some(_) if is_inside => is_inside = false,
            Some(kind) => {
                blocks.push(Block { line: number + 1, kind, lines: Vec::new(), is_marked });
                is_inside = true;
            }
            None if is_inside => blocks.last_mut().expect("a block has begun").lines.push(line),
            None => is_marked = line.trim() == "<!-- run -->",
        }
    }
    assert!(!is_inside, "the last block does not end");
    blocks
}

fn add(steps: &mut Vec<Step>, text: &str) {
    if let Some(command) = text.strip_prefix("$ ") {
        steps.push(Step { command: command.to_string(), output: Vec::new() });
        return;
    }
    let step = steps.last_mut().unwrap_or_else(|| panic!("output without a command: {text}"));
    match step.command.strip_suffix('\\') {
        Some(begun) if step.output.is_empty() => step.command = format!("{begun}{}", text.trim_start()),
        _ => step.output.push(text.to_string()),
    }
}

/// Whether a line is as it was written, where `...` may stand for anything.
pub fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.trim_end().split("...");
    let first = parts.next().unwrap();
    let Some(mut rest) = line.trim_end().strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether an output is the promised one, where a last line `...` stands for any further lines.
pub fn agrees(promised: &[String], output: &str) -> bool {
    let lines: Vec<&str> = output.lines().collect();
    let open_end = promised.last().is_some_and(|line| line.trim() == "...");
    let fixed = if open_end { &promised[..promised.len() - 1] } else { promised };
    (if open_end { lines.len() >= fixed.len() } else { lines.len() == fixed.len() })
        && fixed.iter().zip(&lines).all(|(pattern, line)| matches(pattern, line))
}

//! What one client was answered at one address, a line a question, and how two of them differ.

use super::known::Known;

/// The lines of one conversation.
#[derive(Default)]
pub struct Transcript(Vec<String>);

impl Transcript {
    /// Of what a script said, where `== 2` stands before what is heard at the third address. Each address has its turn
    /// more than once, as time passes in between.
    pub fn all(said: &str, count: usize) -> Vec<Transcript> {
        let mut all: Vec<Transcript> = (0..count).map(|_| Transcript::default()).collect();
        let mut current: Option<&mut Transcript> = None;
        for line in said.lines() {
            match line.strip_prefix("== ").map(|number| number.parse::<usize>()) {
                Some(Ok(number)) => current = all.get_mut(number),
                _ => current.as_mut().unwrap_or_else(|| panic!("nobody was asked: {line}")).0.push(line.to_string()),
            }
        }
        all
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_without(&self, words: &str) -> bool {
        !self.0.iter().any(|line| line.contains(words))
    }

    /// What is wrong with `heard`, if `self` is right: lines that differ without a page that says so, and what a page says
    /// in vain.
    pub fn differences(&self, heard: &Transcript, known: &[&Known]) -> Vec<String> {
        let explains = |line: &str| known.iter().position(|known| line.starts_with(known.question));
        let mut seen = vec![false; known.len()];
        let mut wrong = Vec::new();
        for at in 0..self.0.len().max(heard.0.len()) {
            let [direct, through] = [self, heard].map(|one| one.0.get(at).map_or("(nothing more)", String::as_str));
            match explains(direct) {
                _ if direct == through => {}
                Some(one) => seen[one] = true,
                None => wrong.push(format!("    memcached: {direct}\n    leash:     {through}")),
            }
        }
        let in_vain = known.iter().zip(seen).filter(|(_, seen)| !seen);
        wrong.extend(
            in_vain.map(|(known, _)| format!("    {}: the same, but {} says otherwise", known.question, known.page)),
        );
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::super::known::known;
    use super::*;

    fn of(lines: &[&str]) -> Transcript {
        Transcript(lines.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn lines_are_put_together_by_address() {
        let all = Transcript::all("== 0\na: 1\n== 1\na: 1\n== 0\nb: 2\n== 1\n", 2);
        assert_eq!(
            (&all[0].0[..], &all[1].0[..]),
            (&["a: 1".to_string(), "b: 2".into()][..], &["a: 1".to_string()][..])
        );
    }

    #[test]
    fn another_answer_a_line_less_and_a_line_more_are_differences() {
        let direct = of(&["get: 1", "touch: yes"]);
        assert!(direct.differences(&of(&["get: 1", "touch: yes"]), &[]).is_empty());
        for heard in [&["get: 2", "touch: yes"][..], &["get: 1"], &["get: 1", "touch: yes", "more"]] {
            assert_eq!(direct.differences(&of(heard), &[]).len(), 1);
        }
    }

    #[test]
    fn a_page_explains_its_own_question_and_must_still_be_true() {
        let known = known("dalli_meta", "refresh");
        let question = known[0].question;
        let lines = |get: &str, told: &str| of(&[&format!("get: {get}"), &format!("{question}: {told}")]);
        let direct = lines("1", "yes");
        assert!(direct.differences(&lines("1", "no"), &known).is_empty());
        assert_eq!(direct.differences(&lines("2", "no"), &known).len(), 1);
        assert_eq!(direct.differences(&direct, &known).len(), 1);
    }
}

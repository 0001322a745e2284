//! A dictionary of structured fields (RFC 8941, 3.2), as RFC 9213 writes cache directives in. Strict: what is not one
//! is none, as a recipient must not guess at it. Only whole numbers and switches are of use here; any other value must
//! be well formed and is else ignored.

/// The value of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberValue {
    /// A switch, such as a name alone.
    Switch(bool),
    /// A whole number.
    Whole(i64),
    /// Well formed, and of no use here.
    Other,
}

/// The members in their order; of a name that comes again only the last. `None` if `text` is no dictionary.
pub(super) fn read(text: &str) -> Option<Vec<(String, MemberValue)>> {
    let mut rest = Rest(text.trim_matches(' ').as_bytes());
    let mut members: Vec<(String, MemberValue)> = Vec::new();
    while !rest.0.is_empty() {
        let name = rest.name()?;
        let value = if rest.skip(b'=') { rest.member()? } else { MemberValue::Switch(true) };
        rest.parameters()?;
        members.retain(|(known, _)| *known != name);
        members.push((name, value));
        rest.skip_blanks(b" \t");
        if rest.0.is_empty() {
            break;
        }
        rest.expect(b',')?;
        rest.skip_blanks(b" \t");
        // A comma at the end.
        rest.0.first()?;
    }
    Some(members)
}

/// What is still to be read.
struct Rest<'t>(&'t [u8]);

impl<'t> Rest<'t> {
    fn skip(&mut self, byte: u8) -> bool {
        let is_there = self.0.first() == Some(&byte);
        self.0 = &self.0[usize::from(is_there)..];
        is_there
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.skip(byte).then_some(())
    }

    fn skip_blanks(&mut self, blanks: &[u8]) {
        self.take(|byte| blanks.contains(&byte));
    }

    fn take(&mut self, is_part: impl Fn(u8) -> bool) -> &'t [u8] {
        let end = self.0.iter().position(|byte| !is_part(*byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn name(&mut self) -> Option<String> {
        let begins = |byte: u8| byte.is_ascii_lowercase() || byte == b'*';
        self.0.first().filter(|byte| begins(**byte))?;
        let name = self.take(|byte| begins(byte) || byte.is_ascii_digit() || b"_-.".contains(&byte));
        Some(String::from_utf8_lossy(name).into_owned())
    }

    fn member(&mut self) -> Option<MemberValue> {
        if !self.skip(b'(') {
            return self.bare();
        }
        loop {
            self.skip_blanks(b" ");
            if self.skip(b')') {
                return Some(MemberValue::Other);
            }
            self.bare()?;
            self.parameters()?;
            self.0.first().filter(|byte| b" )".contains(byte))?;
        }
    }

    fn parameters(&mut self) -> Option<()> {
        while self.skip(b';') {
            self.skip_blanks(b" ");
            self.name()?;
            if self.skip(b'=') {
                self.bare()?;
            }
        }
        Some(())
    }

    fn bare(&mut self) -> Option<MemberValue> {
        match *self.0.first()? {
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            b'?' => self.switch(),
            b':' => self.bytes(),
            byte if byte.is_ascii_alphabetic() || byte == b'*' => {
                self.take(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte));
                Some(MemberValue::Other)
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<MemberValue> {
        let is_negative = self.skip(b'-');
        let digits = self.take(|byte| byte.is_ascii_digit());
        if self.skip(b'.') {
            let fraction = self.take(|byte| byte.is_ascii_digit());
            let fits = (1..=12).contains(&digits.len()) && (1..=3).contains(&fraction.len());
            return fits.then_some(MemberValue::Other);
        }
        let fits = (1..=15).contains(&digits.len());
        let whole: i64 = std::str::from_utf8(digits).ok().filter(|_| fits)?.parse().ok()?;
        Some(MemberValue::Whole(if is_negative { -whole } else { whole }))
    }

    fn string(&mut self) -> Option<MemberValue> {
        self.expect(b'"')?;
        loop {
            self.take(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\');
            if self.skip(b'"') {
                return Some(MemberValue::Other);
            }
            self.expect(b'\\')?;
            if !self.skip(b'"') {
                self.expect(b'\\')?;
            }
        }
    }

    fn switch(&mut self) -> Option<MemberValue> {
        self.expect(b'?')?;
        if self.skip(b'1') {
            return Some(MemberValue::Switch(true));
        }
        self.expect(b'0').map(|()| MemberValue::Switch(false))
    }

    fn bytes(&mut self) -> Option<MemberValue> {
        self.expect(b':')?;
        self.take(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
        self.expect(b':').map(|()| MemberValue::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<String> {
        let member = |(name, value): &(String, MemberValue)| match value {
            MemberValue::Switch(on) => format!("{name}={on}"),
            MemberValue::Whole(whole) => format!("{name}={whole}"),
            MemberValue::Other => format!("{name}=…"),
        };
        read(text).map(|members| members.iter().map(member).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_is_a_dictionary_is_read_as_one() {
        for (text, expected) in [
            ("", ""),
            ("  a=1 ", "a=1"),
            ("a=1 ,\t b", "a=1 b=true"),
            ("a=1, a=2", "a=2"),
            ("a=-5;x=1; y, b=?0", "a=-5 b=false"),
            (r#"a="x\"y\\", b=tok/en, c=:aGk=:, d=1.5, e=(1 "x";p 2)"#, "a=… b=… c=… d=… e=…"),
            ("a=999999999999999", "a=999999999999999"),
            ("*a.b_c-9", "*a.b_c-9=true"),
        ] {
            assert_eq!(told(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_none() {
        for text in [
            "A=1",
            "a=",
            "a=1,",
            "a = 1",
            "a=1 b=2",
            "a=1,,b",
            "a=1.",
            "a=1.2345",
            "a=1000000000000000",
            "a=-",
            "a=\"x",
            "a=\"\\x\"",
            "a=?2",
            "a=:x",
            "a=(1",
            "a=(1\"x\")",
            "=1",
            "a;=1",
            "a=ü",
            ",a",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}

//! `${env:NAME}` in a value stands for a variable of the environment: for secrets, and for what differs between machines
//! that share a file. Not in keys, which are names.

/// A value as it counts, from one as it was `written`; `None` where no variable is named. `look_up` finds variables.
pub(super) fn expanded(
    written: &str,
    look_up: impl Fn(&str) -> Result<String, std::env::VarError>,
) -> Result<Option<String>, String> {
    let (mut text, mut rest) = (String::new(), written);
    while let Some((before, after)) = rest.split_once("${env:") {
        let name = after.split_once('}').filter(|(name, _)| is_name(name));
        let Some((name, after)) = name else {
            return Err("${env: is not followed by the name of a variable and }; write ${env:NAME}".into());
        };
        let value = look_up(name).map_err(|why| match why {
            std::env::VarError::NotPresent => {
                format!("the environment has no variable {name}; set it, or write the value")
            }
            std::env::VarError::NotUnicode(_) => format!("the variable {name} of the environment is not UTF-8"),
        })?;
        text += before;
        text += &value;
        rest = after;
    }
    Ok((rest.len() < written.len()).then(|| text + rest))
}

fn is_name(name: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.bytes().all(is_part) && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env::VarError;

    fn said(written: &str) -> Result<Option<String>, String> {
        expanded(written, |name| match name {
            "A" => Ok("a".into()),
            "MANY" => Ok("x ${env:A}".into()),
            _ => Err(VarError::NotPresent),
        })
    }

    #[test]
    fn variables_stand_for_their_values_which_are_not_read_again() {
        assert_eq!(said("plain $A ${A}"), Ok(None));
        assert_eq!(said("${env:A}"), Ok(Some("a".into())));
        assert_eq!(said("Bearer ${env:A}-${env:A}!"), Ok(Some("Bearer a-a!".into())));
        assert_eq!(said("${env:MANY}"), Ok(Some("x ${env:A}".into())));
    }

    #[test]
    fn a_variable_that_is_missing_or_misspelt_is_named() {
        let missing = "the environment has no variable B_2; set it, or write the value";
        assert_eq!(said("${env:A}${env:B_2}"), Err(missing.into()));
        for wrong in ["${env:", "${env:A", "${env:}", "${env:2A}", "${env:A-B}", "${env: A}"] {
            assert!(said(wrong).unwrap_err().starts_with("${env: is not followed"), "{wrong}");
        }
    }
}

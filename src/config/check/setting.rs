//! One scalar -> one value within its bounds, or a problem and the default.

use crate::config::fields::{Scalar, Spelling};
use crate::config::problem::{Problems, instead, plain};
use crate::config::units::Unit;
use std::ops::RangeInclusive;

/// A value with a unit.
pub(super) fn setting<T: Copy + PartialOrd>(
    unit: &Unit<T>,
    written: Option<&Scalar>,
    default: T,
    range: RangeInclusive<T>,
    problems: &mut Problems,
) -> T {
    let Some(scalar) = written else { return default };
    let wrong = match (unit.read)(&scalar.text) {
        Ok(value) if range.contains(&value) => return value,
        Ok(value) => {
            let (least, most) = ((unit.show)(*range.start()), (unit.show)(*range.end()));
            format!("{} is out of range; write {least} to {most}", (unit.show)(value))
        }
        Err(wrong) => wrong.within(&range, unit.show),
    };
    problems.add(&scalar.place, wrong);
    default
}

/// A value with a unit, or `off`, which it is unless written.
pub(super) fn or_off<T: Copy + PartialOrd>(
    unit: &Unit<T>,
    written: Option<&Scalar>,
    range: RangeInclusive<T>,
    problems: &mut Problems,
) -> Option<T> {
    let scalar = written.filter(|scalar| scalar.text != "off")?;
    Some(setting(unit, Some(scalar), *range.start(), range, problems))
}

/// One of a few words.
pub(super) fn word<T: Copy>(written: Option<&Scalar>, default: T, words: &[(&str, T)], problems: &mut Problems) -> T {
    let Some(scalar) = written else { return default };
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == scalar.text) {
        return *value;
    }
    let cure = match words {
        [(only, _)] => format!("write {only}"),
        _ => instead(&scalar.text, words.iter().map(|(word, _)| *word)),
    };
    problems.add(&scalar.place, format!("unknown value {}, {cure}", plain(&scalar.text)));
    default
}

/// `true` or `false`, nothing that other YAML readers take for one.
pub(super) fn switch(written: Option<&Scalar>, default: bool, problems: &mut Problems) -> bool {
    let Some(scalar) = written else { return default };
    match (scalar.spelling, scalar.text.as_str()) {
        (Spelling::Bool | Spelling::StandIn, "true") => return true,
        (Spelling::Bool | Spelling::StandIn, "false") => return false,
        _ => {}
    }
    let wrong = match scalar.text.to_lowercase().as_str() {
        said @ ("true" | "false") => {
            format!("{} is text as it stands there, not a switch; write {said}, unquoted", plain(&scalar.text))
        }
        _ => format!("{} is not a switch; write true or false", plain(&scalar.text)),
    };
    problems.add(&scalar.place, wrong);
    default
}

/// Text. A number or a switch that is meant as text must say so, as YAML might spell it differently.
pub(super) fn text<'s>(written: Option<&'s Scalar>, problems: &mut Problems) -> Option<&'s str> {
    let scalar = written?;
    if !matches!(scalar.spelling, Spelling::Text | Spelling::StandIn) {
        problems.add(&scalar.place, format!("YAML reads this as {}; quote it if it is text", plain(&scalar.text)));
        return None;
    }
    Some(&scalar.text)
}

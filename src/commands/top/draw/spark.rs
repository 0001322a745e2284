//! A row of bars: how a figure went, the oldest first.

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// At most `width` bars; full is `most`, or the highest. Nothing known is a gap, zero the lowest bar and nothing else
/// is.
pub(super) fn spark(values: &[Option<f64>], most: Option<f64>, width: usize) -> String {
    let in_a_bar = values.len().div_ceil(width.max(1)).max(1);
    // From the newest back, so that bars keep what they show for as long as they can.
    let bars: Vec<Option<f64>> = values.rchunks(in_a_bar).rev().map(mean).take(width).collect();
    let highest = bars.iter().flatten().copied().fold(0.0, f64::max);
    bars.into_iter().map(|value| value.map_or(' ', |value| bar(value / most.unwrap_or(highest)))).collect()
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known = values.iter().flatten().count();
    (known > 0).then(|| values.iter().flatten().sum::<f64>() / known as f64)
}

fn bar(share: f64) -> char {
    match share > 0.0 {
        true => LEVELS[1 + ((share * 6.0).round() as usize).min(6)],
        false => LEVELS[0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64], width: usize) -> String {
        spark(&values.iter().copied().map(Some).collect::<Vec<_>>(), None, width)
    }

    #[test]
    fn bars_are_as_high_as_their_share() {
        assert_eq!(of(&[0.0, 0.01, 1.0, 3.0, 6.0], 10), "▁▂▃▅█");
        assert_eq!(of(&[0.0, 0.0], 10), "▁▁");
        assert_eq!(spark(&[Some(0.5), None, Some(1.0)], Some(1.0), 10), "▅ █");
        assert_eq!(spark(&[Some(0.5)], Some(1.0), 10), "▅", "half is half, also without a full step");
    }

    #[test]
    fn many_values_share_a_bar_and_the_newest_are_together() {
        assert_eq!(of(&[6.0, 0.0, 3.0, 3.0, 6.0], 3), "█▄▇");
        assert_eq!(of(&[1.0; 150], 50).chars().count(), 50);
        assert_eq!(of(&[1.0; 150], 0), "");
    }

    #[test]
    fn odd_values_are_bars_too() {
        assert_eq!(of(&[f64::NAN, f64::INFINITY, -1.0, f64::MAX], 4).chars().count(), 4);
    }
}

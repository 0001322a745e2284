//! A small table of figures.

/// The lines, what they tell at the left, the figures right-aligned below their heads.
pub fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("   ") + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_below_their_heads() {
        let row = |cells: [&str; 3]| cells.map(str::to_string);
        let rows = [row(["", "a", "long"]), row(["ä", "1,000", "2"])];
        assert_eq!(table(&rows), "        a   long\nä   1,000      2\n");
    }
}

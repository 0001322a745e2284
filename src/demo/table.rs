//! A small table of figures.

/// One line of the table: what it tells, without and with leash.
pub type Row = (String, String, String);

/// The lines, the figures right-aligned below their heads.
pub fn table(rows: &[Row]) -> String {
    let width = |column: fn(&Row) -> &str| rows.iter().map(|row| column(row).chars().count()).max().unwrap_or(0);
    let (what, without, with) = (width(|row| &row.0), width(|row| &row.1), width(|row| &row.2));
    rows.iter().map(|row| format!("{:what$}   {:>without$}   {:>with$}\n", row.0, row.1, row.2)).collect()
}

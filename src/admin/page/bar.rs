//! A bar that a part of is filled.

use super::Html;

/// Draws one, filled to `share`. What it means is said beside it, or by `told` to who cannot see it.
pub(super) fn write(html: &mut Html, share: f64, told: Option<&str>) {
    let shape = [("class", "bar"), ("viewBox", "0 0 100 4"), ("preserveAspectRatio", "none")];
    let role = if told.is_some() { ("role", "img") } else { ("aria-hidden", "true") };
    let width = format!("{:.1}", (share * 100.0).clamp(0.0, 100.0));
    html.element("svg", &[&shape[..], &[role]].concat(), |html| {
        if let Some(told) = told {
            html.words("title", &[], told);
        }
        html.element("rect", &[("class", "rest"), ("width", "100"), ("height", "4")], |_| {});
        html.element("rect", &[("width", &width), ("height", "4")], |_| {});
    });
}

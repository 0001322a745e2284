//! The configuration in force.

use serde_json::Value;

use super::Html;
use crate::admin::model::Overview;
use crate::readable::age;

/// Writes it, folded.
pub(super) fn write(html: &mut Html, overview: &Overview, config: &Value) {
    html.element("section", &[("id", "configuration")], |html| {
        html.words("h2", &[], "Configuration in force");
        let seconds = overview.process.unix_time - overview.config.loaded;
        let told = format!("Loaded {} ago.", age(seconds));
        html.words("p", &[("class", "detail"), ("id", "loaded"), ("data-live", "")], &told);
        html.element("details", &[], |html| {
            html.words("summary", &[], "Show it, with every default filled in");
            html.words("pre", &[("id", "in-force"), ("data-live", "")], &format!("{config:#}"));
        });
    });
}

//! The dashboards hold together: panels have their place, say what they show, and ask what Prometheus understands.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::files::{all_panels, dashboards, every, panels, promtool, questions, text, variables};

#[test]
fn promtool_accepts_every_question() {
    let rules: Vec<Value> = questions()
        .iter()
        .enumerate()
        .map(|(n, expr)| json!({ "record": format!("panel:{n}"), "expr": expr }))
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, json!({ "groups": [{ "name": "dashboards", "rules": rules }] }).to_string()).unwrap();
    promtool(&["check", "rules", file.path().to_str().unwrap()], "");
}

#[test]
fn panels_do_not_overlap_and_have_numbers_of_their_own() {
    for dashboard in dashboards() {
        let panels = all_panels(&dashboard);
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len());
        let own = dashboard["panels"].as_array().unwrap();
        let folded = own.iter().filter(|row| row["collapsed"] == true).map(|row| row["panels"].as_array().unwrap());
        [own].into_iter().chain(folded).for_each(|panels| keep_apart(panels));
    }
}

fn keep_apart(panels: &[Value]) {
    let mut taken = BTreeSet::new();
    for panel in panels {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(cell.0 < 24 && taken.insert(cell), "{} lies over another panel at {cell:?}", panel["title"]);
        }
    }
}

/// A browser asks for what it shows only, and nobody looks at all of it at once.
#[test]
fn all_rows_but_the_overview_are_folded() {
    for dashboard in dashboards() {
        let panels = dashboard["panels"].as_array().unwrap();
        let rows: Vec<&Value> = panels.iter().filter(|panel| panel["type"] == "row").collect();
        assert!(rows.len() > 5 && rows[0]["collapsed"] == false, "the overview is to be seen at once");
        for row in &rows[1..] {
            assert!(row["collapsed"] == true && !row["panels"].as_array().unwrap().is_empty(), "{}", row["title"]);
        }
    }
}

/// A pool of hundreds of servers would make a browser draw hundreds of lines.
#[test]
fn what_has_a_line_for_each_server_or_instance_shows_the_highest() {
    for panel in panels().iter().filter(|panel| panel["type"] == "timeseries") {
        for target in panel["targets"].as_array().unwrap() {
            let (expr, legend) = (text(&target["expr"]), text(&target["legendFormat"]));
            let is_long = ["{{server}}", "{{instance}}", "{{route}}"].iter().any(|label| legend.contains(label));
            let is_quantile = expr.starts_with("histogram_quantile");
            assert!(!is_long || is_quantile || expr.starts_with("topk("), "{}: {expr}", panel["title"]);
        }
    }
}

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    let panels = panels();
    assert!(panels.len() > 40, "{}", panels.len());
    for panel in panels {
        let title = text(&panel["title"]);
        assert!(text(&panel["description"]).ends_with('.'), "{title} has no description");
        assert!(!text(&panel["fieldConfig"]["defaults"]["unit"]).is_empty(), "{title} has no unit");
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{title} asks nothing");
    }
}

#[test]
fn every_question_is_about_what_is_selected_and_every_variable_is_used() {
    for dashboard in dashboards() {
        let asked = dashboard["panels"].to_string();
        for (name, variable) in variables(&dashboard) {
            let used = [format!("\\\"${name}\\\""), format!("\"${{{name}}}\"")].iter().any(|use_| asked.contains(use_));
            assert!(used, "no panel uses ${name}");
            assert!(!text(&variable["label"]).is_empty(), "{name} has no label");
        }
    }
    for panel in panels() {
        for target in panel["targets"].as_array().unwrap() {
            let expr = text(&target["expr"]);
            for selected in
                ["cluster=~\"$cluster\"", "namespace=~\"$namespace\"", "job=~\"$job\"", "instance=~\"$instance\""]
            {
                let (selectors, series) = (
                    expr.matches(selected).count(),
                    (expr.matches("leash_").count() + expr.matches("process_").count()),
                );
                assert_eq!(selectors, series, "{}: {expr} does not keep to {selected}", panel["title"]);
            }
        }
    }
}

#[test]
fn what_does_not_add_up_is_not_stacked() {
    for panel in panels() {
        let defaults = &panel["fieldConfig"]["defaults"];
        let is_stacked = defaults["custom"]["stacking"]["mode"] == "normal";
        let adds_up = !["s", "percentunit"].contains(&text(&defaults["unit"]).as_str());
        let has_limit = every(&panel["targets"], "legendFormat").iter().any(|legend| legend == "limit");
        assert!(!is_stacked || (adds_up && !has_limit), "{} is stacked", panel["title"]);
    }
}

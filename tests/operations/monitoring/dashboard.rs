//! The dashboards hold together: panels have their place, say what they show, and ask what Prometheus understands.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::files::{dashboards, every, panels, promtool, questions, text, variables};

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
        let panels = dashboard["panels"].as_array().unwrap();
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len());
        let mut taken = BTreeSet::new();
        for panel in panels {
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(cell.0 < 24 && taken.insert(cell), "{} lies over another panel at {cell:?}", panel["title"]);
            }
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
            for selected in ["namespace=~\"$namespace\"", "job=~\"$job\"", "instance=~\"$instance\""] {
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

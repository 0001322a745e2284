//! The endpoints of loaders: can they be reached, over TLS where they have it? Nothing is asked of them, as an application
//! may do anything when it is asked. An endpoint that is not there is a warning: leash serves without it.

use serde_json::{Map, json};

use super::inquiry::{Inquiry, InquiryAnswer};
use crate::config::problem::ConfigPlace;
use crate::config::{Config, Loader};
use crate::origin::{Reached, look};
use crate::snapshot::prefix_of;

/// One for each route with a loader.
pub(super) fn inquiries(top: &ConfigPlace, config: &Config) -> Vec<Inquiry> {
    let routes = config.routes.iter().enumerate();
    let loading = routes.filter_map(|(number, route)| Some((number, prefix_of(route), route.loader.clone()?)));
    loading.map(|(number, prefix, loader)| inquiry(top, number, &prefix, loader)).collect()
}

fn inquiry(top: &ConfigPlace, number: usize, prefix: &str, loader: Loader) -> Inquiry {
    Inquiry {
        place: top.key("routes", None).index(number, None).key("loader", None).key("url", None),
        subject: format!("loader {} of route \"{prefix}\"", loader.url.written),
        asking: Box::pin(async move { told(&loader, look(&loader).await) }),
    }
}

fn told(loader: &Loader, found: Result<Reached, String>) -> InquiryAnswer {
    let problem = found.as_ref().err();
    let reached = found.as_ref().ok();
    let shown = json!({
        "url": loader.url.written,
        "ok": problem.is_none(),
        "problem": problem,
        "address": reached.and_then(|reached| reached.address).map(|address| address.to_string()),
        "tls": reached.and_then(|reached| reached.tls),
        "protocol": reached.and_then(|reached| reached.protocol.as_ref()),
    });
    InquiryAnswer {
        words: reached.map(in_words).unwrap_or_default(),
        details: Map::from_iter([("loader".to_string(), shown)]),
        problems: Vec::new(),
        warnings: problem.map(|why| format!("cannot be reached: {why}")).into_iter().collect(),
    }
}

fn in_words(Reached { address, tls, protocol }: &Reached) -> String {
    let at = address.map_or("the socket".to_string(), |address| address.to_string());
    let tls = tls.map(|version| format!(" over TLS {version}")).unwrap_or_default();
    let protocol = protocol.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    format!("{at} was reached{tls}{protocol}; nothing was asked")
}

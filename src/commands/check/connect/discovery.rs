//! Who knows the servers of pools: do they answer, and with which servers?

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Map, json};

use super::inquiry::{Inquiry, InquiryAnswer};
use crate::config::problem::ConfigPlace;
use crate::config::{Config, DiscoverSource, ServerConfig};
use crate::discovery::find_servers;
use crate::readable::counted;

/// The servers that were found, by the place of their pool.
pub(super) type FoundByPool = Rc<RefCell<Vec<(usize, Vec<ServerConfig>)>>>;

/// One for each pool whose servers are to be found; they go to `found`, too.
pub(super) fn inquiries(top: &ConfigPlace, config: &Rc<Config>, found: &FoundByPool) -> Vec<Inquiry> {
    let discovered = config.pools.iter().enumerate().filter_map(|(place, pool)| {
        let (discover, config, found) = (pool.discover.as_ref()?, config.clone(), found.clone());
        let asking = async move {
            let servers = match find_servers(&config, place).await {
                Ok(servers) => servers,
                Err(why) => return InquiryAnswer::wrong(why),
            };
            let answer = named(&servers);
            found.borrow_mut().push((place, servers));
            answer
        };
        Some(Inquiry {
            place: top.key("pools", None).key(&pool.name, None).key("servers", None),
            subject: format!("servers of pool {} by {}", pool.name, by(&discover.source)),
            asking: Box::pin(asking),
        })
    });
    discovered.collect()
}

fn by(source: &DiscoverSource) -> String {
    match source {
        DiscoverSource::ElastiCache { host, port } => format!("the endpoint {host}:{port}"),
        DiscoverSource::DnsSrv { name, .. } => format!("the SRV records of {name}"),
        DiscoverSource::Dns { host, .. } => format!("the addresses of {host}"),
    }
}

fn named(servers: &[ServerConfig]) -> InquiryAnswer {
    let names: Vec<&str> = servers.iter().map(|server| &*server.name).collect();
    let words = format!("{}, {}", counted(names.len(), "server"), names.join(" "));
    let details = Map::from_iter([("discovery".to_string(), json!({ "servers": names }))]);
    InquiryAnswer { words, details, ..InquiryAnswer::default() }
}

//! Asking a name service for records. The only file that knows which resolver is used.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{Resolver, TokioResolver};

use super::decide::{FoundServer, MembersAnswer};

/// How long one name server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The servers that SRV records name.
pub(super) async fn srv(name: &str, nameserver: Option<SocketAddr>) -> Result<MembersAnswer, String> {
    let found = resolver(nameserver)?.srv_lookup(name).await.map_err(|error| format!("{name}: {error}"))?;
    let servers = found.answers().iter().filter_map(|record| match &record.data {
        // A target of the root says that there is no such service (RFC 2782).
        RData::SRV(srv) if !srv.target.is_root() && srv.port != 0 => {
            Some(FoundServer { host: srv.target.to_utf8().trim_end_matches('.').to_lowercase(), port: srv.port })
        }
        _ => None,
    });
    Ok(answer(servers))
}

/// The servers that are the addresses of a name.
pub(super) async fn addresses(host: &str, port: u16, nameserver: Option<SocketAddr>) -> Result<MembersAnswer, String> {
    let found = resolver(nameserver)?.lookup_ip(host).await.map_err(|error| format!("{host}: {error}"))?;
    Ok(answer(found.iter().map(|address| FoundServer { host: address.to_string(), port })))
}

fn answer(servers: impl Iterator<Item = FoundServer>) -> MembersAnswer {
    let mut servers: Vec<FoundServer> = servers.collect();
    servers.sort();
    servers.dedup();
    MembersAnswer { version: None, servers }
}

/// A new one each time: it remembers nothing, as answers are asked for seldom and are wanted fresh.
fn resolver(nameserver: Option<SocketAddr>) -> Result<TokioResolver, String> {
    let mut builder = match nameserver {
        None => TokioResolver::builder_tokio().map_err(|error| error.to_string())?,
        Some(address) => {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = address.port();
                connection
            });
            let server = NameServerConfig::new(address.ip(), true, connections.to_vec());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    builder.options_mut().timeout = PATIENCE;
    builder.build().map_err(|error| error.to_string())
}

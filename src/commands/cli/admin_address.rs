//! Whom commands ask that need a leash which serves already.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::Environment;
use crate::config::{ConfigSource, Origin, Overrides};

/// Where its admin address is.
#[derive(Clone, Debug, Args)]
pub struct AdminAddress {
    /// Its admin address; where that listens everywhere, it is asked on loopback [default: 127.0.0.1:11291; env:
    /// LEASH_ADMIN]
    #[arg(short, long, value_name = "ADDR")]
    pub admin: Option<String>,
    /// Read the admin address from this file, even if the rest of it is wrong [env: LEASH_CONFIG]
    #[arg(short, long, value_name = "FILE", conflicts_with = "admin")]
    pub config: Option<PathBuf>,
}

impl AdminAddress {
    /// The address, or why there is none to ask.
    pub fn socket(&self, environment: &Environment) -> Result<SocketAddr, String> {
        let source = self.config.clone().map_or_else(|| environment.source(), ConfigSource::File);
        let command_line = Overrides { admin: self.admin.clone(), ..Overrides::default() };
        let origin = Origin { source, environment: environment.overrides.clone(), command_line };
        origin
            .admin()
            .map_err(|problems| format!("the admin address is not known, name it with --admin\n{problems}"))?
            .ok_or_else(|| "the admin address is off: it cannot be asked".to_string())
    }
}

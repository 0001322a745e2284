//! What the environment says where the command line is silent: for images and units, whose command lines nobody edits.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::config::{ConfigSource, Overrides};

/// Names the configuration file.
const CONFIG: &str = "LEASH_CONFIG";

/// The variables that leash reads, as they are. One that is set to nothing says nothing.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    config: Option<PathBuf>,
    /// What wins over the file, and gives way to options.
    pub overrides: Overrides,
}

impl Environment {
    /// That of this process.
    pub fn of_this_process() -> Environment {
        Environment::read(|name| std::env::var_os(name))
    }

    /// That which `variable` tells by their names.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Environment {
        let said = |name: &str| variable(name).filter(|value| !value.is_empty());
        Environment {
            config: said(CONFIG).map(PathBuf::from),
            // What is no UTF-8 is no valid value either, and its check says so.
            overrides: Overrides::of_environment(|name| {
                said(name).as_deref().map(OsStr::to_string_lossy).map(Into::into)
            }),
        }
    }

    /// Where pools and routes come from if no option says it.
    pub fn source(&self) -> ConfigSource {
        self.config.clone().map_or(ConfigSource::Embedded, ConfigSource::File)
    }
}

//! What the command line and the environment say on top of a configuration. Each becomes written form, placed at the
//! option or the variable that said it, so that one check serves all and a problem reads `command line: --listen[0]: …`.

use super::fields::{Scalar, Spelling};
use super::problem::{ConfigPlace, Problems};
use super::written::{self, File};

/// What one of them says instead of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Where to listen: `address:port`, `/path` or `unix:path`; none leaves the source's.
    pub listen: Vec<String>,
    /// The admin address, or `off`.
    pub admin: Option<String>,
    /// The number of workers, or `auto`.
    pub workers: Option<String>,
    /// The level of log lines, also by module.
    pub log: Option<String>,
}

/// Who says it, and by which names.
pub(super) struct Speaker {
    name: &'static str,
    listen: &'static str,
    admin: &'static str,
    workers: &'static str,
    log: &'static str,
}

/// The options of a command.
pub(super) const COMMAND_LINE: Speaker =
    Speaker { name: "command line", listen: "--listen", admin: "--admin", workers: "--workers", log: "--log" };

/// The variables of the process.
pub(super) const ENVIRONMENT: Speaker = Speaker {
    name: "environment",
    listen: "LEASH_LISTEN",
    admin: "LEASH_ADMIN",
    workers: "LEASH_WORKERS",
    log: "LEASH_LOG",
};

impl Overrides {
    /// What the environment says: `variable` is the value of one, if it is set to anything. Several listeners are
    /// separated by commas.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Overrides {
        let listen = variable(ENVIRONMENT.listen).unwrap_or_default();
        Overrides {
            listen: listen.split_terminator(',').map(|text| text.trim().to_string()).collect(),
            admin: variable(ENVIRONMENT.admin),
            workers: variable(ENVIRONMENT.workers),
            log: variable(ENVIRONMENT.log),
        }
    }

    /// Puts what is said in the place of what is written.
    pub(super) fn apply(&self, speaker: &Speaker, file: &mut File) {
        let top = speaker.place();
        if !self.listen.is_empty() {
            let listen = |(n, text): (usize, &String)| listen(text, top.key(speaker.listen, None).index(n, None));
            file.listen = Some(self.listen.iter().enumerate().map(listen).collect());
        }
        if let Some(text) = &self.admin {
            let address = Some(scalar(text, top.key(speaker.admin, None)));
            let (show_keys, hosts) = file.admin.take().map(|admin| (admin.show_keys, admin.hosts)).unwrap_or_default();
            file.admin = Some(written::Admin { address, show_keys, hosts });
        }
        if let Some(text) = &self.workers {
            file.workers = Some(scalar(text, top.key(speaker.workers, None)));
        }
        if let Some(text) = &self.log {
            file.log.level = Some(scalar(text, top.key(speaker.log, None)));
        }
    }

    /// Warns of listeners that a variable replaces: unlike an option, it is seldom in view of who reads the file. Refuses
    /// where they say who may come in, which would be let in unsaid.
    pub(super) fn look_at_listeners(&self, speaker: &Speaker, file: &File, found: ListenFindings) {
        let written = file.listen.as_deref().unwrap_or_default();
        let (false, Some(first)) = (self.listen.is_empty(), written.first()) else { return };
        let place = speaker.place().key(speaker.listen, None);
        let replaced = format!("replaces listen of {}", first.place.file);
        match written.iter().any(written::Listen::says_who_may_come_in) {
            true => found.problems.add(&place, format!("{replaced}, which says who may come in; set it to nothing")),
            false => found.warnings.add(&place, format!("{replaced}; set it to nothing to listen as written there")),
        }
    }
}

/// Where what is found goes.
pub(super) struct ListenFindings<'f> {
    pub(super) problems: &'f mut Problems,
    pub(super) warnings: &'f mut Problems,
}

impl Speaker {
    pub(super) fn place(&self) -> ConfigPlace {
        ConfigPlace::top(self.name)
    }
}

/// A value that nobody wrote into a file.
pub(super) fn scalar(text: &str, place: ConfigPlace) -> Scalar {
    Scalar { place, text: text.into(), masked: None, spelling: Spelling::Text }
}

fn listen(text: &str, place: ConfigPlace) -> written::Listen {
    let (tcp, unix) = match super::address::unix_path(text) {
        Some(path) => (None, Some(scalar(path, place.clone()))),
        None => (Some(scalar(text, place.clone())), None),
    };
    written::Listen { place, tcp, unix, ..written::Listen::default() }
}

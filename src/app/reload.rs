//! Another configuration without a restart: read, checked, made ready beside the one in force, then given to all
//! workers.
//!
//! ```text
//!   SIGHUP ────────────┐            ┌─▶ problems: logged, counted, the old one stays in force
//!   the file changed ──┴─▶ read ────┴─▶ ready ─▶ every worker between two of its requests ─▶ in force, counted
//! ```

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::content::Content;
use super::fixed::keep_fixed;
use super::running::Running;
use super::steps;
use super::systemd::{State, tell};
use crate::app::descriptors;
use crate::config::{Config, Origin, Problems};
use crate::discovery::{Discoverer, DiscoveryError, QuestionCounts};
use crate::logging::Filter;
use crate::metrics::Series;
use crate::snapshot::UnopenedQueues;

/// Reloads the configuration.
pub struct Reloader {
    origin: Origin,
    content: Content,
    discoverer: Arc<Discoverer>,
}

/// Why a reload came to nothing.
enum Refusal {
    /// The configuration is wrong.
    Wrong(Problems),
    /// The servers of a new pool cannot be found.
    Unfound(DiscoveryError),
    /// Queues cannot be had.
    Unopened(UnopenedQueues),
    /// It could not even be read.
    Unread(io::Error),
}

impl Reloader {
    /// Reloads from `origin` once its file is another one than it is now.
    pub fn new(origin: Origin) -> Reloader {
        let content = Content::of(origin.file().map(PathBuf::from).into_iter().collect());
        Reloader { content, origin, discoverer: Arc::default() }
    }

    /// Reloads also once a file is another one that `config` names.
    pub(super) async fn follow(&mut self, config: &Config) {
        let files = self.origin.file().into_iter().chain(config.files()).map(PathBuf::from).collect();
        self.content.turn_to(files).await;
    }

    /// Ready once there may be something to reload.
    pub(super) async fn changed(&self) {
        self.content.changed().await;
        tracing::info!("the configuration has changed, or a file that it names");
    }

    /// Gives the pools of the first configuration their servers.
    pub(super) async fn find_servers(&self, config: &mut Config) -> Result<(), DiscoveryError> {
        self.discoverer.fill(config).await
    }

    /// Lets scrapes tell what became of the questions for servers.
    pub(super) fn tell_questions(&self, running: &Running) {
        let discoverer = self.discoverer.clone();
        running.tell(move |samples| {
            for (pool, QuestionCounts { answered, failed }) in discoverer.questions() {
                samples.put(Series::DiscoveryQuestions, &[&pool, "ok"], answered as f64);
                samples.put(Series::DiscoveryQuestions, &[&pool, "failed"], failed as f64);
            }
        });
    }

    /// Ready once a pool has other servers.
    pub(super) async fn discovered(&self, running: &Running) {
        self.discoverer.changed(&running.in_force().config).await;
    }

    /// Goes on with the servers that are known now, and with all else as it is in force.
    pub(super) async fn take_servers(&self, running: &Running) {
        let in_force = running.in_force();
        let mut config = in_force.config.clone();
        if let Err(error) = self.discoverer.fill(&mut config).await {
            return tracing::warn!(%error, "the servers of a pool stay as they are");
        }
        let is_cut = descriptors::fit(&mut config, running.all_descriptors());
        let Ok(Ok(snapshot)) = spawn_blocking(move || in_force.next(config)).await else { return };
        running.change(snapshot, is_cut).await;
        running.reloads().discovered();
    }

    /// Reloads. Dropped before it is done, it leaves either configuration in force, in each worker the whole of it.
    pub(super) async fn reload(&mut self, running: &Running, filter: &Filter) {
        tell(State::Reloading, "reading the configuration");
        // Noted before it is read: what is written in between is another change.
        self.content.note().await;
        match self.take(running, filter).await {
            Ok(()) => {
                self.follow(&running.in_force().config).await;
                tell(State::Ready, &running.in_brief());
            }
            Err(refusal) => {
                let problems = refusal.log();
                let first = problems.first().cloned().unwrap_or_default();
                // Logged before it is counted, so that a reader of the count finds the reason.
                running.reloads().refused(problems);
                tell(State::Ready, &format!("{}; a reload was refused: {first}", running.in_brief()));
            }
        }
    }

    async fn take(&self, running: &Running, filter: &Filter) -> Result<(), Refusal> {
        let (origin, in_force) = (self.origin.clone(), running.in_force());
        // Ranking servers for every slot takes a while, and this thread accepts clients.
        let all_descriptors = running.all_descriptors();
        let prepared = spawn_blocking(move || {
            let mut config = origin.load()?;
            steps::check(&config, &in_force.config, &origin)?;
            let waiting = keep_fixed(&mut config, &in_force.config);
            let is_cut = descriptors::fit(&mut config, all_descriptors);
            Ok((config, waiting, is_cut))
        });
        let unread = |error| Refusal::Unread(io::Error::other(error));
        let (mut config, waiting, is_cut) = prepared.await.map_err(unread)?.map_err(Refusal::Wrong)?;
        self.discoverer.fill(&mut config).await.map_err(Refusal::Unfound)?;
        let in_force = running.in_force();
        let snapshot = spawn_blocking(move || in_force.next(config)).await.map_err(unread)?;
        let snapshot = snapshot.map_err(Refusal::Unopened)?;
        if let Err(error) = filter.set(&snapshot.config.log.level) {
            tracing::warn!(%error, "the log level stays");
        }
        running.change(snapshot.clone(), is_cut).await;
        for warning in &snapshot.config.warnings {
            tracing::warn!("{warning}");
        }
        for name in &waiting {
            tracing::warn!("{name} cannot change while leash runs, restart it for that");
        }
        running.reloads().done(&waiting);
        let (pools, routes) = (snapshot.config.pools.len(), snapshot.config.routes.len());
        tracing::info!(pools, routes, "reloaded");
        Ok(())
    }
}

impl Refusal {
    /// Tells all that is wrong, a line each, and returns the lines.
    fn log(&self) -> Vec<String> {
        let text = match self {
            Refusal::Wrong(problems) => problems.to_string(),
            Refusal::Unfound(error) => error.to_string(),
            Refusal::Unopened(error) => error.to_string(),
            Refusal::Unread(error) => error.to_string(),
        };
        for line in text.lines() {
            tracing::error!("{line}");
        }
        tracing::error!(problems = text.lines().count(), "reload refused, the configuration in force stays");
        text.lines().map(str::to_string).collect()
    }
}

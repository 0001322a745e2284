//! Everything that is asked in packets: memcached, and leash with each kind of route on the way.

use support::packets::{BinaryClient, Question};
use support::{BOUND, Leash, Memcached, wait_until};

/// CAS uniques of servers in one scene lie so far apart that they never meet.
const CAS_DISTANCE: usize = 50_000;

/// Something that answers like memcached, and what keeps it alive.
pub struct Scene {
    pub name: &'static str,
    pub address: String,
    /// Whether `flush` reaches all that it should.
    pub flushes: bool,
    /// Whether a store that expires at once is a delete, which tells no CAS unique.
    pub moves: bool,
    _leash: Option<Leash>,
    pub servers: Vec<Memcached>,
}

impl Scene {
    pub fn memcached() -> Scene {
        let servers = vec![Memcached::start_plain()];
        Scene { name: "memcached", address: servers[0].address(), flushes: true, moves: false, _leash: None, servers }
    }

    fn of(name: &'static str, leash: Leash, servers: Vec<Memcached>) -> Scene {
        Scene { name, address: leash.address().to_string(), flushes: true, moves: false, _leash: Some(leash), servers }
    }

    /// Over memcacheds whose CAS uniques never meet; `{0}`, `{1}` in the configuration are their addresses.
    fn over(name: &'static str, count: usize, configuration: &str) -> Scene {
        let servers = Memcached::start_many(count);
        let mut yaml = configuration.to_string();
        for (index, server) in servers.iter().enumerate() {
            if index > 0 {
                server.advance_cas(index * CAS_DISTANCE);
            }
            yaml = yaml.replace(&format!("{{{index}}}"), &server.address());
        }
        Scene::of(name, Leash::with_config(&yaml), servers)
    }

    fn routed(name: &'static str, count: usize, servers: &str, route: &str) -> Scene {
        let pools = format!("pools: {{main: {{servers: [{servers}], request_timeout: 5s}}}}");
        let route = format!("routes: [{{prefix: \"\", pool: main, allow_flush: true{route}}}]");
        Scene::over(name, count, &format!("workers: 2\n{pools}\n{route}\n"))
    }

    pub fn one() -> Scene {
        Scene::routed("one", 1, "\"{0}\"", "")
    }

    pub fn three() -> Scene {
        Scene::routed("three", 3, "\"{0}\", \"{1}\", \"{2}\"", "")
    }

    pub fn embedded() -> Scene {
        Scene::routed("embedded", 0, "embedded", "")
    }

    pub fn namespaced() -> Scene {
        Scene::routed("namespace", 1, "\"{0}\"", ", namespace: \"n:\"")
    }

    pub fn refreshing() -> Scene {
        Scene::routed("refresh", 1, "\"{0}\"", ", refresh: {grace: 5s, lease: 10s}")
    }

    /// A route on its way from server 0 to server 1.
    pub fn moving(phase: &'static str) -> Scene {
        let pools =
            "pools: {old: {servers: [\"{0}\"], request_timeout: 5s}, new: {servers: [\"{1}\"], request_timeout: 5s}}";
        let migrate = format!("migrate: {{from: old, to: new, phase: {phase}}}");
        let route = format!("routes: [{{prefix: \"\", allow_flush: true, {migrate}}}]");
        Scene { moves: true, ..Scene::over(phase, 2, &format!("workers: 2\n{pools}\n{route}\n")) }
    }

    /// All keys are in the gutter, as their server is dead.
    pub fn guttered() -> Scene {
        let gutter = "on_down: {gutter: {pool: spare, ttl: 600s}}";
        let main = format!("main: {{servers: [\"{{0}}\"], failures: 1, connect_timeout: 100ms, {gutter}}}");
        let pools = format!("pools: {{{main}, spare: {{servers: [\"{{1}}\"]}}}}");
        let route = "routes: [{prefix: \"\", pool: main}]";
        let mut scene = Scene::over("gutter", 2, &format!("workers: 1\n{pools}\n{route}\n"));
        scene.servers[0].kill();
        let mut client = scene.client();
        let mut is_stored = || client.ask(&Question::store(0x01, "probe", "x", (0, 0))).status == 0;
        wait_until("the gutter takes what the dead server would have", BOUND, &mut is_stored);
        scene.flushes = false;
        scene
    }

    /// Each kind of route.
    pub fn all() -> Vec<Scene> {
        let mut scenes = vec![
            Scene::one(),
            Scene::three(),
            Scene::embedded(),
            Scene::namespaced(),
            Scene::refreshing(),
            Scene::guttered(),
        ];
        scenes.extend(["prepare", "warm", "drain"].map(Scene::moving));
        scenes
    }

    pub fn client(&self) -> BinaryClient {
        BinaryClient::connect(&self.address)
    }
}

//! What keeps leash from starting with a configuration on this machine, as this user: addresses, sockets, directories.
//!
//! Tries what it can try without a trace: binds addresses without listening, and asks the kernel what may be written.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{Access, access};
use socket2::{Domain, Socket, Type};

use crate::config::problem::ConfigPlace;
use crate::config::{Config, Listen, Problems};

/// All of them; `file` is what problems call the configuration.
pub(super) fn problems(file: &str, config: &Config) -> Problems {
    let (top, mut problems) = (ConfigPlace::top(file), Problems::default());
    for (n, listen) in config.listen.iter().enumerate() {
        let place = top.key("listen", None).index(n, None);
        let (key, wrong) = match listen {
            Listen::Tcp(address) => ("tcp", address_trouble(*address)),
            Listen::Unix(path) => ("unix", socket_trouble(path)),
        };
        if let Some(wrong) = wrong {
            problems.add(&place.key(key, None), wrong);
        }
    }
    if let Some(wrong) = config.admin.and_then(address_trouble) {
        problems.add(&top.key("admin", None), wrong);
    }
    if let Some(wrong) = config.spool.dir.as_deref().and_then(directory_trouble) {
        problems.add(&top.key("spool", None).key("dir", None), wrong);
    }
    for route in &config.routes {
        let directory = route.queues().and_then(|queues| queues.directory());
        if let Some(wrong) = directory.and_then(|directory| queues_trouble(&directory.dir)) {
            let prefix = String::from_utf8_lossy(&route.prefix);
            problems.add(&top.key("routes", None), format!("the queues of the route with prefix {prefix:?}: {wrong}"));
        }
    }
    problems
}

/// Why this user cannot listen there. A port that is taken is no reason: the leash that serves may have it.
fn address_trouble(address: SocketAddr) -> Option<String> {
    let bind = || -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())
    };
    let error = bind().err()?;
    match error.kind() {
        io::ErrorKind::AddrInUse => None,
        io::ErrorKind::PermissionDenied => {
            Some(format!("{address}: this user may not listen below port 1024; write a higher port, or allow it"))
        }
        io::ErrorKind::AddrNotAvailable => {
            let port = address.port();
            Some(format!("{} is no address of this machine; write 127.0.0.1:{port} or 0.0.0.0:{port}", address.ip()))
        }
        _ => Some(format!("{address} cannot be listened on: {error}")),
    }
}

fn socket_trouble(path: &Path) -> Option<String> {
    match std::fs::symlink_metadata(path) {
        Ok(file) if !file.file_type().is_socket() => {
            Some(format!("{} is there and is no socket; remove it, or write another path", path.display()))
        }
        _ => directory_trouble(path.parent()?),
    }
}

/// Why this user cannot keep queues there. What a directory of queues is in must be there: it may be a disk that is not.
fn queues_trouble(directory: &Path) -> Option<String> {
    let above = directory.parent().filter(|above| !above.as_os_str().is_empty() && !directory.exists());
    match above {
        Some(above) if !above.exists() => {
            Some(format!("{} is not there; make it, or write another as queue.dir", above.display()))
        }
        _ => directory_trouble(directory),
    }
}

/// Why this user can neither write into a directory nor make it.
fn directory_trouble(directory: &Path) -> Option<String> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let shown = directory.display();
    match access(directory, Access::WRITE_OK | Access::EXEC_OK) {
        _ if directory.exists() && !directory.is_dir() => Some(format!("{shown} is no directory; write another path")),
        Ok(()) => None,
        Err(rustix::io::Errno::NOENT) => {
            let above = directory.parent().and_then(directory_trouble)?;
            Some(format!("{shown} is not there, and leash cannot make it: {above}"))
        }
        Err(error) => {
            Some(format!("this user cannot write into {shown} ({error}); make it that user's, or write another"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    fn found(yaml: &str) -> Vec<String> {
        let config = Config::parse("c.yaml", &format!("pools: {{p: {{servers: [m0]}}}}\n{yaml}\n")).unwrap();
        problems("c.yaml", &config).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn addresses_of_other_machines_are_told() {
        assert_eq!(found("listen: [{tcp: '127.0.0.1:0'}]\nadmin: off"), [""; 0]);
        let other = "192.0.2.1 is no address of this machine; write 127.0.0.1:5 or 0.0.0.0:5";
        assert_eq!(found("listen: [{tcp: '192.0.2.1:5'}]\nadmin: off"), [format!("c.yaml: listen[0].tcp: {other}")]);
        assert_eq!(found("listen: [{tcp: '127.0.0.1:0'}]\nadmin: 192.0.2.1:5"), [format!("c.yaml: admin: {other}")]);
    }

    #[test]
    fn a_port_that_is_taken_may_be_that_of_the_leash_that_serves() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(found(&format!("listen: [{{tcp: '{address}'}}]\nadmin: off")), [""; 0]);
    }

    #[test]
    fn what_is_in_the_way_of_a_socket_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("file"), "").unwrap();
        let _listener = UnixListener::bind(at("used")).unwrap();
        let trouble = |name: &str| socket_trouble(&at(name));
        assert_eq!((trouble("new"), trouble("used"), trouble("made/new")), (None, None, None));
        assert!(trouble("file").unwrap().contains("is no socket"));
        assert!(trouble("file/new").unwrap().contains("is no directory"), "{:?}", trouble("file/new"));
        assert!(directory_trouble(&at("file/spool/deep")).is_some(), "nothing can be made below a file");
        assert_eq!(directory_trouble(&at("spool")), None);
        assert_eq!((queues_trouble(&at("queues")), queues_trouble(directory.path())), (None, None));
        assert!(
            queues_trouble(&at("no/queues"))
                .unwrap()
                .ends_with("/no is not there; make it, or write another as queue.dir")
        );
        let yaml = format!(
            "listen: [{{tcp: '127.0.0.1:0'}}]\nadmin: off\nroutes: [{{prefix: a, queue: {{dir: {}}}}}]",
            at("no/q").display()
        );
        assert!(
            found(&yaml)[0].starts_with("c.yaml: routes: the queues of the route with prefix \"a\": "),
            "{:?}",
            found(&yaml)
        );
    }
}

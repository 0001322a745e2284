//! The endpoint of the example application, behind a real busybox: leash, with the configuration of that chart and the
//! token of its Secret, gets its pages there, and nobody gets any without the token.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command};

use serde_json::{Value, json};
use support::{BOUND, Leash, free_port, listens, wait_until};
use tempfile::TempDir;

use super::helm::{APPLICATION, TOKEN};

/// The application's web server, with its program.
struct Shop {
    httpd: Child,
    port: u16,
    _www: TempDir,
}

impl Shop {
    fn start(objects: &[Value]) -> Shop {
        let program = objects.iter().find_map(|object| object["data"]["cache"].as_str()).expect("a program");
        let (port, www) = (free_port(), tempfile::tempdir().unwrap());
        let file = www.path().join("cgi-bin/cache");
        fs::create_dir(www.path().join("cgi-bin")).unwrap();
        fs::write(&file, program).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o555)).unwrap();
        let mut httpd = Command::new("busybox");
        httpd.args(["httpd", "-f", "-p", &format!("127.0.0.1:{port}"), "-h"]).arg(www.path()).env("TOKEN", TOKEN);
        let httpd = httpd.spawn().expect("busybox");
        wait_until("the web server listens", BOUND, || listens(port));
        Shop { httpd, port, _www: www }
    }

    /// A leash as the chart configures it, but that its store is its own and the endpoint this one.
    fn leash(&self, objects: &[Value], token: &str) -> Leash {
        let written = objects.iter().find_map(|object| object["data"]["leash.yaml"].as_str()).expect("a configuration");
        let mut config: Value = serde_yaml::from_str(written).unwrap();
        config["pools"]["main"] = json!({ "servers": ["embedded"] });
        let config = config.as_object_mut().unwrap();
        config.retain(|key, _| ["pools", "routes"].contains(&key.as_str()));
        let yaml = json!(config).to_string().replace("127.0.0.1:8000", &format!("127.0.0.1:{}", self.port));
        Leash::within(&["env", &format!("TOKEN={token}")], &yaml)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.httpd.kill();
        let _ = self.httpd.wait();
    }
}

#[test]
fn leash_gets_pages_with_the_token_and_nobody_without() {
    let objects = APPLICATION.objects();
    let secret = objects.iter().find(|object| object["kind"] == "Secret").expect("a Secret");
    assert_eq!(secret["stringData"]["token"], TOKEN);
    let shop = Shop::start(&objects);
    let leash = shop.leash(&objects, TOKEN);
    let page = leash.client().get("page:7").unwrap().map(|page| String::from_utf8(page).unwrap());
    assert!(page.as_ref().is_some_and(|page| page.starts_with("key=page%3A7, made at ")), "{page:?}");
    assert!(!leash.page("/config").contains(TOKEN) && !leash.page("/status").contains(TOKEN));
    assert_eq!(shop.leash(&objects, "guessed").client().get("page:7").unwrap(), None);
}

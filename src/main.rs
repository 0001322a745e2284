//! temp
use leash::{config::*, downstream::Listener, shared::Snapshot, worker::Worker};
use std::{sync::Arc, time::Duration};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let mut servers = vec![]; let mut listen = "127.0.0.1:11211".to_string(); let mut workers = 1;
    let mut i = 1;
    while i < a.len() { match a[i].as_str() { "--server" => servers.push(a[i+1].clone()), "--listen" => listen = a[i+1].clone(), "--workers" => workers = a[i+1].parse().unwrap(), _ => {} } i += 2; }
    let servers = servers.iter().map(|s| { let (h,p)=s.rsplit_once(':').unwrap(); Server{name: s.as_str().into(), address: Address::Tcp{host:h.into(), port:p.parse().unwrap()}, weight:1}}).collect();
    let config = Config { listen: vec![], admin: None, workers, pools: vec![Pool{name:"main".into(), servers, hash_tag:None, connect_timeout:Duration::from_millis(250), request_timeout: Duration::from_millis(500), failures:3, embedded: Embedded{max_bytes:64<<20}}], routes: vec![Route{prefix:vec![],pool:0,namespace:vec![],allow_flush:true}], limits: Limits{item_size:1<<20,request_line:65536,keys_per_get:10000,in_flight:1024,connections:1024,request_time:Duration::from_secs(10),unsent_replies:8<<20,memory:256<<20,server_queue:65536}};
    let snap = Snapshot::new(config);
    let (_tx, rx) = tokio::sync::watch::channel(false);
    let ws: Vec<_> = (0..workers).map(|n| Worker::start(n, snap.clone(), &leash::metrics::Registry::new("x"), Arc::new(|_: &[bytes::Bytes]| b"END\r\n".to_vec()), rx.clone()).unwrap()).collect();
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async { Listener::tcp(listen.parse().unwrap()).await.unwrap().accept(ws.iter().map(|w| w.seat.clone()).collect(), 1024, || {}).await });
}

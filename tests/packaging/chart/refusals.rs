//! Wrong values are refused before anything is installed, with where they are and what is wrong.

use support::repository::here;

use super::helm::{KUBERNETES, errors, helm};

/// `--set` arguments on top of the least values, and what the refusal says.
const SCHEMA: &[(&str, &str)] = &[
    ("mode=cluster", "at '/mode': value must be one of 'sidecar', 'daemonset', 'deployment', 'holders'"),
    ("modes=sidecar", "additional properties 'modes' not allowed"),
    ("replicas=0", "at '/replicas': minimum: got 0, want 1"),
    ("image.pullPolicy=always", "at '/image/pullPolicy': value must be one of"),
    ("image.digest=abc", "at '/image/digest': 'abc' does not match pattern"),
    ("image.tag=a b", "at '/image/tag': 'a b' does not match pattern"),
    ("resources.limits.memory=lots", "at '/resources/limits/memory': 'lots' does not match pattern"),
    ("tolerations[0].effect=Never", "at '/tolerations/0/effect': value must be one of"),
    ("podLabels.tier=1", "at '/podLabels/tier': got number, want string"),
    ("podMonitor.interval=fast", "at '/podMonitor/interval': 'fast' does not match pattern"),
    ("podMonitor.scrapeTimeout=5", "at '/podMonitor/scrapeTimeout': got number, want string"),
    ("serviceMonitor.sampleLimit=-1", "at '/serviceMonitor/sampleLimit': minimum: got -1, want 0"),
    ("podMonitor.relabelings[0].action=rename", "at '/podMonitor/relabelings/0/action': value must be one of"),
    ("prometheusRule.runbookUrl=alerts.md", "at '/prometheusRule/runbookUrl': 'alerts.md' does not match pattern"),
    ("commonLabels.app\\.kubernetes\\.io/name=x", "invalid propertyName 'app.kubernetes.io/name'"),
    ("existingSecret=My_Secret", "at '/existingSecret': 'My_Secret' does not match pattern"),
    ("secretFiles[0].secret=tls", "at '/secretFiles/0': missing property 'mountPath'"),
    ("secretFiles[0].secret=tls,secretFiles[0].mountPath=tls", "at '/secretFiles/0/mountPath': 'tls' does not match"),
    ("extraArgs=--workers 3", "at '/extraArgs': got string, want array"),
    ("extraEnv[0].value=x", "at '/extraEnv/0': missing property 'name'"),
    ("livenessProbe.path=/readyz", "at '/livenessProbe': additional properties 'path' not allowed"),
    ("livenessProbe.periodSeconds=0", "at '/livenessProbe/periodSeconds': minimum: got 0, want 1"),
    ("service.type=ExternalName", "at '/service/type': value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'"),
    ("service.port=0", "at '/service/port': minimum: got 0, want 1"),
    ("autoscaling.maxReplicas=0", "at '/autoscaling/maxReplicas': minimum: got 0, want 1"),
    ("updateStrategy.type=Blue", "at '/updateStrategy/type': value must be one of"),
    ("terminationGracePeriodSeconds=5", "at '/terminationGracePeriodSeconds': minimum: got 5, want 7"),
    ("hostNetwork=1", "at '/hostNetwork': got number, want boolean"),
    ("dnsPolicy=Custom", "at '/dnsPolicy': value must be one of"),
    ("topologySpreadConstraints[0].maxSkew=1", "at '/topologySpreadConstraints/0': missing properties"),
    ("extraManifests=x", "at '/extraManifests': got string, want array"),
    ("config.pool=x", "at '/config': additional properties 'pool' not allowed"),
    ("config.admin=off", "at '/config/admin': 'off' does not match pattern"),
    ("config.workers=many", "at '/config/workers': 'many' does not match pattern '^auto$'"),
    ("config.listen[0].tcp=here", "at '/config/listen/0/tcp': 'here' does not match pattern"),
    ("config.listen[0].unix=/tmp/leash.sock", "at '/config/listen/0/unix': '/tmp/leash.sock' does not match pattern"),
    ("config.pools.main.servers[0].adress=m0", "at '/config/pools/main/servers/0': additional properties 'adress'"),
    ("config.pools.main.servers[0].weight=0", "at '/config/pools/main/servers/0/weight': minimum: got 0, want 1"),
    ("config.pools.spare.hash=crc32", "at '/config/pools/spare': missing property 'servers'"),
    ("config.pools.main.hash=fnv", "at '/config/pools/main/hash': value must be one of 'rendezvous'"),
    ("config.pools.main.request_timeout=200", "at '/config/pools/main/request_timeout': got number, want string"),
    ("config.pools.main.tls.ca=ca.pem", "at '/config/pools/main/tls/ca': 'ca.pem' does not match pattern '^/'"),
    ("config.pools.main.tls.verfy=true", "at '/config/pools/main/tls': additional properties 'verfy' not allowed"),
    ("config.pools.main.auth.user=a", "at '/config/pools/main/auth': missing property 'password_file'"),
    ("config.pools.main.hash_tags=false", "at '/config/pools/main/hash_tags': got boolean, want string"),
    ("config.routes[0].prefix=page:", "at '/config/routes/0': missing property 'pool'"),
    ("config.routes[0].refresh.grace=1min", "at '/config/routes/0/refresh/grace': '1min' does not match pattern"),
    ("config.routes[0].refresh.marker_bit=32", "at '/config/routes/0/refresh/marker_bit': maximum: got 32, want 31"),
    ("config.routes[0].refresh.early.beta=0", "at '/config/routes/0/refresh/early/beta': exclusiveMinimum: got 0"),
    ("config.routes[0].queue.mode=fifo", "at '/config/routes/0/queue/mode': value must be one of 'reserve', 'kestrel'"),
    ("config.routes[0].queue.sync=true", "at '/config/routes/0/queue/sync': value must be one of 'always', '100ms'"),
    ("config.routes[0].queue.dir=queues", "at '/config/routes/0/queue/dir': 'queues' does not match pattern '^/'"),
    ("queueVolume.size=big", "at '/queueVolume/size': 'big' does not match pattern"),
    ("queueVolume.accessModes[0]=ReadOnlyMany", "at '/queueVolume/accessModes/0': value must be one of"),
    ("config.limits.item_size=1MB", "at '/config/limits/item_size': '1MB' does not match pattern"),
    ("config.limits.waiters=0", "at '/config/limits/waiters': minimum: got 0, want 1"),
    ("config.log.format=xml", "at '/config/log/format': value must be one of 'auto', 'text', 'json'"),
];

/// The same for values that are right alone and wrong together, which the templates tell.
const TOGETHER: &[(&str, &str)] = &[
    ("config.pools=null", "config.pools is empty: name your memcached servers"),
    ("image.repository=", "image.repository is empty: name the image of leash that you have pushed"),
    ("existingSecret=s,existingConfigMap=c", "existingConfigMap and existingSecret are both written"),
    ("existingSecret=s", "config.pools is written beside existingConfigMap or existingSecret"),
    (
        "extraEnv[0].name=LEASH_ADMIN",
        "extraEnv has LEASH_ADMIN, which the chart's probes, ports and volumes would not follow",
    ),
    ("extraArgs={--listen=0.0.0.0:1}", "extraArgs has --listen=0.0.0.0:1, which the chart's probes, ports and volumes"),
    ("extraArgs={-a,off}", "extraArgs has -a, which the chart's probes, ports and volumes would not follow"),
    (
        "secretFiles[0].secret=tls,secretFiles[0].mountPath=/etc/leash/tls",
        "secretFiles has /etc/leash/tls, but /etc/leash is the",
    ),
    ("podMonitor.enabled=true,serviceMonitor.enabled=true", "podMonitor and serviceMonitor are both enabled"),
    ("hostNetwork=true", "hostNetwork is for mode daemonset"),
    (
        "mode=daemonset,hostNetwork=true,networkPolicy.enabled=true",
        "networkPolicy does not cover pods in the node's network",
    ),
    ("autoscaling.enabled=true", "autoscaling is for mode deployment, and mode is sidecar"),
    ("mode=deployment,autoscaling.enabled=true,autoscaling.minReplicas=11", "minReplicas is 11 and maxReplicas is 10"),
    ("mode=deployment,service.type=LoadBalancer", "name who may in service.loadBalancerSourceRanges"),
    (
        "config.admin=127.0.0.1:11291",
        "config.admin is 127.0.0.1:11291, but the kubelet's probes come to the pod's address",
    ),
    ("networkPolicy.enabled=true", "networkPolicy is for the modes daemonset, deployment and holders"),
    ("mode=daemonset,injection.enabled=true", "injection is for mode sidecar, and mode is daemonset"),
    ("mode=holders", "mode is holders, and no route has queues to keep"),
    ("mode=holders,config.pools=null", "config.pools is empty: name your memcached servers"),
    (
        "mode=holders,config.routes[0].prefix=q:,config.routes[0].queue.dir=/data/queues",
        "the queues in /data/queues are on no volume: take a directory below queueVolume.mountPath, such as /var/lib/leash/q",
    ),
    (
        "mode=deployment,config.routes[0].prefix=q:,config.routes[0].queue.dir=/var/lib/leash/queues",
        "the queues in /var/lib/leash/queues would be gone with their pod in mode deployment: let a release of mode holders",
    ),
    (
        "mode=holders,config.routes[0].prefix=q:,config.routes[0].queue.dir=/var/lib/leash/queues,service.type=NodePort",
        "mode is holders, whose Service is headless",
    ),
    (
        "mode=deployment,config.listen[0].tcp=127.0.0.1:11211",
        "config.listen has only loopback addresses or sockets, which the Service of mode deployment cannot reach",
    ),
];

/// What helm says of these values; they must be refused.
#[track_caller]
fn refusal(set: &str) -> String {
    let (chart, values) = (here("helm"), here("helm/ci/sidecar-values.yaml"));
    let [chart, values] = [&chart, &values].map(|path| path.to_str().unwrap());
    let output = helm(&["template", "r", chart, "--values", values, "--kube-version", KUBERNETES, "--set", set]);
    assert!(!output.status.success(), "{set} is not refused");
    errors(&output)
}

#[test]
fn the_schema_refuses_wrong_values_and_says_where() {
    for (set, expected) in SCHEMA {
        let said = refusal(set);
        assert!(said.contains(expected), "{set}: {expected:?} is not in\n{said}");
    }
}

#[test]
fn values_that_contradict_each_other_are_refused_with_the_cure() {
    for (set, expected) in TOGETHER {
        let said = refusal(set);
        assert!(said.contains(expected), "{set}: {expected:?} is not in\n{said}");
    }
}

#[test]
fn the_example_refuses_more_servers_than_it_names() {
    let chart = super::helm::application().to_str().unwrap();
    let output = helm(&["template", "r", chart, "--kube-version", KUBERNETES, "--set", "memcached.replicas=4"]);
    let said = errors(&output);
    assert!(said.contains("memcached.replicas is 4 and leash.config.pools.main.servers names 3 servers"), "{said}");
}

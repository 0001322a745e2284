<?php
// Where libmemcached puts keys, asked through PHP's Memcached; no server is needed. Usage: php libmemcached.php < KEYS
// Options are set before the servers are added, as pylibmc does it; where they are set after, that is said.

const NAMES = ['m0:11211', 'm1:11211', 'm2:11211'];
const ADDRESSES = ['10.0.0.1:11211', '10.0.0.2:22122', '[::1]:22122', 'cache-3.example.com:11211', 'cache-3.example.com:11212',
    '10.0.0.6:1', '10.0.0.7:11211', '10.0.0.8:65535'];
const ONE = ['m0:11211'];
const TWO = ['10.0.0.1:22122', '10.0.0.1:22123'];
const WEIGHTED = [['m0:11211', 1], ['m1:11211', 2], ['m2:22122', 5]];
const MANY_WEIGHTS = [['10.0.0.1:11211', 1], ['10.0.0.2:11211', 7], ['10.0.0.3:22122', 3], ['10.0.0.4:22122', 1],
    ['10.0.0.5:22122', 100], ['10.0.0.6:22122', 13], ['10.0.0.7:22122', 1], ['10.0.0.8:22122', 9]];

const KETAMA = [Memcached::OPT_DISTRIBUTION => Memcached::DISTRIBUTION_CONSISTENT];
const KETAMA_WEIGHTED = [Memcached::OPT_LIBKETAMA_COMPATIBLE => true];
const MODULA = [Memcached::OPT_DISTRIBUTION => Memcached::DISTRIBUTION_MODULA];
const KEY_HASHES = ['md5' => Memcached::HASH_MD5, 'crc32' => Memcached::HASH_CRC, 'fnv1_64' => Memcached::HASH_FNV1_64,
    'fnv1a_64' => Memcached::HASH_FNV1A_64, 'fnv1_32' => Memcached::HASH_FNV1_32, 'fnv1a_32' => Memcached::HASH_FNV1A_32,
    'murmur' => Memcached::HASH_MURMUR];

/** One pool: how leash calls it, its servers, libmemcached's options, and when they are set. */
function pool(string $hash, array $servers, array $options, bool $options_first = true): array {
    $client = new Memcached();
    $set = function () use ($client, $options) {
        foreach ($options as $option => $value) {
            $client->setOption($option, $value) or die("option $option: " . $client->getResultMessage() . "\n");
        }
    };
    if ($options_first) $set();
    $places = $written = [];
    foreach ($servers as $place => $server) {
        [$address, $weight] = is_array($server) ? $server : [$server, 1];
        preg_match('/^\[?(.*?)\]?:(\d+)$/', $address, $parts);
        $client->addServer($parts[1], (int) $parts[2], $weight);
        $places["$parts[1]:$parts[2]"] = $place;
        // set before the weights, the options keep them; set after, they forget them
        $written[] = is_array($server) && $options_first ? "{address: \"$address\", weight: $weight}" : "\"$address\"";
    }
    if (!$options_first) $set();
    return ["pool {{$hash}, servers: [" . implode(', ', $written) . ']}', $client, $places];
}

$pools = [];
foreach ([ONE, TWO, NAMES, ADDRESSES, WEIGHTED, MANY_WEIGHTS] as $servers) {
    $pools[] = pool('hash: ketama', $servers, KETAMA);
    $pools[] = pool('hash: ketama_weighted', $servers, KETAMA_WEIGHTED);
}
foreach ([ONE, TWO, NAMES, ADDRESSES] as $servers) {
    $pools[] = pool('hash: modula', $servers, []);
}
$pools[] = pool('hash: ketama', WEIGHTED, KETAMA, false);
foreach (KEY_HASHES as $word => $value) {
    $key_hash = [Memcached::OPT_HASH => $value];
    $pools[] = pool("hash: ketama, key_hash: $word", ADDRESSES, KETAMA + $key_hash);
    $pools[] = pool("hash: ketama, key_hash: $word", WEIGHTED, KETAMA + $key_hash);
    $pools[] = pool("hash: ketama_weighted, key_hash: $word", WEIGHTED, KETAMA_WEIGHTED + $key_hash);
    $pools[] = pool("hash: modula, key_hash: $word", NAMES, MODULA + $key_hash);
}

ob_start();
(new ReflectionExtension('memcached'))->info();
preg_match('/libmemcached library version => (\S+)/', ob_get_clean(), $version);
echo "# Where libmemcached $version[1] (PHP's Memcached ", phpversion('memcached'), ") puts keys; made by tests/routing/hashes/libmemcached.php\n";
foreach ($pools as [$written]) echo "$written\n";
while (($line = fgets(STDIN)) !== false) {
    $line = rtrim($line, "\n");
    echo $line;
    foreach ($pools as [$written, $client, $places]) {
        $server = $client->getServerByKey(rawurldecode($line));
        is_array($server) or die("$line: " . $client->getResultMessage() . "\n");
        echo "\t", $places["$server[host]:$server[port]"];
    }
    echo "\n";
}

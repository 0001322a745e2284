<?php
// Fills a pool with PHP's Memcached: sets key:0, key:1, … to their numbers.
// Usage: warm.php COUNT COMPATIBLE NAMESPACE HOST:PORT[:WEIGHT]... where COMPATIBLE is 1 for OPT_LIBKETAMA_COMPATIBLE
[, $count, $compatible, $namespace] = $argv;
$client = new Memcached();
if ($compatible) $client->setOption(Memcached::OPT_LIBKETAMA_COMPATIBLE, true);
if ($namespace) $client->setOption(Memcached::OPT_PREFIX_KEY, $namespace);
foreach (array_slice($argv, 4) as $server) {
    $parts = explode(':', $server);
    $client->addServer($parts[0], (int) $parts[1], (int) ($parts[2] ?? 0));
}
for ($number = 0; $number < $count; $number++) {
    $client->set("key:$number", (string) $number) or die("key:$number: " . $client->getResultMessage() . "\n");
}

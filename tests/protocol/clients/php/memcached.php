<?php
// The PHP extension memcached, that is libmemcached, as it is used. Usage: php memcached.php text|binary HOST:PORT...
require __DIR__ . '/transcript.php';

define('IS_BINARY', ($argv[1] ?? '') === 'binary');
const WAYS = [
    [],
    [Memcached::OPT_TCP_NODELAY => true, Memcached::OPT_NO_BLOCK => true],
    [Memcached::OPT_PREFIX_KEY => 'shop:', Memcached::OPT_COMPRESSION => true],
    [Memcached::OPT_BUFFER_WRITES => true],
];

function client(string $host, string $port, array $options = []): Memcached
{
    class_exists('Memcached') or exit(1);
    $cache = new Memcached();
    $cache->setOption(Memcached::OPT_BINARY_PROTOCOL, IS_BINARY);
    $cache->setOption(Memcached::OPT_COMPRESSION, false);
    $cache->setOptions($options);
    $cache->addServer($host, (int) $port);
    return $cache;
}

/** Says the answer and how libmemcached calls it. */
function ask(Memcached $cache, string $question, string $method, ...$parameters)
{
    $answer = $cache->$method(...$parameters);
    say($question, [$answer, $cache->getResultMessage()]);
    return $answer;
}

/** A unique is another one each time. */
function unique(string $question, $cas): void
{
    say($question, is_int($cas) && $cas > 0 && $cas < 2 ** 53 ? 'a unique' : $cas);
}

function usual(Memcached $cache): void
{
    ask($cache, 'set', 'set', 'a', '1');
    ask($cache, 'get', 'get', 'a');
    ask($cache, 'get of nothing', 'get', 'none');
    ask($cache, 'setMulti', 'setMulti', ['b' => '2', 'c' => '3']);
    ask($cache, 'getMulti', 'getMulti', ['a', 'b', 'c', 'none']);
    ask($cache, 'add to something', 'add', 'a', 'x');
    ask($cache, 'add', 'add', 'new', 'x');
    ask($cache, 'replace', 'replace', 'a', '1+');
    ask($cache, 'replace of nothing', 'replace', 'none', 'x');
    if (!$cache->getOption(Memcached::OPT_COMPRESSION)) {
        ask($cache, 'append', 'append', 'a', '>');
        ask($cache, 'prepend', 'prepend', 'a', '<');
        ask($cache, 'append to nothing', 'append', 'none', 'x');
    }
    ask($cache, 'get of what was put together', 'get', 'a');
    ask($cache, 'set n', 'set', 'n', 10);
    ask($cache, 'increment', 'increment', 'n', 5);
    ask($cache, 'decrement below zero', 'decrement', 'n', 20);
    ask($cache, 'increment of nothing', 'increment', 'none');
    if (IS_BINARY) {
        ask($cache, 'increment that begins it', 'increment', 'begun', 1, 7, 100);
        ask($cache, 'decrement that does not', 'decrement', 'begun', 2, 9);
    }
    $b = $cache->get('b', null, Memcached::GET_EXTENDED);
    unique('get, extended', $b['cas'] ?? null);
    ask($cache, 'cas', 'cas', $b['cas'] ?? 1, 'b', '22');
    ask($cache, 'cas that lost', 'cas', $b['cas'] ?? 1, 'b', '23');
    ask($cache, 'cas of nothing', 'cas', $b['cas'] ?? 1, 'none', 'x');
    if (!IS_BINARY) { // there libmemcached waits 5 seconds for more than memcached says
        ask($cache, 'touch', 'touch', 'a', 100);
        ask($cache, 'touch of nothing', 'touch', 'none', 100);
    }
    ask($cache, 'delete', 'delete', 'a');
    ask($cache, 'delete of nothing', 'delete', 'a');
    foreach (['number' => 7, 'text' => 'é', 'object' => ['list' => [1, 2, 3]], 'float' => 1.5, 'flag' => true] as $name => $value) {
        ask($cache, "set of a $name", 'set', $name, $value, 100);
        ask($cache, "get of a $name", 'get', $name);
    }
    ask($cache, 'deleteMulti', 'deleteMulti', ['b', 'c', 'n', 'new', 'none']);
}

function at_limits(Memcached $cache): void
{
    ask($cache, 'set of nothing', 'set', 'empty', '');
    ask($cache, 'get of nothing', 'get', 'empty');
    ask($cache, 'set of a large value', 'set', 'large', large());
    ask($cache, 'get of a large value', 'get', 'large');
    ask($cache, 'set of one too large', 'set', 'large', str_repeat('x', TOO_LARGE));
    ask($cache, 'get of what was too large', 'get', 'large');
    ask($cache, 'set with a key too long', 'set', str_repeat('k', 251), 'x');
    ask($cache, 'set with a space', 'set', 'with space', 'x');
    ask($cache, 'setMulti of many', 'setMulti', many());
    ask($cache, 'getMulti of many', 'getMulti', array_keys(many()));
    ask($cache, 'getDelayed', 'getDelayed', ['number', 'none', 'text']);
    // They come in any order, and in binary with uniques.
    $fetched = array_column($cache->fetchAll() ?: [], 'value', 'key');
    say('fetchAll', $fetched);
    ask($cache, 'still in step', 'get', 'number');
}

function conversation(string $host, string $port): Generator
{
    foreach (WAYS as $number => $options) {
        echo "way $number\n";
        usual(client($host, $port, $options));
    }
    $cache = client($host, $port);
    at_limits($cache);
    ask(client($host, $port), 'increment of a word', 'increment', 'text');
    version(current($cache->getVersion() ?: ['none']));
    figures(current($cache->getStats() ?: [[]]));
    ask($cache, 'set that is gone at once', 'set', 'gone', 'x', -1);
    ask($cache, 'get of what is gone', 'get', 'gone');
    ask($cache, 'set for a second', 'set', 'second', 'x', 1);
    yield;
    ask($cache, 'get after a second', 'get', 'second');
    ask($cache, 'flush_all', 'flush');
    ask($cache, 'get after flush_all', 'get', 'object');
}

play(array_slice($argv, 2), 'conversation');

<?php
// The PHP extension memcached, that is libmemcached, as an application uses it. Usage: php php_memcached.php HOST:PORT
[$host, $port] = explode(':', $argv[1]);

function check(bool $is, string $what): void
{
    global $cache;
    if (!$is) {
        fwrite(STDERR, "$what: " . $cache->getResultMessage() . "\n");
        exit(1);
    }
}

foreach ([[], [Memcached::OPT_TCP_NODELAY => true, Memcached::OPT_NO_BLOCK => true], [Memcached::OPT_PREFIX_KEY => 'shop:']] as $options) {
    $cache = new Memcached();
    $cache->setOption(Memcached::OPT_BINARY_PROTOCOL, false);
    $cache->setOption(Memcached::OPT_COMPRESSION, false);
    $cache->setOptions($options);
    $cache->addServer($host, (int) $port);
    $cache->deleteMulti(['a', 'b', 'c', 'n', 'new', 'object']);
    check($cache->set('a', '1') && $cache->get('a') === '1', 'set, get');
    check($cache->get('none') === false && $cache->getResultCode() === Memcached::RES_NOTFOUND, 'a miss');
    check($cache->setMulti(['b' => '2', 'c' => '3']), 'setMulti');
    check($cache->getMulti(['a', 'b', 'c', 'none']) == ['a' => '1', 'b' => '2', 'c' => '3'], 'getMulti');
    check(!$cache->add('a', 'x') && $cache->getResultCode() === Memcached::RES_NOTSTORED && $cache->add('new', 'x'), 'add');
    check($cache->replace('a', '1+') && !$cache->replace('none', 'x'), 'replace');
    check($cache->append('a', '>') && $cache->prepend('a', '<') && $cache->get('a') === '<1+>', 'append, prepend');
    check($cache->set('n', 10) && $cache->increment('n', 5) === 15 && $cache->decrement('n', 20) === 0, 'increment, decrement');
    check($cache->increment('none') === false, 'increment of nothing');
    $b = $cache->get('b', null, Memcached::GET_EXTENDED);
    check($cache->cas($b['cas'], 'b', '22') && !$cache->cas($b['cas'], 'b', '23'), 'cas');
    check($cache->getResultCode() === Memcached::RES_DATA_EXISTS, 'cas that lost');
    check($cache->touch('a', 100) && !$cache->touch('none', 100), 'touch');
    check($cache->delete('a') && !$cache->delete('a'), 'delete');
    check($cache->set('object', ['list' => [1, 2, 3]], 100) && $cache->get('object')['list'][2] === 3, 'an object');
    $large = str_repeat('0123456789', 90000);
    check($cache->set('large', $large) && $cache->get('large') === $large, 'a large value');
    $many = [];
    for ($n = 0; $n < 500; $n++) {
        $many["many:$n"] = $n;
    }
    check($cache->setMulti($many) && $cache->getMulti(array_keys($many)) == $many, 'many');
    check(!$cache->set('huge', str_repeat('x', 2 << 20)) && $cache->get('huge') === false, 'a huge value is refused');
    check(!$cache->set(str_repeat('k', 251), 'x'), 'an overlong key is refused');
    check(!$cache->set('with space', 'x'), 'a key with a space is refused');
    check(preg_match('/^\d+\./', implode(',', $cache->getVersion())) === 1, 'version');
    check(array_values($cache->getStats())[0]['pid'] > 0, 'stats');
    check($cache->get('object')['list'][0] === 1, 'still in step');
}
check($cache->flush() && $cache->get('object') === false, 'flush');

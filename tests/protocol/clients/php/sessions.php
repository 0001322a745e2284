<?php
// PHP's sessions in memcached with the defaults of the extension: the binary protocol, and a lock for each session.
// Usage: php sessions.php HOST:PORT...
require __DIR__ . '/transcript.php';

extension_loaded('memcached') or exit(1);
ini_set('session.save_handler', 'memcached');
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
ini_set('memcached.sess_lock_wait_max', '20');
ini_set('memcached.sess_lock_retries', '2');
set_error_handler(function (int $level, string $text): bool {
    say('warned', $text);
    return true;
});

/** One request of a user: what is done with the session between its start and its end. */
function request(string $question, string $id, callable $does, string $end = 'session_write_close'): void
{
    session_id($id);
    say("$question: start", session_start());
    say($question, $does());
    say("$question: end", $end());
    $_SESSION = [];
}

function conversation(string $host, string $port): Generator
{
    session_save_path("$host:$port");
    $id = 'userofourshop';
    request('a new session', $id, fn () => $_SESSION = ['cart' => ['apple', 3], 'visits' => 1]);
    request('the next request', $id, fn () => [$_SESSION['cart'], ++$_SESSION['visits']]);
    request('one that changes nothing', $id, fn () => $_SESSION['visits']);
    request('one that gives up', $id, fn () => $_SESSION['visits'] = 100, 'session_abort');
    request('after it', $id, fn () => $_SESSION['visits']);
    request('a large session', 'large', fn () => strlen($_SESSION['large'] = str_repeat('0123456789', 60_000)));
    request('the large session again', 'large', fn () => md5($_SESSION['large']));
    request('a new id', $id, fn () => session_regenerate_id(true));
    request('under the old id', $id, fn () => $_SESSION);

    // A request that still runs holds the lock; the next one finds it taken.
    $locked = new Memcached();
    $locked->setOption(Memcached::OPT_BINARY_PROTOCOL, true);
    $locked->addServer($host, (int) $port);
    say('the lock is taken', $locked->add("memc.sess.key.lock.$id", '1', 100));
    session_id($id);
    say('start beside the holder', session_start());
    session_abort();
    say('the lock is given back', $locked->delete("memc.sess.key.lock.$id"));
    request('after the holder', $id, fn () => $_SESSION);

    request('logged out', $id, fn () => $_SESSION = ['user' => 7]);
    request('destroyed', $id, fn () => $_SESSION['user'], 'session_destroy');
    request('after it was destroyed', $id, fn () => $_SESSION);
    ini_set('session.gc_maxlifetime', '1');
    request('a session of a second', 'short', fn () => $_SESSION = ['here' => true]);
    ini_set('session.gc_maxlifetime', '1440');
    yield;
    session_save_path("$host:$port");
    request('after a second', 'short', fn () => $_SESSION);
}

ob_start(); // a session must not start behind output
play(array_slice($argv, 1), 'conversation');

<?php
// How a client in PHP tells what it was answered; as python/transcript.py does. A conversation is a generator that yields
// once, where time passes.

const TOO_LARGE = 2 << 20;
const STATS = ['pid', 'uptime', 'time', 'version', 'curr_connections', 'cmd_get', 'cmd_set', 'get_hits', 'get_misses', 'bytes_read',
    'bytes_written'];

function many(): array
{
    $many = [];
    for ($n = 0; $n < 1000; $n++) {
        $many['many:' . str_repeat('x', 80) . ":$n"] = "value $n";
    }
    return $many;
}

function large(): string
{
    return str_repeat(implode(array_map('chr', range(0, 255))), 3500);
}

function say(string $question, $answer): void
{
    if (is_array($answer)) {
        ksort($answer);
    }
    $text = preg_replace('/127\.0\.0\.1:\d+/', 'SERVER', var_export($answer, true));
    $text = str_replace("\n", ' ', $text);
    echo "$question: ", strlen($text) <= 240 ? $text : strlen($text) . ' characters, ' . hash('crc32b', $text), "\n";
}

/** Which of the figures that everybody reads are there, and whether the version is digits and dots. */
function figures(array $stats): void
{
    say('stats', array_values(array_intersect(STATS, array_keys($stats))));
    version($stats['version'] ?? '');
}

function version(string $text): void
{
    say('version', preg_match('/^\d+(\.\d+)+$/', $text) === 1 ? 'digits and dots' : $text);
}

function play(array $addresses, callable $conversation): void
{
    $open = [];
    foreach ($addresses as $number => $address) {
        echo "== $number\n";
        $open[$number] = $conversation(...explode(':', $address));
        $open[$number]->current();
    }
    if ($open) {
        usleep(2_500_000);
    }
    foreach ($open as $number => $rest) {
        echo "== $number\n";
        $rest->next();
    }
}

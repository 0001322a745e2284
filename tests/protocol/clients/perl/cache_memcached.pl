# Perl's Cache::Memcached, with and without a namespace. It takes a first read of one byte for a whole reply, so replies
# must leave whole. Usage: perl -I… cache_memcached.pl HOST:PORT...
use strict;
use warnings;
use Cache::Memcached;
use Transcript;

sub usual {
    my ($cache) = @_;
    ask('set', sub { $cache->set('a', '1') });
    ask('get', sub { $cache->get('a') });
    ask('get of nothing', sub { $cache->get('none') });
    ask('more sets', sub { $cache->set('b', '2') && $cache->set('c', '3') });
    ask('get_multi', sub { $cache->get_multi(qw(a b c none)) });
    ask('add to something', sub { $cache->add('a', 'x') });
    ask('add', sub { $cache->add('new', 'x') });
    ask('replace', sub { $cache->replace('a', '1+') });
    ask('replace of nothing', sub { $cache->replace('none', 'x') });
    ask('append', sub { $cache->append('a', '>') });
    ask('prepend', sub { $cache->prepend('a', '<') });
    ask('append to nothing', sub { $cache->append('none', 'x') });
    ask('get of what was put together', sub { $cache->get('a') });
    ask('set n', sub { $cache->set('n', 10) });
    ask('incr', sub { $cache->incr('n', 5) });
    ask('decr below zero', sub { $cache->decr('n', 20) });
    ask('incr of nothing', sub { $cache->incr('none') });
    ask('incr of a word', sub { $cache->incr('a') });
    ask('delete', sub { $cache->delete('a') });
    ask('delete of nothing', sub { $cache->delete('a') });
    ask('set of an object', sub { $cache->set('object', { list => [1, 2, 3] }) });
    ask('get of an object', sub { $cache->get('object') });
    ask('set of text', sub { $cache->set('text', "gr\x{f6}\x{df}e") });
    ask('get of text', sub { $cache->get('text') });
    ask('set for a time', sub { $cache->set('stays', 'x', 100) });
    ask('get of what stays', sub { $cache->get('stays') });
    ask('set that is gone at once', sub { $cache->set('gone', 'x', -1) });
    ask('get of what is gone', sub { $cache->get('gone') });
    ask('set of nothing', sub { $cache->set('empty', '') });
    ask('get of nothing', sub { $cache->get('empty') });
    ask('set of a large value', sub { $cache->set('large', $LARGE) });
    ask('get of a large value', sub { $cache->get('large') });
    # called for no result, so it says noreply
    $cache->set('quiet', 'x');
    ask('get after noreply', sub { $cache->get('quiet') });
    $cache->incr('n', 3);
    ask('get after a quiet incr', sub { $cache->get('n') });
    $cache->delete('quiet');
    ask('get after a quiet delete', sub { $cache->get('quiet') });
    ask('set of many', sub { scalar grep { $cache->set($_, $MANY{$_}) } sort keys %MANY });
    ask('get_multi of many', sub { $cache->get_multi(sort keys %MANY) });
    $cache->{compress_enable} = 0;
    ask('set of one too large', sub { $cache->set('large', $TOO_LARGE) });
    ask('get of what was too large', sub { $cache->get('large') });
}

play(sub {
    my ($address) = @_;
    for my $namespace ('', 'shop:') {
        print "namespace '$namespace'\n";
        usual(Cache::Memcached->new({
            servers => [$address], namespace => $namespace, no_rehash => 1, compress_threshold => 10_000, select_timeout => 5,
        }));
    }
    my $cache = Cache::Memcached->new({ servers => [$address], no_rehash => 1 });
    figures('stats', $cache->stats(['misc'])->{hosts}{$address}{misc});
    for my $subject (qw(malloc sizes self)) {
        ask("stats $subject", sub { ref $cache->stats([$subject]) });
    }
    ask('stats reset', sub { ref $cache->stats_reset(['misc']) });
    ask('still in step', sub { $cache->get('stays') });
    ask('set for a second', sub { $cache->set('second', 'x', 1) });
    return sub {
        ask('get after a second', sub { $cache->get('second') });
        ask('flush_all', sub { $cache->flush_all });
        ask('get after flush_all', sub { $cache->get('stays') });
    };
});

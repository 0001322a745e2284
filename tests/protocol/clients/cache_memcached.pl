# Perl's Cache::Memcached with `namespace` and `no_rehash`, as an application uses it.
# It takes a first read of one byte for a whole reply, so replies must leave whole.
# Usage: cache_memcached.pl HOST:PORT
use strict;
use warnings;
use Cache::Memcached;

my $address = shift;

sub check {
    my ($is, $what) = @_;
    die "$what\n" unless $is;
}

for my $namespace ('', 'shop:') {
    my $cache = Cache::Memcached->new({
        servers => [$address],
        namespace => $namespace,
        no_rehash => 1,
        compress_threshold => 10_000,
        select_timeout => 5,
    });
    $cache->delete($_) for qw(a b c n new object);
    check($cache->set('a', '1'), 'set');
    check($cache->get('a') eq '1', 'get');
    check(!defined $cache->get('none'), 'a miss');
    check($cache->set('b', '2') && $cache->set('c', '3'), 'more sets');
    my $several = $cache->get_multi(qw(a b c none));
    check(join(',', map { "$_=$several->{$_}" } sort keys %$several) eq 'a=1,b=2,c=3', 'get_multi');
    check(!$cache->add('a', 'x') && $cache->add('new', 'x'), 'add');
    check($cache->replace('a', '1+') && !$cache->replace('none', 'x'), 'replace');
    check($cache->append('a', '>') && $cache->prepend('a', '<') && $cache->get('a') eq '<1+>', 'append, prepend');
    check($cache->set('n', 10) && $cache->incr('n', 5) == 15 && $cache->decr('n', 20) == 0, 'incr, decr');
    check(!$cache->incr('none'), 'incr of nothing');
    check($cache->delete('a') && !$cache->delete('a'), 'delete');
    check($cache->set('object', { list => [1, 2, 3] }) && $cache->get('object')->{list}[2] == 3, 'an object');
    check($cache->set('stays', 'x', 100) && $cache->get('stays') eq 'x', 'a time');
    check($cache->set('gone', 'x', -1) && !defined $cache->get('gone'), 'a time in the past');
    my $large = join '', map { chr(97 + rand 26) } 1 .. 300_000;
    check($cache->set('large', $large) && $cache->get('large') eq $large, 'a large value');
    check($cache->set("many:$_", $_), 'many sets') for 1 .. 300;
    my $many = $cache->get_multi(map { "many:$_" } 1 .. 300);
    check(300 == grep({ $many->{"many:$_"} == $_ } 1 .. 300), 'a large get_multi');
    $cache->set('noise', 'x') for 1 .. 10;
    # 700,000 bytes that do not compress, then 2 MiB that are refused
    my $huge = join '', map { chr(33 + rand 90) } 1 .. 2_100_000;
    $cache->{compress_enable} = 0;
    check(!$cache->set('huge', $huge) && !defined $cache->get('huge'), 'a huge value is refused');
    my $stats = $cache->stats(['misc']);
    check($stats->{hosts}{$address}{misc}{pid}, 'stats');
    check($cache->get('stays') eq 'x', 'still in step');
}
my $cache = Cache::Memcached->new({ servers => [$address], no_rehash => 1 });
check($cache->set('before', 1), 'set');
check($cache->flush_all && !defined $cache->get('before'), 'flush_all');

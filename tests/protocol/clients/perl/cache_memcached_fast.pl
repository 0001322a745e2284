# Perl's Cache::Memcached::Fast, also with replies that it does not wait for. Usage: perl -I… cache_memcached_fast.pl
# HOST:PORT...
use strict;
use warnings;
use Cache::Memcached::Fast;
use Transcript;

# A unique is another one each time: told is whether it is a number that fits.
sub unique {
    my ($question, $found) = @_;
    say_it($question, $found && $found->[0] =~ /^\d{1,15}$/ ? ['a unique', $found->[1]] : $found);
}

sub usual {
    my ($cache) = @_;
    ask('set', sub { $cache->set('a', '1') });
    ask('get', sub { $cache->get('a') });
    ask('get of nothing', sub { $cache->get('none') });
    ask('set_multi', sub { $cache->set_multi(['b', '2'], ['c', '3', 100]) });
    ask('get_multi', sub { $cache->get_multi(qw(a b c none)) });
    ask('add to something', sub { $cache->add('a', 'x') });
    ask('add', sub { $cache->add('new', 'x') });
    ask('add_multi', sub { $cache->add_multi(['a', 'x'], ['newer', 'x']) });
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
    ask('incr_multi', sub { $cache->incr_multi(['n', 2], 'none') });
    my $found = $cache->gets('b');
    unique('gets', $found);
    ask('gets of nothing', sub { $cache->gets('none') });
    ask('cas', sub { $cache->cas('b', $found->[0], '22') });
    ask('cas that lost', sub { $cache->cas('b', $found->[0], '23') });
    ask('cas of nothing', sub { $cache->cas('none', $found->[0], 'x') });
    unique('gets_multi', $cache->gets_multi(qw(b none))->{b});
    ask('touch', sub { $cache->touch('a', 100) });
    ask('touch of nothing', sub { $cache->touch('none', 100) });
    ask('gat', sub { $cache->gat(100, 'a') });
    ask('gat of nothing', sub { $cache->gat(100, 'none') });
    ask('gat_multi', sub { $cache->gat_multi(100, qw(a b none)) });
    unique('gats', $cache->gats(100, 'a'));
    ask('delete', sub { $cache->delete('a') });
    ask('delete of nothing', sub { $cache->delete('a') });
    ask('delete_multi', sub { $cache->delete_multi(qw(b none)) });
    ask('set of an object', sub { $cache->set('object', { list => [1, 2, 3] }) });
    ask('get of an object', sub { $cache->get('object') });
    ask('set of text', sub { $cache->set('text', "gr\x{f6}\x{df}e \x{2603}") });
    ask('get of text', sub { $cache->get('text') });
    ask('set for a time', sub { $cache->set('stays', 'x', 100) });
    ask('set that is gone at once', sub { $cache->set('gone', 'x', -1) });
    ask('get of what is gone', sub { $cache->get('gone') });
    ask('set of nothing', sub { $cache->set('empty', '') });
    ask('get of nothing', sub { $cache->get('empty') });
    $cache->set('quiet', 'x');
    ask('get after noreply', sub { $cache->get('quiet') });
    ask('set of a large value', sub { $cache->set('large', $LARGE) });
    ask('get of a large value', sub { $cache->get('large') });
    ask('set_multi of many', sub { scalar grep { $_ } values %{ $cache->set_multi(map { [$_, $MANY{$_}] } sort keys %MANY) } });
    ask('get_multi of many', sub { $cache->get_multi(sort keys %MANY) });
    ask('gets_multi of many', sub { scalar keys %{ $cache->gets_multi(sort keys %MANY) } });
    $cache->enable_compress(0);
    ask('set of one too large', sub { $cache->set('large', $TOO_LARGE) });
    ask('get of what was too large', sub { $cache->get('large') });
}

play(sub {
    my ($address) = @_;
    my %usual = (servers => [$address], utf8 => 1, io_timeout => 5, max_size => 4 << 20, close_on_error => 0);
    for my $options ({}, { namespace => 'shop:', nowait => 1, compress_threshold => 1000 }) {
        print join(' ', sort keys %$options), "\n";
        usual(Cache::Memcached::Fast->new({ %usual, %$options }));
    }
    my $cache = Cache::Memcached::Fast->new(\%usual);
    my ($version) = values %{ $cache->server_versions };
    say_it('server_versions', $version =~ /^\d+(\.\d+)+$/ ? 'digits and dots' : $version);
    $cache->set("late:$_", $_) for 1 .. 100;
    ask('nowait_push', sub { $cache->nowait_push; 1 });
    ask('get of what was late', sub { $cache->get('late:100') });
    ask('set for a second', sub { $cache->set('second', 'x', 1) });
    return sub {
        ask('get after a second', sub { $cache->get('second') });
        ask('flush_all', sub { $cache->flush_all });
        ask('get after flush_all', sub { $cache->get('stays') });
    };
});

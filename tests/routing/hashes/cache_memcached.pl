# Where Perl's Cache::Memcached puts keys; connections are never made. Usage: perl cache_memcached.pl < KEYS
use strict;
use warnings;
use Cache::Memcached;

{
    no warnings 'redefine';
    # In place of a socket to the chosen server, the server.
    *Cache::Memcached::sock_to_host = sub { $_[1] };
}

my @pools = (
    ['m0:11211'],
    ['10.0.0.1:11211', '10.0.0.2:22122'],
    ['m0:11211', 'm1:11211', 'm2:11211'],
    ['m2:11211', 'm0:11211', 'm1:11211'],
    [map { "10.0.0.$_:11211" } 1 .. 8],
    [['m0:11211', 1], ['m1:11211', 2], 'm2:22122'],
    [map { ["10.0.0.$_:11211", $_ == 5 ? 100 : 10 - $_] } 1 .. 8],
);
my (@clients, @places);
print "# Where Cache::Memcached $Cache::Memcached::VERSION puts keys; made by tests/routing/hashes/cache_memcached.pl\n";
for my $pool (@pools) {
    my @written = map { ref $_ ? "{address: \"$_->[0]\", weight: $_->[1]}" : "\"$_\"" } @$pool;
    print "pool {hash: crc32, servers: [", join(', ', @written), "]}\n";
    my $place = 0;
    push @places, { map { (ref $_ ? $_->[0] : $_) => $place++ } @$pool };
    push @clients, Cache::Memcached->new({ servers => $pool, namespace => 'not hashed:' });
}
while (my $line = <STDIN>) {
    chomp $line;
    (my $key = $line) =~ s/%(..)/chr hex $1/ge;
    print join("\t", $line, map { $places[$_]{ $clients[$_]->get_sock($key) } } 0 .. $#pools), "\n";
}

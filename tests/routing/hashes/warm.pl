# Fills a pool with Perl's Cache::Memcached: sets key:0, key:1, … to their numbers.
# Usage: warm.pl COUNT NAMESPACE HOST:PORT[:WEIGHT]...
use strict;
use warnings;
use Cache::Memcached;

my ($count, $namespace, @servers) = @ARGV;
@servers = map { /^(.*:.*):(.*)$/ ? [$1, $2] : $_ } @servers;
my $cache = Cache::Memcached->new({ servers => \@servers, namespace => $namespace, no_rehash => 1 });
$cache->set("key:$_", $_) or die "key:$_\n" for 0 .. $count - 1;

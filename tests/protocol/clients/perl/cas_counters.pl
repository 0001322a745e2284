# Counters that many processes count up at once, by gets and cas. Says for each counter how often it was counted up for
# sure, and whether that is all there is to know.
# Usage: perl cas_counters.pl HOST:PORT PROCESSES ROUNDS COUNTER...
use strict;
use warnings;
use Cache::Memcached::Fast;

my ($address, $processes, $rounds, @counters) = @ARGV;

# Counts one up, however often others come first; false if there is no such counter now.
sub count_up {
    my ($cache, $counter) = @_;
    while (1) {
        my $found = $cache->gets($counter) // return 0;
        my $stored = $cache->cas($counter, $found->[0], $found->[1] + 1);
        return $stored if !defined $stored || $stored;
    }
}

sub work {
    my $cache = Cache::Memcached::Fast->new({ servers => [$address], io_timeout => 10, close_on_error => 0 });
    my (%counted, %doubtful);
    for (1 .. $rounds) {
        for my $counter (@counters) {
            my $done = count_up($cache, $counter);
            defined $done ? ($counted{$counter} += $done) : ($doubtful{$counter} = 1);
        }
    }
    syswrite STDOUT, join '', map { join(' ', $_, $counted{$_} // 0, $doubtful{$_} // 0) . "\n" } @counters;
}

for (1 .. $processes) {
    my $child = fork // die "cannot fork: $!";
    next if $child;
    work();
    exit 0;
}
1 while wait > 0;

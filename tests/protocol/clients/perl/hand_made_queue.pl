# The queue that applications build on memcached by hand: a lock, two pointers, numbered entries. Every process puts and
# takes, until standard input ends; then all take until there is nothing.
# Usage: perl hand_made_queue.pl HOST:PORT PROCESSES [careless]
use strict;
use warnings;
use Cache::Memcached;
use IO::Select;

my ($address, $processes, $careless) = @ARGV;
my $stop = IO::Select->new(\*STDIN);

# One write a line, so that the lines of all processes stay whole.
sub report { syswrite STDOUT, "@_\n" }

sub nap { select undef, undef, undef, 0.005 + rand 0.02 }

# Does what must be done by one process at a time; gives up when the lock cannot be had.
sub locked {
    my ($cache, $do) = @_;
    for (1 .. 200) {
        if ($cache->add('lock', $$, 5)) {
            my $done = $do->();
            # Called for its result: else the client would not wait until it is done.
            my $released = $cache->delete('lock');
            return $done;
        }
        nap();
    }
    return;
}

# Where the queue begins and ends. The first process makes the pointers, and the one that finds them lost.
sub pointers {
    my ($cache) = @_;
    my ($head, $tail) = map { $cache->get($_) } qw(head tail);
    $head = 0 if !defined $head && $cache->add('head', 0);
    $tail = $head if defined $head && !defined $tail && $cache->add('tail', $head);
    return ($head, $tail);
}

sub put {
    my ($cache, $message) = @_;
    return locked($cache, sub {
        my ($head, $tail) = pointers($cache);
        my $number = $cache->incr('tail');
        return defined $number && $cache->add("entry:$number", $message);
    });
}

sub take {
    my ($cache) = @_;
    return locked($cache, sub {
        my ($head, $tail) = pointers($cache);
        return if !defined $head || !defined $tail;
        while ($head++ < $tail) {
            my $number = $cache->incr('head');
            return if !defined $number;
            my $message = $cache->get("entry:$number");
            # The one who takes the entry away has it.
            return $message if defined $message && $cache->delete("entry:$number");
        }
        return;
    });
}

# The same without the lock, by one who believes that no other process looks at the same entry.
sub take_carelessly {
    my ($cache) = @_;
    my $number = ($cache->get('head') // 0) + 1;
    my $message = $cache->get("entry:$number") // return;
    my $gone = $cache->delete("entry:$number");
    my $moved = $cache->set('head', $number);
    return $message;
}

sub work {
    my $cache = Cache::Memcached->new({
        servers => [$address], namespace => 'jobs:', no_rehash => 1, select_timeout => 10,
    });
    my $take = $careless ? \&take_carelessly : \&take;
    my $count = 0;
    until ($stop->can_read(0)) {
        my $message = $$ . '-' . ++$count;
        report(put($cache, $message) ? 'put' : 'refused', $message);
        my $taken = $take->($cache);
        report('got', $taken) if defined $taken;
    }
    while (defined(my $taken = $take->($cache))) {
        report('got', $taken);
    }
}

for (1 .. $processes) {
    my $child = fork // die "cannot fork: $!";
    next if $child;
    work();
    exit 0;
}
1 while wait > 0;

# How a client in Perl tells what it was answered; as python/transcript.py does. A conversation gives back what it goes on
# with when time has passed.
package Transcript;
use strict;
use warnings;
use Exporter 'import';
use Compress::Zlib ();
our @EXPORT = qw(ask say_it figures play %MANY $LARGE $TOO_LARGE);

our %MANY = map { ("many:" . 'x' x 80 . ":$_" => "value $_") } 0 .. 999;
our $LARGE = join '', map { chr } (0 .. 255) x 3500;
our $TOO_LARGE = 'x' x (2 << 20);
my @STATS = qw(pid uptime time version curr_connections cmd_get cmd_set get_hits get_misses bytes_read bytes_written);

sub shown {
    my $answer = shift;
    return 'undef' unless defined $answer;
    return '{' . join(', ', map { "$_: " . shown($answer->{$_}) } sort keys %$answer) . '}' if ref $answer eq 'HASH';
    return '[' . join(', ', map { shown($_) } @$answer) . ']' if ref $answer eq 'ARRAY';
    utf8::encode($answer) if utf8::is_utf8($answer);
    return length $answer <= 240 ? "'$answer'" : length($answer) . ' bytes, ' . Compress::Zlib::crc32($answer);
}

sub say_it {
    my ($question, $answer) = @_;
    my $text = shown($answer) =~ s/127\.0\.0\.1:\d+/SERVER/gr;
    $text = length($text) . ' characters, ' . Compress::Zlib::crc32($text) if length $text > 1000;
    print "$question: $text\n";
}

# Says what the call gives, or how it dies; gives it back.
sub ask {
    my ($question, $call) = @_;
    my $answer = eval { $call->() };
    my $refusal = $@;
    $refusal =~ s/ at \S+ line .*//s;
    $refusal ? say_it("$question, it dies", $refusal) : say_it($question, $answer);
    return $answer;
}

# Which of the figures that everybody reads are there, and whether the version is digits and dots.
sub figures {
    my ($question, $stats) = @_;
    say_it($question, [grep { defined $stats->{$_} } @STATS]);
    say_it('version', ($stats->{version} // '') =~ /^\d+(\.\d+)+$/ ? 'digits and dots' : $stats->{version});
}

sub play {
    my ($conversation) = @_;
    local $| = 1;
    my @rest;
    for my $number (0 .. $#ARGV) {
        print "== $number\n";
        push @rest, $conversation->($ARGV[$number]);
    }
    select undef, undef, undef, 2.5 if @ARGV;
    for my $number (0 .. $#ARGV) {
        print "== $number\n";
        $rest[$number]->();
    }
}

1;

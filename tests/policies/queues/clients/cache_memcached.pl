# A queue by Perl's Cache::Memcached. Usage: FILE HOST:PORT
use strict;
use warnings;
use Cache::Memcached;

my $address = shift;
sub client { Cache::Memcached->new({ servers => [$address] }) }
sub told { print defined $_[0] ? $_[0] : 'nothing', "\n" }
sub done { print $_[0]->delete('mail') ? "done\n" : "not done\n" }

my $first = client();
$first->set('mail', $_) || die "not stored" for qw(one two);
told($first->get('mail'));
told($first->get('mail'));
done($first);
told($first->get('mail'));
$first->disconnect_all;
my ($second, $message, $end) = (client(), undef, time + 10);
$message = $second->get('mail') until defined $message || time > $end;
told($message);
done($second);
told($second->get('mail'));
done($second);

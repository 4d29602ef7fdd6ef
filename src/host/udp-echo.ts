/**
 * A program for a host on which no tailmox runs: it answers the echoes of one address on those of UDP 5405 to 5412
 * that nothing else holds, for some seconds, and changes nothing. In perl, which every Debian has (perl-base is
 * essential). Words after it: the address to bind, the only one to answer, how many seconds to live. Not on 5405 of a
 * member: a corosync that is alone does not hold it, and has to find it free when somebody joins.
 */
export const UDP_ECHO = [
  "perl",
  "-e",
  `use strict;
use IO::Select;
use IO::Socket::INET;
my ($own, $asker, $seconds) = @ARGV;
$SIG{ALRM} = sub { exit 0 };
alarm $seconds;
my $sockets = IO::Select->new;
$| = 1;
for my $port (5405 .. 5412) {
  next if $port == 5405 && -e "/etc/corosync/corosync.conf";
  my $socket = IO::Socket::INET->new(Proto => "udp", LocalAddr => $own, LocalPort => $port) or next;
  $sockets->add($socket);
  print "$port\\n";
}
exit 0 unless $sockets->count;
while (my @ready = $sockets->can_read) {
  for my $socket (@ready) {
    my $from = $socket->recv(my $text, 1200) or next;
    my (undef, $address) = sockaddr_in($from);
    next if inet_ntoa($address) ne $asker;
    exit 0 if $text =~ /"kind":"bye"/;
    $socket->send($text, 0, $from) if $text =~ s/"kind":"echo"/"kind":"echoed"/;
  }
}`,
] as const;

import { run } from "../../../src/host/run.ts";

/**
 * The system's own words for a connection that failed: `Connection refused`, `No route to host`, `Network is
 * unreachable`. The runtime calls all of them ECONNREFUSED (Bun 1.4.5), so Perl tries once more.
 */
export async function whyRefused(host: string, port: number): Promise<string> {
  const script =
    "my ($h, $p) = @ARGV; my ($e, $a) = getaddrinfo($h, $p, {socktype => SOCK_STREAM});" +
    'die "$e\n" if $e; socket(my $s, $a->{family}, SOCK_STREAM, 0) or die; connect($s, $a->{addr}) or print "$!";';
  const tried = await run(["perl", "-MSocket=:all", "-e", script, host, String(port)], { timeoutMs: 5_000 });
  return tried.stdout.trim() || "Connection refused";
}

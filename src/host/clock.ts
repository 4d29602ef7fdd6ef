/** How far another host's clock is ahead of this one's, in ms, and by how much that may be wrong. */
export interface ClockSkew {
  readonly aheadMs: number;
  readonly accuracyMs: number;
}

/**
 * Asks a web server that speaks TLS for the time of day, without a login and without telling it anything. Undefined
 * when it gives none; never throws. Good to half a second, since HTTP writes whole ones, and half of what it took.
 */
export async function askWebClock(
  address: string,
  port: number,
  timeoutMs = 4_000,
): Promise<ClockSkew | undefined> {
  const sent = Date.now();
  const answer = await fetch(`https://${address}:${port}/`, {
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
    // The tunnel has proven whose clock it is; the certificate is of Proxmox's own authority.
    tls: { rejectUnauthorized: false },
  }).catch(() => undefined);
  const got = Date.now();
  await answer?.body?.cancel();
  return skewOfDate(answer?.headers.get("date") ?? "", sent, got);
}

/** From a header Date, and when it was asked for and came, in ms since 1970; undefined of another text. */
export function skewOfDate(date: string, sent: number, got: number): ClockSkew | undefined {
  const second = /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(date)
    ? Date.parse(date)
    : Number.NaN;
  if (Number.isNaN(second)) return undefined;
  return { aheadMs: second + 500 - (sent + got) / 2, accuracyMs: 500 + Math.abs(got - sent) / 2 };
}

import { UserError } from "../errors.ts";
import type { Prefs, TailnetFacts } from "../tailnet/facts.ts";
import type { TailnetStatus } from "../tailnet/status.ts";

/** Asserts what a cluster needs of this host's tailnet. Source: tailscale.md 11, rule 3. */
export function assertFit(
  facts: TailnetFacts,
  { tag, loginServer }: { tag: string; loginServer: string | undefined },
): { status: TailnetStatus; prefs: Prefs; address: string } {
  if (facts.kind !== "answers") {
    throw new UserError("E_TAILSCALE_DOWN", "tailscaled does not answer", {
      likely: facts.kind === "daemon down" ? facts.words : "it vanished while tailmox ran",
      mend: "systemctl status tailscaled",
    });
  }
  const { status, prefs } = facts;
  const { address, tags, keyExpiry } = status.self;
  if (status.state !== "Running" || address === undefined) {
    throw unfit(`Tailscale is ${status.state}, without an IPv4 address`, status.health[0] ?? NO_REASON, LOOK);
  }
  if (loginServer !== undefined && !sameServer(prefs.loginServer, loginServer)) {
    const likely = "it was enrolled there before; to move it would cut off whoever comes through it";
    const mend = "leave --login-server out, or log out first: tailscale logout";
    throw unfit(`this host is logged in at ${prefs.loginServer}, not at ${loginServer}`, likely, mend);
  }
  if (!status.tun) {
    throw unfit(
      "Tailscale runs without a network interface",
      "userspace networking: corosync cannot send",
      TUN,
    );
  }
  const locked = status.health.find((text) => text.includes("locked out"));
  if (locked !== undefined) throw unfit("this host is locked out of the tailnet", locked, LOCK);
  if (!tags.includes(tag)) throw notTagged(tag, tags);
  if (keyExpiry !== undefined) {
    throw unfit(`this host's login ends on ${keyExpiry.slice(0, 10)}`, "its key expires", EXPIRY);
  }
  return { status, prefs, address };
}

const NO_REASON = "it gives no reason";
const LOOK = "tailscale status";
const TUN = "remove --tun=userspace-networking from /etc/default/tailscaled, restart tailscaled";
const LOCK = "sign this host on a signing node: tailscale lock sign";
const EXPIRY = "disable key expiry for it in the admin console; tagged hosts have none";

function unfit(what: string, likely: string, mend: string): UserError {
  return new UserError("E_TAILNET_UNFIT", what, { likely, mend });
}

function notTagged(tag: string, tags: readonly string[]): UserError {
  const has = tags.length === 0 ? "no tags" : tags.join(", ");
  return new UserError("E_NOT_TAGGED", `this host is in the tailnet, but without ${tag} (it has ${has})`, {
    likely: "the key does not carry the tag, or the host was enrolled without it",
    mend:
      `tag it in the admin console (Machines, Edit ACL tags), with headscale: headscale nodes tag -t ${tag}; ` +
      "then run tailmox up again",
  });
}

function sameServer(a: string, b: string): boolean {
  return a.replace(/\/+$/, "") === b.replace(/\/+$/, "");
}

/** After the person was asked: with shields up no peer can reach this host. */
export function assertReachable({ shieldsUp }: Prefs): void {
  if (!shieldsUp) return;
  throw unfit(
    "no peer can reach this host: shields-up is on",
    "somebody set it",
    "tailscale set --shields-up=false",
  );
}

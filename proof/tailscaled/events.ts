import { startControl, stopControl } from "../../lab/tailnet/control.ts";
import type { RingOfThree } from "../../test/cluster/tune/ring-of-three.ts";

/** Something that happens to a tailnet in its life. */
export interface Event {
  readonly name: string;
  readonly runs: number;
  /** A cluster with tuned settings must not notice it. */
  readonly tunedStandsIt: boolean;
  readonly happen: (ring: RingOfThree, which: string) => Promise<void>;
}

/** In turn on each host; the control server's embedded DERP restarts with it. */
export const EVENTS: readonly Event[] = [
  {
    name: "tailscaled restarts",
    runs: 10,
    tunedStandsIt: true,
    happen: (ring, which) => must(ring, which, "systemctl", "restart", "tailscaled"),
  },
  {
    // What an upgrade of the package takes.
    name: "tailscaled is away for 3 s",
    runs: 3,
    tunedStandsIt: true,
    async happen(ring, which) {
      await must(ring, which, "systemctl", "stop", "tailscaled");
      await Bun.sleep(3000);
      await must(ring, which, "systemctl", "start", "tailscaled");
    },
  },
  {
    name: "control server and DERP restart",
    runs: 10,
    tunedStandsIt: true,
    async happen({ plan }) {
      await stopControl(plan);
      await Bun.sleep(1000);
      await startControl(plan);
    },
  },
  {
    name: "control server and DERP are away for 60 s",
    runs: 1,
    tunedStandsIt: true,
    async happen({ plan }) {
      await stopControl(plan);
      await Bun.sleep(60_000);
      await startControl(plan);
    },
  },
  {
    name: "one host refused its direct packets for 30 s, DERP carries on",
    runs: 3,
    tunedStandsIt: true,
    async happen(ring, which) {
      await must(ring, which, "nft", "add", "table", "inet", "nodirect");
      const chain = "{ type filter hook output priority -10 ; }";
      await must(ring, which, "nft", `add chain inet nodirect out ${chain}`);
      // WireGuard and disco between hosts; the relay and the control server speak TCP. The sender is told: it notices.
      await must(ring, which, "nft", "add rule inet nodirect out udp sport 41641 drop");
      await Bun.sleep(30_000);
      await must(ring, which, "nft", "delete", "table", "inet", "nodirect");
    },
  },
  {
    name: "tailscaled sleeps for 45 s",
    runs: 2,
    tunedStandsIt: false,
    async happen(ring, which) {
      await must(ring, which, "systemctl", "kill", "--signal=SIGSTOP", "tailscaled");
      await Bun.sleep(45_000);
      await must(ring, which, "systemctl", "kill", "--signal=SIGCONT", "tailscaled");
    },
  },
];

async function must(ring: RingOfThree, which: string, ...argv: [string, ...string[]]): Promise<void> {
  const { exitCode, stderr } = await ring.on(which, ...argv);
  if (exitCode !== 0) throw new Error(`${which}: ${argv.join(" ")}: ${stderr}`);
}

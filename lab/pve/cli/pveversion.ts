import os from "node:os";
import { openNode } from "../node/pve-node.ts";
import { managerLine } from "../node/version-line.ts";
import { complain, say } from "./say.ts";

/** `pveversion`, one line, or with --verbose a line per package (proxmox.md 1). */
export async function pveversionMain(argv: readonly string[]): Promise<number> {
  const verbose = argv.every((word) => /^--?v(erbose)?$/.test(word)) && argv.length > 0;
  if (argv.length > 0 && !verbose) {
    complain("USAGE: pveversion [OPTIONS]\n\n  -verbose  <boolean>   (default=0)");
    return 255;
  }
  const { release } = await openNode();
  const kernel = os.release();
  if (!verbose) {
    say(`${managerLine(release)} (running kernel: ${kernel})`);
    return 0;
  }
  say(
    [
      `proxmox-ve: ${release.proxmoxVe} (running kernel: ${kernel})`,
      `pve-manager: ${release.pveManager} (running version: ${release.pveManager}/${release.repoid})`,
      `libpve-http-server-perl: ${release.httpServer}`,
      `pve-cluster: ${release.pveCluster}`,
    ].join("\n"),
  );
  return 0;
}

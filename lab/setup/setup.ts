import { ensureExecutable } from "../../build.ts";
import { ensureImage } from "../images/image.ts";
import type { Progress } from "../progress.ts";
import { ensureStandIn } from "../pve/build.ts";
import { ensurePrograms } from "../tailnet/programs.ts";
import { ensureVendorRepository } from "../tailnet/vendor-repository.ts";
import { ensureDebianPackages, missingPackages } from "./debian-packages.ts";

type Release = "pve8" | "pve9";

/**
 * Everything a lab needs that is made once and kept in .cache/: Debian packages of this machine, programs,
 * package repository, images, tailmox itself. Quick when nothing is missing.
 */
export async function ensureSetup(
  { step, note }: Progress,
  hosts: readonly { release: Release; rootfs?: string | undefined }[],
): Promise<void> {
  if ((await missingPackages()).length > 0) {
    await step("Debian packages of this machine", "usually 30 s", ensureDebianPackages);
  }
  const releases = [...new Set(hosts.filter((host) => !host.rootfs).map((host) => host.release))];
  await step("set-up", "first time about 8 min, later 1 s", async () => {
    await Promise.all([
      ensureExecutable(),
      ensurePrograms(note).then(() => ensureVendorRepository(note)),
      ensureStandIn(note).then(() => Promise.all(releases.map((release) => ensureImage(release, note)))),
    ]);
  });
}

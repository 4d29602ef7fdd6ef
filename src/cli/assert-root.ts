import { UserError } from "../errors.ts";

/** Throws E_NOT_ROOT for anybody else: Proxmox's own tools would, one after the other. */
export function assertRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new UserError("E_NOT_ROOT", "tailmox has to run as root", {
    likely: "it was started as an ordinary user",
    mend: "log in as root, or use sudo",
  });
}

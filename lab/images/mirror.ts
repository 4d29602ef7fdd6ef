import { run } from "../../src/host/run.ts";

/** Debian's own name for "a mirror near you"; used when this machine's apt names none. */
const DEFAULT_MIRROR = "http://deb.debian.org/debian";

/** The Debian mirror that this machine's apt uses for its own release. */
export async function debianMirror(): Promise<string> {
  const { stdout } = await run([
    ...(["apt-get", "indextargets", "--format", "$(SITE) $(LABEL) $(ORIGIN) $(COMPONENT)"] as const),
    "Created-By: Packages",
  ]);
  return mirrorOf(stdout) ?? DEFAULT_MIRROR;
}

/** The first site of the label and origin "Debian": not its security archive, nobody else's repository. */
export function mirrorOf(indexTargets: string): string | undefined {
  return indexTargets
    .split("\n")
    .map((line) => line.split(" "))
    .find(([, label, origin, component]) => label === "Debian" && origin === "Debian" && component === "main")
    ?.at(0);
}

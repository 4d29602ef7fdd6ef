import { ensureImage } from "../../lab/images/image.ts";
import { runOk } from "../../src/host/run.ts";

/** The versions of corosync and knet in both images, as Debian names them. */
export async function programVersions(): Promise<Record<string, string>> {
  const of = async (release: "pve8" | "pve9") => {
    const lowers = await ensureImage(release);
    const root = lowers.at(-1) ?? lowers[0];
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format, not a template of ours.
    const format = "${Package} ${Version}\n";
    const query = ["dpkg-query", `--admindir=${root}/var/lib/dpkg`, "-W", "-f", format] as const;
    const listed = await runOk([...query, "corosync", "libknet1*", "libqb100"]);
    return listed
      .split("\n")
      .filter((line) => /\d$/.test(line))
      .join(", ");
  };
  const [pve8, pve9] = await Promise.all([of("pve8"), of("pve9")]);
  return { pve8, pve9 };
}

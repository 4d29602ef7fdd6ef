import { expect, test } from "bun:test";
import { z } from "zod";
import { eventually, fingerprintOf } from "../hosts.ts";
import type { ApiStory } from "./story.ts";

/** Certificates of one's own. */
export function certificates({ pve1 }: ApiStory): void {
  test("pvenode sets, shows and deletes a certificate of one's own; pveproxy follows a reload", async () => {
    const shown = async () =>
      z
        .array(z.object({ filename: z.string(), fingerprint: z.string(), san: z.array(z.string()) }))
        .parse(JSON.parse((await pve1.sh("pvenode cert info --output-format json")).stdout));
    const before = await shown();
    expect(before.map(({ filename }) => filename)).toEqual(["pve-root-ca.pem", "pve-ssl.pem"]);
    expect(before[1]?.san).toEqual([
      "127.0.0.1",
      "0:0:0:0:0:0:0:1",
      "localhost",
      pve1.lan.address,
      "pve1",
      "pve1.example.lan",
    ]);
    expect(await fingerprintOf(pve1)).toBe(before[1]?.fingerprint ?? "");
    await pve1.sh(
      "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=own -days 2 -keyout /root/k.pem -out /root/c.pem 2>/dev/null",
    );
    const set = await pve1.sh("pvenode cert set /root/c.pem /root/k.pem --restart 1 --output-format json");
    expect(set.stdout).toStartWith("Setting custom certificate files\nRestarting pveproxy\n");
    const last = JSON.parse(set.stdout.trimEnd().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ filename: "pveproxy-ssl.pem", subject: "/CN=own" });
    await eventually("it is presented", async () =>
      (await fingerprintOf(pve1)) === last.fingerprint ? true : undefined,
    );
    expect((await pve1.sh("pvenode cert set /root/c.pem /root/k.pem")).stderr).toContain(
      "Custom certificate file exists but force flag is not set.",
    );
    const foreign = await pve1.sh(
      "openssl genrsa 2048 2>/dev/null > /root/other.pem; pvenode cert set /root/c.pem /root/other.pem --force 1",
    );
    expect(foreign.stderr).toContain(
      "Setting certificate files failed - key does not match the certificate (chain)",
    );
    await pve1.sh("pvenode cert delete --restart 1");
    await eventually("back to the own one", async () =>
      (await fingerprintOf(pve1)) === before[1]?.fingerprint ? true : undefined,
    );
  });
}

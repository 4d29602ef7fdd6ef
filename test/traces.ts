import { readdir, readFile } from "node:fs/promises";
import { cacheDir } from "../lab/paths.ts";
import { run } from "../src/host/run.ts";

/** What a lab could leave on its machine: everything that `lab down` promises to take away, as sorted lines. */
export async function traces(): Promise<string[]> {
  const [namespaces, mounts, loops, links, routes, rules, labs, runtime, processes] = await Promise.all([
    readdir("/run/netns").catch(() => []),
    readFile("/proc/self/mountinfo", "utf8"),
    run(["losetup", "-n", "-O", "BACK-FILE"]),
    run(["ip", "-o", "link"]),
    run(["ip", "route", "show", "table", "all"]),
    run(["nft", "list", "ruleset"]),
    readdir(`${cacheDir}/labs`).catch(() => []),
    readdir("/run").catch(() => []),
    lasting(),
  ]);
  return [
    ...namespaces.map((name) => `namespace ${name}`),
    ...mounts.split("\n").map((line) => `mount ${line.split(" ")[4]}`),
    ...loops.stdout.split("\n").map((line) => `loop ${line.trim()}`),
    ...links.stdout.split("\n").map((line) => `interface ${line.split(": ")[1]}`),
    ...routes.stdout.split("\n").map((line) => `route ${line}`),
    ...rules.stdout.split("\n").map((line) => `rule ${line}`),
    ...labs.map((name) => `lab ${name}`),
    ...runtime.filter((name) => name.startsWith("tmx-")).map((name) => `/run/${name}`),
    ...processes,
  ].sort();
}

/** Programs of a lab that live on by themselves, by name. */
async function lasting(): Promise<string[]> {
  const names = [
    "systemd-nspawn",
    "headscale",
    "testcontrol",
    "dnsmasq",
    "pebble",
    "tailscaled",
    "corosync",
    "pmxcfs",
  ];
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")));
  return found
    .map((name) => name.trim())
    .filter((name) => names.includes(name))
    .map((name) => `process ${name}`);
}

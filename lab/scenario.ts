import { z } from "zod";

const name = z.string().regex(/^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/, "letters, digits and hyphens only");

/** What the WAN between two places does. Times in ms, loss a fraction 0..1, rate in Mbit/s. */
export const linkSettings = z.object({
  /** Round-trip time in ms; half of it is spent in each direction. */
  rttMs: z.number().min(0).max(10_000),
  /** Uniform extra delay per packet and direction, 0..jitterMs. */
  jitterMs: z.number().min(0).max(10_000).optional(),
  /** Independent loss per packet and direction. */
  loss: z.number().min(0).max(1).optional(),
  /** Bursts (Gilbert-Elliott): chance per packet that a burst of loss begins, and its mean length in packets. */
  burst: z.object({ start: z.number().min(0).max(1), meanPackets: z.number().min(1) }).optional(),
  rateMbit: z.number().positive().optional(),
  /** Bytes that may wait for the rate before packets are dropped; default 64 KiB. */
  queueBytes: z.number().int().positive().optional(),
});
export type LinkSettings = z.infer<typeof linkSettings>;

const site = z.object({
  name,
  /** true: hosts have LAN addresses only and reach the internet through a router that masquerades. */
  nat: z.boolean().optional(),
  /** How that router maps ports: kept while free (default; direct paths work), or random per peer (they do not). */
  natPorts: z.enum(["preserve", "random"]).optional(),
});

const host = z.object({
  name,
  site: name,
  release: z.enum(["pve8", "pve9"]),
  /** A root file system prepared by somebody else, instead of the lab's own image. */
  rootfs: z.string().optional(),
  /** true: the tailscale package is installed (not logged in) before the first boot. */
  tailscale: z.boolean().optional(),
  /** A bay: room for a VM of the host named here. Its network stands ready; its disk comes with the VM. */
  bayOf: name.optional(),
});

/** A lab as its author writes it: places, hosts, and what lies between them. */
export const scenario = z.object({
  name,
  summary: z.string(),
  tailnet: z.enum(["headscale", "hosted", "none"]),
  sites: z.array(site).min(1),
  hosts: z.array(host).min(1),
  /** Between sites, hosts, "control" and "internet"; the most specific wins; unnamed pairs take `defaultLink`. */
  links: z.array(linkSettings.extend({ a: name, b: name })).default([]),
  defaultLink: linkSettings.default({ rttMs: 20 }),
});
export type Scenario = z.infer<typeof scenario>;
/** As written in lab/scenarios/*.ts: defaults may be left out. */
export type ScenarioInput = z.input<typeof scenario>;

import { z } from "zod";

/**
 * The keys of corosync.conf that decide how a cluster stands the distance, under their own names; times in ms.
 * Limits: corosync.md 4 (30 ms for timers, ping timeout at least 200).
 */
export const totemSettings = z
  .object({
    token: z.int().min(30).default(3000),
    token_coefficient: z.int().min(0).default(650),
    token_retransmits_before_loss_const: z.int().min(1).default(4),
    token_retransmit: z.int().min(30).optional(),
    consensus: z.int().min(30).optional(),
    join: z.int().min(30).default(50),
    knet_ping_interval: z.int().min(1).optional(),
    knet_ping_timeout: z.int().min(200).optional(),
    knet_pong_count: z.int().min(1).default(2),
    /** 0: knet looks for it by itself. */
    knet_mtu: z.int().min(0).default(0),
  })
  .refine((keys) => (keys.knet_ping_interval === undefined) === (keys.knet_ping_timeout === undefined), {
    error: "knet_ping_interval and knet_ping_timeout are a pair: give both or neither",
    path: ["knet_ping_interval"],
  });

export type TotemSettings = z.output<typeof totemSettings>;

/** Clusters of pve-cluster before 9.1.0 have coefficient 650, later ones 125 (corosync.md 16). */
export const PROXMOX_DEFAULTS = {
  "pve-8": totemSettings.parse({ token_coefficient: 650 }),
  "pve-9": totemSettings.parse({ token_coefficient: 125 }),
} as const;

/** The timers in force, ms. */
export interface TotemTimers {
  tokenMs: number;
  consensusMs: number;
  retransmitMs: number;
  holdMs: number;
  pingIntervalMs: number;
  pingTimeoutMs: number;
  pongCount: number;
}

/** What corosync makes of the settings for so many hosts, cut to whole ms where it cuts (totemconfig.c). */
export function totemTimers(settings: TotemSettings, hosts: number): TotemTimers {
  const tokenMs = settings.token + Math.max(0, hosts - 2) * settings.token_coefficient;
  const retransmitMs =
    settings.token_retransmit ?? Math.trunc(tokenMs / (settings.token_retransmits_before_loss_const + 0.2));
  return {
    tokenMs,
    consensusMs: settings.consensus ?? Math.trunc(Math.fround(1.2 * tokenMs)),
    retransmitMs,
    holdMs: Math.trunc(retransmitMs * 0.8 - 10),
    pingIntervalMs: settings.knet_ping_interval ?? Math.trunc(tokenMs / (settings.knet_pong_count * 2)),
    pingTimeoutMs: settings.knet_ping_timeout ?? Math.trunc(tokenMs / settings.knet_pong_count),
    pongCount: settings.knet_pong_count,
  };
}

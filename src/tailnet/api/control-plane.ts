import type { Dialect } from "../../policy/policy.ts";

/** The control server of a tailnet, as far as tailmox asks it. What it cannot do throws E_NO_SUCH_FEATURE. */
export interface ControlPlane {
  readonly kind: Dialect;
  readonly url: string;
  policy(): Promise<StoredPolicy>;
  /** Why a policy must not be written by API; undefined when it may (tailscale.md 4.3). */
  policyObjection(text: string): Promise<string | undefined>;
  /** Throws E_POLICY_REFUSED with the server's words. Changes nothing. */
  validatePolicy(text: string): Promise<void>;
  /** false: somebody else was faster, nothing was written. Throws E_POLICY_REFUSED. */
  writePolicy(text: string, instead: StoredPolicy): Promise<boolean>;
  createKey(wanted: KeyWanted): Promise<NewKey>;
  revokeKey(id: string): Promise<void>;
  devices(): Promise<readonly Device[]>;
  /** A device that is gone already counts as deleted. */
  deleteDevice(id: string): Promise<void>;
  service(name: string): Promise<Service | undefined>;
  /** The Service's hosts with what each lacks. */
  serviceHosts(name: string): Promise<readonly ServiceHost[]>;
  putService(service: Service): Promise<void>;
  deleteService(name: string): Promise<void>;
}

export interface StoredPolicy {
  readonly text: string;
  /** What the server must still have for a write to happen. */
  readonly version: string;
}

export interface KeyWanted {
  readonly tag: string;
  readonly seconds: number;
  readonly reusable: boolean;
  readonly description: string;
}

export interface NewKey {
  readonly id: string;
  readonly key: string;
  /** RFC 3339. */
  readonly expires: string;
}

export interface Device {
  readonly id: string;
  /** What its operating system calls it: not unique. */
  readonly hostname: string;
  /** First label of its DNS name: unique. */
  readonly name: string;
  readonly addresses: readonly string[];
  readonly tags: readonly string[];
  readonly version: string;
  readonly online: boolean;
  /** RFC 3339; undefined when it was never seen, or is online. */
  readonly lastSeen: string | undefined;
  readonly created: string;
  /** RFC 3339; undefined when its key does not expire. */
  readonly keyExpires: string | undefined;
  readonly authorized: boolean;
  /** Of another tailnet, shared into this one. */
  readonly external: boolean;
}

export interface Service {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly ports: readonly string[];
  readonly tags: readonly string[];
  readonly comment: string;
}

export interface ServiceHost {
  /** The device's id. */
  readonly device: string;
  readonly approval: "not-approved" | "approved:auto" | "approved:manual" | "unknown";
  /** "ready", or the server's word for what is missing. */
  readonly configured: string;
}

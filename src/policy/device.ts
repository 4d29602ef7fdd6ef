import type { Prefix } from "./prefix.ts";

/**
 * A device, or a kind of device, whose access is asked for. What is undefined is not known: a rule that turns on
 * it then neither gives nor denies.
 */
export interface Device {
  /** What people call it. */
  readonly name: string;
  readonly tags: readonly string[];
  /** Login of the owner of an untagged device. */
  readonly user?: string;
  /** Words that fit its owner whatever else is known: "autogroup:admin", "group:ops". */
  readonly is?: readonly string[];
  /** Its IPv4 address in the tailnet: the cluster's links are IPv4. */
  readonly address?: Prefix;
  /** It is not a device but a Service ("svc:tailmox"). */
  readonly service?: string;
}

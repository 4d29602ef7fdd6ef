import type { ErrorCode } from "../errors.ts";

/** One thing between this host and a peer that is not as a cluster wants it, or was not seen to be. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  /** What was tried, and what came back. */
  readonly what: string;
  /** The likely cause. */
  readonly likely: string;
  readonly mend: string;
}

/** A finding that stops where the peer matters, and the error that it then is. */
export interface Obstacle extends Finding {
  readonly code: ErrorCode;
}

/** One node of a cluster's node list. */
export interface Member {
  readonly name: string;
  readonly id: number;
  /** Its address on link 0. */
  readonly link0: string;
  readonly votes: number;
  /** What Proxmox publishes as its address; undefined when it has not yet, or nobody could tell. */
  readonly published: string | undefined;
  readonly online: boolean;
}

export interface Cluster {
  readonly name: string;
  readonly quorate: boolean;
  readonly expectedVotes: number;
  readonly presentVotes: number;
  /** The whole node list, in the order of node ids. */
  readonly members: readonly Member[];
  readonly qdevice: boolean;
  /** How many links its members have; 1 where nobody told. */
  readonly links?: number;
  /**
   * One member without guests, made by `tailmox up` within the last hour: it gives way to another cluster. Undefined
   * where nobody could tell.
   */
  readonly provisional?: boolean;
}

/** A host's place: in a cluster or on its own. */
export type Place =
  | { readonly kind: "member"; readonly cluster: Cluster }
  | { readonly kind: "standalone"; readonly guests: number };

/** A peer's answer to "where do you stand?". Unknown is an answer of its own, never "standalone". */
export type Verdict =
  | Place
  | {
      readonly kind: "unknown";
      readonly tried: readonly string[];
      /** Asking again would bring no other answer: a wrong password, a second factor. */
      readonly lasting?: boolean;
    };

export interface Peer {
  /** First label of its DNS name in the tailnet. */
  readonly name: string;
  readonly address: string;
  readonly verdict: Verdict;
  /** What stops: it was seen to fail, or could not be proven and that risk was not taken. */
  readonly obstacles: readonly Obstacle[];
  /** What could not be proven, whether its risk was taken or not. */
  readonly unproven: readonly Obstacle[];
  /** What does not stop. */
  readonly warnings: readonly Finding[];
  /** Median round trip in ms; undefined when no echo came back. */
  readonly rttMs: number | undefined;
  /** How a join through it could be authorised. */
  readonly way: "ssh" | "api" | undefined;
  /** A command of ours ran there as root. */
  readonly shell?: boolean;
  /** Why none did, in words. */
  readonly noShell?: string;
  /** A password is there, and what kept it from leading in may pass. */
  readonly mayOpen?: boolean;
  /** The tailnet address of the founder that it would elect, where it told. */
  readonly elects?: string;
}

/** This host, as far as the rules need it. */
export interface OwnHost {
  /** Its Proxmox node name. */
  readonly node: string;
  /** Its tailnet address. */
  readonly address: string;
  readonly place: Place;
  /** Ceph is configured here: a join would replace its configuration. */
  readonly ceph?: boolean;
}

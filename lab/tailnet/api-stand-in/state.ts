/** What the stand-in of Tailscale's control API holds. Tests set it and look at it. */
export interface TailnetState {
  policy: string;
  devices: StandInDevice[];
  keys: {
    id: string;
    description: string;
    tags: readonly string[];
    revoked: boolean;
    expirySeconds: number;
  }[];
  services: Map<string, StandInService>;
  settings: { aclsExternallyManagedOn: boolean; aclsExternalLink: string };
  /** Credentials by what is sent as the bearer. */
  tokens: Map<string, StandInToken>;
  clients: Map<string, { secret: string; scopes: readonly string[]; tags: readonly string[] }>;
  /** What the next requests meet before they are looked at; used up one by one. */
  trouble: Trouble[];
  /** Runs after a policy was read: another administrator. */
  afterPolicyRead: (() => void) | undefined;
  /** Tests of the policy that fail, as the hosted service reports them. */
  failingTests: { user: string; errors: string[] }[];
  requests: { method: string; path: string; ifMatch: string | null }[];
}

export interface StandInToken {
  readonly scopes: readonly string[];
  /** Tags of the OAuth client that it came from; undefined for an API token of a user. */
  readonly clientTags?: readonly string[];
  /** After so many requests the server does not know it any more. */
  usesLeft: number;
}

export type Trouble =
  | { readonly status: 429; readonly retryAfter?: string }
  | { readonly status: 500 | 502 | 503 }
  | { readonly status: "hang up" };

export interface StandInDevice {
  readonly nodeId: string;
  readonly hostname: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly tags?: readonly string[];
  readonly clientVersion: string;
  readonly connectedToControl: boolean;
  readonly lastSeen: string;
  readonly created: string;
  readonly expires: string;
  readonly keyExpiryDisabled: boolean;
  readonly authorized: boolean;
  readonly isExternal: boolean;
}

export interface StandInService {
  name: string;
  addrs: readonly string[];
  ports: readonly string[];
  tags: readonly string[];
  comment: string;
  hosts: { stableNodeID: string; approvalLevel: string; configured: string }[];
}

/** A tailnet with the default policy of the vendor, and nothing else. */
export function newTailnet(): TailnetState {
  return {
    policy: DEFAULT_POLICY,
    devices: [],
    keys: [],
    services: new Map(),
    settings: { aclsExternallyManagedOn: false, aclsExternalLink: "" },
    tokens: new Map(),
    clients: new Map(),
    trouble: [],
    afterPolicyRead: undefined,
    failingTests: [],
    requests: [],
  };
}

/** What a new tailnet has; an empty policy brings it back. */
export const DEFAULT_POLICY = `// Example/default ACLs for unrestricted connections.
{
	// Define access control lists for users, groups, autogroups, tags,
	// Tailscale IP addresses, and subnet ranges.
	"acls": [
		// Allow all connections.
		// Comment this section out if you want to define specific restrictions.
		{"action": "accept", "src": ["*"], "dst": ["*:*"]},
	],

	// Define users and devices that can use Tailscale SSH.
	"ssh": [
		{
			"action": "check",
			"src":    ["autogroup:member"],
			"dst":    ["autogroup:self"],
			"users":  ["autogroup:nonroot", "root"],
		},
	],
}
`;

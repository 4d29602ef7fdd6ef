import type { Features } from "./needs.ts";
import type { Dialect } from "./policy.ts";
import { type Entry, partsFor, type Style } from "./snippet.ts";

/** The least policy that a cluster with these features needs, as HuJSON with comments. */
export function printPolicy(features: Features, style: Style, dialect: Dialect): string {
  const { owners, rules, approver, tests } = partsFor(features, style, dialect);
  const { tag, service } = features;
  return [
    `// What a Proxmox VE cluster of ${tag} needs of its tailnet, and nothing more.`,
    "// Put the parts into your own policy: tailmox policy apply does it by itself.",
    "{",
    dialect === "headscale"
      ? "  // Only keys that carry the tag make a member: headscale preauthkeys create --tags"
      : "  // Who may give a host the tag.",
    '  "tagOwners": {',
    ...entries(Object.values(owners)),
    "  },",
    "",
    "  // Who may reach whom. Rules only give: what none of them gives does not pass.",
    `  "${style}": [`,
    ...entries(rules),
    "  ],",
    ...(approver
      ? [
          "",
          `  // Members may offer ${service ?? ""} without an administrator's approval.`,
          '  "autoApprovers": {',
          '    "services": {',
          ...entries([approver], "      "),
          "    },",
          "  },",
        ]
      : []),
    ...(tests.length > 0
      ? [
          "",
          "  // The control server takes no later change of this policy that breaks these.",
          '  "tests": [',
          ...entries(tests),
          "  ],",
        ]
      : []),
    "}",
    "",
  ].join("\n");
}

function entries(all: readonly Entry[], indent = "    "): string[] {
  return all.flatMap((entry) =>
    entry.map((line, index) => `${indent}${line}${index === entry.length - 1 ? "," : ""}`),
  );
}

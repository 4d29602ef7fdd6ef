import { UserError } from "../../src/errors.ts";
import type { LabPlan, WanPort } from "../plan.ts";

/** The port on the lab's internet of a host, `router-SITE`, `control` or `internet`. Throws E_USAGE. */
export function portOf(plan: LabPlan, role: string): WanPort {
  const host = plan.hosts.find(({ name }) => name === role);
  const router = host && !host.wan ? `router-${host.site}` : role;
  const port = plan.ports.find((candidate) => candidate.role === router);
  if (port) return port;
  const names = [...plan.hosts.map(({ name }) => name), ...plan.ports.map((known) => known.role)];
  throw new UserError("E_USAGE", `the lab "${plan.name}" has nothing called "${role}" on its internet`, {
    likely: "a slip of the pen",
    mend: `one of: ${[...new Set(names)].join(", ")}`,
  });
}

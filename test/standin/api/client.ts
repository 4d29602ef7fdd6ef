import { z } from "zod";
import type { TestHost } from "../hosts.ts";

export interface ApiAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: string;
  readonly body: string;
  readonly data: unknown;
  readonly durationMs: number;
}

const ticket = z.object({
  data: z.object({ ticket: z.string(), CSRFPreventionToken: z.string(), clustername: z.string().optional() }),
});
export type Session = z.infer<typeof ticket>["data"];

/** Calls a host's API with curl from `from`; `fields` become a form, passwords included: they are the lab's. */
export async function api(
  from: TestHost,
  url: string,
  options: {
    method?: string;
    session?: Session;
    csrf?: boolean;
    header?: string;
    fields?: Readonly<Record<string, string>>;
  } = {},
): Promise<ApiAnswer> {
  const { method = "GET", session, csrf = true, header, fields } = options;
  const words: string[] = ["--request", method];
  if (session) words.push("--cookie", `PVEAuthCookie=${encodeURIComponent(session.ticket)}`);
  if (session && csrf && method !== "GET")
    words.push("--header", `CSRFPreventionToken: ${session.CSRFPreventionToken}`);
  if (header) words.push("--header", header);
  for (const [name, value] of Object.entries(fields ?? {}))
    words.push("--data-urlencode", `${name}=${value}`);
  const result = await from.run([
    "curl",
    "--silent",
    "--insecure",
    "--include",
    "--max-time",
    "50",
    ...words,
    url,
  ]);
  const [head = "", ...rest] = result.stdout.split("\r\n\r\n");
  const [, status = "0", reason = ""] = /^HTTP\/1\.1 (\d+) ?(.*?)\r?$/m.exec(head) ?? [];
  const body = rest.join("\r\n\r\n");
  return {
    status: Number(status),
    reason,
    headers: head,
    body,
    data: dataOf(body),
    durationMs: result.durationMs,
  };
}

/** The address of a call on a host; on itself unless `at` says otherwise. */
export function apiUrl(path: string, at = "localhost"): string {
  return `https://${at}:8006/api2/json${path}`;
}

/** Logs in as root on the host's own API. */
export async function logIn(host: TestHost): Promise<Session> {
  const fields = { username: "root@pam", password: host.password };
  const answer = await api(host, apiUrl("/access/ticket"), { method: "POST", fields });
  return ticket.parse(JSON.parse(answer.body)).data;
}

function dataOf(body: string): unknown {
  const parsed = z
    .object({ data: z.unknown() })
    .safeParse(body.startsWith("{") ? JSON.parse(body) : undefined);
  return parsed.data?.data;
}

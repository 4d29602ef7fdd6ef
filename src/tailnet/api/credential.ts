import { UserError } from "../../errors.ts";
import { keepSecret } from "../../host/redact.ts";

/** What a control server knows its administrator by. */
export type Credential =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "oauth"; readonly clientId: string; readonly clientSecret: string };

/**
 * Reads what stands in a file or was typed: an API token, or an OAuth client as its secret alone or as two lines,
 * id and secret. Throws E_API_CREDENTIALS; the text itself is in no message. Source: tailscale.md 1.4.4, 4.1.
 */
export function parseCredential(text: string): Credential {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  for (const line of lines) keepSecret(line);
  const [first = "", second, ...more] = lines;
  if (first === "" || more.length > 0) throw unknownForm("it has no line, or more than two");
  if (second !== undefined) return { kind: "oauth", clientId: first, clientSecret: second };
  if (/\s/.test(first)) throw unknownForm("there is white space within it");
  if (/^(?:tskey|hskey)-auth-/.test(first))
    throw unknownForm("this is a key for hosts, not for administrators");
  // The client's id is a part of its secret.
  const [, id] = /^(?:tskey|hskey)-client-([^-]+)-/.exec(first) ?? [];
  if (id !== undefined) return { kind: "oauth", clientId: id, clientSecret: first };
  return { kind: "token", token: first };
}

function unknownForm(likely: string): UserError {
  return new UserError("E_API_CREDENTIALS", "what was given is neither an API token nor an OAuth client", {
    likely,
    mend: "a token (tskey-api-... or hskey-api-...), an OAuth client's secret (tskey-client-...), or two lines: id, secret",
  });
}

import { z } from "zod";
import { type ErrorCode, UserError } from "../../errors.ts";
import { parseJson } from "../../host/json.ts";
import type { ApiAnswer } from "./http.ts";

/** What a control server says when it refuses; `data` names the policy tests that failed (tailscale.md 4.2). */
export const failureJson = z.object({
  message: z.string().default(""),
  data: z
    .array(
      z.object({
        user: z.string().default(""),
        errors: z.array(z.string()).nullish(),
        warnings: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
});

/** The words of a refusal, one line for each failed test. */
export function refusalWords(text: string): string {
  const parsed = failureJson.safeParse(parseJson(text));
  if (!parsed.success) return text.trim().slice(0, 300);
  const { message, data } = parsed.data;
  const tests = (data ?? []).flatMap(({ user, errors, warnings }) =>
    [...(errors ?? []), ...(warnings ?? [])].map((words) => `${user}: ${words}`),
  );
  return [message, ...tests].join("\n");
}

/** A refusal as an error for people. `scope` is what the credential needs for what was asked. */
export function failureOf(answer: ApiAnswer, scope: string, base: string): UserError {
  const words = refusalWords(answer.text) || `status ${answer.status}`;
  const known = KNOWN[answer.status];
  if (!known) {
    const busy = answer.status >= 500;
    return new UserError(busy ? "E_API_BUSY" : "E_API_ANSWER", `${base} refused (${answer.status})`, {
      likely: words,
      mend: busy ? "trouble at the server: run it again later" : "the server's own words are above",
    });
  }
  const [code, what, mend] = known;
  return new UserError(code, `${what(scope, base)} (${answer.status})`, { likely: words, mend: mend(scope) });
}

type Known = readonly [ErrorCode, (scope: string, base: string) => string, (scope: string) => string];

const NEW_CREDENTIAL = () =>
  "make a new one in the admin console (or headscale apikeys create), and give it with --credentials FILE";

const KNOWN: Readonly<Record<number, Known>> = {
  401: ["E_API_LOGIN", (_, base) => `${base} does not know this credential, or no longer`, NEW_CREDENTIAL],
  403: [
    "E_API_SCOPE",
    (scope) => `the credential may not do this: it needs ${scope}`,
    (scope) => `give the OAuth client the scope ${scope}, or use the API token of an administrator`,
  ],
  404: [
    "E_API_NOT_FOUND",
    () => "the control server does not have it, or hides it from this credential",
    (scope) => `look in the admin console; a missing scope (${scope}) looks the same`,
  ],
  409: [
    "E_API_CONFLICT",
    () => "something at the control server is in the way",
    () => "its words are above; then again",
  ],
};

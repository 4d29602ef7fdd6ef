import type { z } from "zod";
import { UserError } from "../errors.ts";

/** A command's flags as its schema wants them. Throws E_USAGE in the words of the flag that is wrong. */
export function parseFlags<T extends z.ZodType>(schema: T, raw: unknown): z.output<T> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UserError("E_USAGE", `--${name}: ${issue?.message ?? "not understood"}`, {
    likely: "a value of another form was expected",
    mend: "tailmox --help",
  });
}

/** What `--json` prints, for every command. */
export function envelope(
  answer: { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: unknown },
): string {
  return JSON.stringify({ schemaVersion: 1, ...answer }, null, 2);
}

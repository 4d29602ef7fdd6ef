/** JSON.parse that gives undefined instead of throwing: for what other programs print. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

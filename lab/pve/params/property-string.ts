/** Reads `a=1,b=2`; a first value without a name goes to `defaultKey`. */
export function parsePropertyString(text: string, defaultKey?: string): Record<string, string> {
  const entries = text
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part): [string, string] => {
      const equals = part.indexOf("=");
      return equals < 0
        ? [defaultKey ?? part.trim(), part.trim()]
        : [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
    });
  return Object.fromEntries(entries);
}

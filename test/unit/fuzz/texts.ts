import fc from "fast-check";
import { UserError } from "../../../src/errors.ts";

/** Any text at all, any JSON, and each sample with a piece cut out, doubled, or put in its middle. */
export function anyText(...samples: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(fc.string({ unit: "binary" }), fc.json(), ...samples.map(torn), ...samples.map(spliced));
}

/** The text of a JSON sample in which one value, however deep, is gone or is another. */
export function anyJsonLike(sample: unknown): fc.Arbitrary<string> {
  const paths = pathsOf(sample);
  return fc
    .tuple(
      fc.constantFrom(...paths),
      fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, null, 0, "", [], {})),
    )
    .map(([path, value]) => JSON.stringify(changed(sample, path, value)) ?? "");
}

/** Gives what it gives, undefined for an error that is meant for people; every other error fails the test. */
export function survives<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function torn(text: string): fc.Arbitrary<string> {
  const at = fc.nat(text.length);
  return fc.tuple(at, at).map(([from, to]) => text.slice(0, from) + text.slice(to));
}

function spliced(text: string): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\n", "\r\n", "\0", "{", "}", "#", ":", "[x]\n"),
  );
  return fc.tuple(fc.nat(text.length), piece).map(([at, some]) => text.slice(0, at) + some + text.slice(at));
}

type Path = readonly string[];

function pathsOf(value: unknown, here: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [here];
  return [here, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...here, key]))];
}

function changed(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((one, index) => (String(index) === key ? changed(one, rest, by) : one));
  if (typeof value !== "object" || value === null) return by;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === key ? changed(inner, rest, by) : inner]),
  );
}

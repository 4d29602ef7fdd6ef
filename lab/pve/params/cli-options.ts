import { PveError } from "../errors.ts";
import { type ParamSchemas, schemaFor } from "./schema.ts";
import { parseBoolean } from "./verify.ts";

/**
 * Reads a command line as Proxmox's programs do (Perl's Getopt::Long, proxmox.md 0): `--opt value`, `-opt value`,
 * `--opt=value`, unique beginnings of names, options and arguments mixed. A boolean takes an optional value, and
 * so swallows an argument that follows it. A list is an option given again and again, or all last arguments.
 * Throws 400 `unable to parse option`, `not enough arguments`, `too many arguments`, `unable to parse boolean option`.
 */
export function parseOptions(
  argv: readonly string[],
  schemas: ParamSchemas,
  positional: readonly string[],
): Record<string, string | number | readonly string[]> {
  const found: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  const rest: string[] = [];
  const complaints: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--") {
      rest.push(...argv.slice(i + 1));
      break;
    }
    const option = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(word);
    if (!option) {
      rest.push(word);
      continue;
    }
    const name = fullName(option[1] ?? "", schemas, positional);
    const next = argv[i + 1];
    if (name === undefined) {
      complaints.push(`Unknown option: ${(option[1] ?? "").toLowerCase()}`);
    } else if (option[2] !== undefined) {
      found[name] = option[2];
    } else if (schemaFor(schemas, name)?.type === "boolean") {
      const takesNext = next !== undefined && !/^-./.test(next);
      found[name] = takesNext ? next : "";
      if (takesNext) i++;
    } else if (next === undefined) {
      complaints.push(`Option ${name} requires an argument`);
    } else {
      if (schemaFor(schemas, name)?.type === "array") lists[name] = [...(lists[name] ?? []), next];
      else found[name] = next;
      i++;
    }
  }
  if (complaints.length > 0) throw usage("unable to parse option", complaints);
  const needed = positional.filter((name) => !schemas[name]?.optional);
  if (rest.length < needed.length) throw usage("not enough arguments");
  // A list as the last argument takes all that is left.
  const last = positional.at(-1) ?? "";
  if (schemas[last]?.type === "array") lists[last] = rest.splice(positional.length - 1);
  if (rest.length > positional.length) throw usage("too many arguments");
  for (const [i, word] of rest.entries()) found[positional[i] ?? ""] = word;
  return { ...booleans(found, schemas), ...lists };
}

/** An option by its full name or a unique beginning of it, in any case; the arguments are no options. */
function fullName(given: string, schemas: ParamSchemas, positional: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  const names = Object.keys(schemas)
    .filter((name) => !positional.includes(name))
    .flatMap((name) =>
      name.endsWith("[n]") ? numbersOf(name).map((n) => name.replace("[n]", `${n}`)) : name,
    );
  const exact = names.find((name) => name.toLowerCase() === wanted);
  const beginning = names.filter((name) => name.toLowerCase().startsWith(wanted));
  return exact ?? (beginning.length === 1 ? beginning[0] : undefined);
}

/** corosync has eight links; a VM has at most 31 drives of a kind. */
function numbersOf(name: string): number[] {
  return Array.from({ length: name === "link[n]" ? 8 : 31 }, (_, n) => n);
}

function booleans(found: Record<string, string>, schemas: ParamSchemas): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(found).map(([name, value]) => {
      if (schemaFor(schemas, name)?.type !== "boolean") return [name, value];
      const truth = value === "" ? true : parseBoolean(value);
      if (truth === undefined) throw usage("unable to parse boolean option");
      return [name, truth ? 1 : 0];
    }),
  );
}

function usage(what: string, before: readonly string[] = []): PveError {
  return new PveError([...before, `400 ${what}`].join("\n"), { status: 400 });
}

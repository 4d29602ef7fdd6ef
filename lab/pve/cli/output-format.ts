import { parameterError } from "../errors.ts";
import type { ParamSchemas } from "../params/schema.ts";

const FORMATS = ["text", "json", "json-pretty", "yaml"] as const;

export interface OutputFormat {
  readonly kind: (typeof FORMATS)[number];
  readonly border: boolean;
  readonly header: boolean;
}

export const OUTPUT_PARAMS: ParamSchemas = {
  "output-format": { type: "string", enum: [...FORMATS], optional: true },
  "human-readable": { type: "boolean", optional: true },
  noborder: { type: "boolean", optional: true },
  noheader: { type: "boolean", optional: true },
  quiet: { type: "boolean", optional: true },
  noproxy: { type: "boolean", optional: true },
};

/** The format that the options ask for. */
export function readOutputFormat(options: Readonly<Record<string, unknown>>): OutputFormat {
  const asked = options["output-format"] ?? "text";
  const kind = FORMATS.find((format) => format === asked);
  if (!kind) {
    throw parameterError({
      "output-format": `value '${asked}' does not have a value in the enumeration '${FORMATS.join(", ")}'`,
    });
  }
  return { kind, border: !options.noborder, header: !options.noheader };
}

/** Data as PVE::CLIFormatter prints it; an empty list is nothing in text and `[]` in JSON. */
export function formatOutput(data: unknown, format: OutputFormat): string {
  switch (format.kind) {
    case "json":
      return data === undefined || data === null ? "" : `${JSON.stringify(sorted(data))}\n`;
    case "json-pretty":
      return data === undefined || data === null ? "" : `${JSON.stringify(sorted(data), undefined, 3)}\n`;
    case "yaml":
      return `---\n${yaml(sorted(data), "")}`;
    default:
      return textOutput(data, format);
  }
}

function textOutput(data: unknown, format: OutputFormat): string {
  if (data === null || data === undefined) return "";
  if (!isObject(data) && !Array.isArray(data)) return `${cell(data)}\n`;
  if (Array.isArray(data)) {
    if (data.length === 0) return "";
    if (!data.every(isObject)) return data.map((each) => `${cell(each)}\n`).join("");
    const columns = [...new Set(data.flatMap((row) => Object.keys(row)))].sort();
    return table(
      columns,
      data.map((row) => columns.map((name) => cell(row[name]))),
      format,
    );
  }
  const rows = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
  return table(
    ["key", "value"],
    rows.map(([key, value]) => [key, cell(value)]),
    format,
  );
}

function table(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  format: OutputFormat,
): string {
  const widths = columns.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[], [left, middle, right]: readonly [string, string, string]) =>
    `${left}${cells.map((text, i) => text.padEnd(widths[i] ?? 0)).join(middle)}${right}\n`;
  const rule = ([left, middle, right]: readonly [string, string, string], stroke: string) =>
    `${left}${widths.map((width) => stroke.repeat(width + 2)).join(middle)}${right}\n`;
  if (!format.border)
    return [...(format.header ? [columns] : []), ...rows].map((row) => line(row, ["", " ", ""])).join("");
  const bars = ["│ ", " │ ", " │"] as const;
  const head = format.header ? line(columns, bars) + rule(["╞", "╪", "╡"], "═") : "";
  const body = rows.map((row) => line(row, bars)).join(rule(["├", "┼", "┤"], "─"));
  return rule(["┌", "┬", "┐"], "─") + head + body + rule(["└", "┴", "┘"], "─");
}

function yaml(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    return value.length === 0
      ? `${indent}[]\n`
      : value.map((each) => `${indent}- ${yaml(each, `${indent}  `).trimStart()}`).join("");
  }
  if (isObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) return `${indent}{}\n`;
    return entries
      .map(([key, each]) =>
        typeof each === "object" && each !== null
          ? `${indent}${key}:\n${yaml(each, `${indent}  `)}`
          : `${indent}${key}: ${yaml(each, "").trimEnd()}\n`,
      )
      .join("");
  }
  if (typeof value === "string")
    return `${indent}${/^[\w./@][\w ./@-]*$/.test(value) ? value : JSON.stringify(value)}\n`;
  return `${indent}${value === null || value === undefined ? "~" : String(value)}\n`;
}

/** Keys in order, as Perl's canonical JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

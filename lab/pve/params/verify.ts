import { parameterError } from "../errors.ts";
import { checkFormat } from "./formats.ts";
import { parsePropertyString } from "./property-string.ts";
import { type ParamSchema, type ParamSchemas, paramSchema, schemaFor } from "./schema.ts";

export type ParamValue = string | number | boolean | readonly string[];
/** Checked parameters: integers and numbers are numbers, booleans are 1 or 0, arrays lists of texts. */
export type Params = Readonly<Record<string, ParamValue | undefined>>;

/**
 * Checks parameters against their schemas and converts them by type, as PVE::JSONSchema::validate does.
 * Throws 400 `Parameter verification failed.` with a reason for each bad one.
 */
export function verifyParams(given: Readonly<Record<string, unknown>>, schemas: ParamSchemas): Params {
  const errors: Record<string, string> = {};
  const checked: Record<string, ParamValue> = {};
  for (const [name, value] of Object.entries(given)) {
    const schema = indexAllowed(name) ? schemaFor(schemas, name) : undefined;
    if (!schema) {
      errors[name] = "property is not defined in schema and the schema does not allow additional properties";
      continue;
    }
    const result = verifyValue(value, schema, name);
    if (isError(result)) errors[name] = result.error;
    else checked[name] = result;
  }
  for (const [name, schema] of Object.entries(schemas)) {
    if (!schema.optional && !name.endsWith("[n]") && given[name] === undefined) {
      errors[name] = "property is missing and it is not optional";
    }
    if (schema.requires !== undefined && given[name] !== undefined && given[schema.requires] === undefined) {
      errors[schema.requires] = `missing property - '${name}' requires this property`;
    }
  }
  if (Object.keys(errors).length > 0) throw parameterError(errors);
  return checked;
}

/** Proxmox's words for a truth: 1, on, yes, true; undefined when it is none. */
export function parseBoolean(text: string): boolean | undefined {
  if (/^(1|on|yes|true)$/i.test(text)) return true;
  if (/^(0|off|no|false)$/i.test(text)) return false;
  return undefined;
}

function isError(result: ParamValue | { error: string }): result is { error: string } {
  return typeof result === "object" && "error" in result;
}

/** corosync's links end at 7; other numbered parameters of the schema have no bound worth a check here. */
function indexAllowed(name: string): boolean {
  return !/^link\d+$/.test(name) || /^link[0-7]$/.test(name);
}

function verifyValue(value: unknown, schema: ParamSchema, name: string): ParamValue | { error: string } {
  if (schema.type === "array") return (Array.isArray(value) ? value : [value]).map(String);
  if (Array.isArray(value)) return verifyValue(value.join(","), schema, name);
  const text = value === true ? "1" : value === false ? "0" : String(value ?? "");
  const typeError = { error: `type check ('${schema.type}') failed - got '${text}'` };
  switch (schema.type) {
    case "boolean": {
      const truth = parseBoolean(text);
      return truth === undefined ? typeError : truth ? 1 : 0;
    }
    case "integer":
      return /^[+-]?\d+$/.test(text) ? verifyNumber(Number(text), schema) : typeError;
    case "number":
      return /^[+-]?\d*\.?\d+$/.test(text) ? verifyNumber(Number(text), schema) : typeError;
    default:
      return verifyText(text, schema, name);
  }
}

function verifyNumber(value: number, schema: ParamSchema): number | { error: string } {
  if (schema.minimum !== undefined && value < schema.minimum) {
    return { error: `value must have a minimum value of ${schema.minimum}` };
  }
  if (schema.maximum !== undefined && value > schema.maximum) {
    return { error: `value must have a maximum value of ${schema.maximum}` };
  }
  return value;
}

function verifyText(text: string, schema: ParamSchema, name: string): string | { error: string } {
  if (schema.maxLength !== undefined && text.length > schema.maxLength) {
    return { error: `value may only be ${schema.maxLength} characters long` };
  }
  if (schema.minLength !== undefined && text.length < schema.minLength) {
    return { error: `value must be at least ${schema.minLength} characters long` };
  }
  if (schema.enum && !schema.enum.includes(text)) {
    return { error: `value '${text}' does not have a value in the enumeration '${schema.enum.join(", ")}'` };
  }
  if (schema.pattern !== undefined && !perlPattern(schema.pattern).test(text)) {
    return { error: "value does not match the regex pattern" };
  }
  if (typeof schema.format === "string") {
    const wrong = checkFormat(schema.format, text);
    if (wrong) return { error: wrong };
  }
  if (typeof schema.format === "object") {
    const wrong = checkProperties(text, schema.format, name);
    if (wrong.length > 0) return { error: ["invalid format - format error", ...wrong].join("\n") };
  }
  return text;
}

/** A value that is itself a list of properties: `address=...,priority=...`. */
function checkProperties(text: string, format: Readonly<Record<string, unknown>>, name: string): string[] {
  const known = Object.entries(format).map(([key, schema]) => [key, paramSchema.parse(schema)] as const);
  const schemas: ParamSchemas = Object.fromEntries(known);
  const defaultKey = known.find(([, schema]) => schema.default_key)?.[0];
  const given = parsePropertyString(text, defaultKey);
  const wrong = Object.entries(given).flatMap(([key, value]) => {
    const schema = schemas[key];
    if (!schema) {
      return `${name}.${key}: property is not defined in schema and the schema does not allow additional properties`;
    }
    const result = verifyValue(value, schema, key);
    return isError(result) ? `${name}.${key}: ${result.error}` : [];
  });
  const missing = known
    .filter(([key, schema]) => !schema.optional && schema.type && given[key] === undefined)
    .map(([key]) => `${name}.${key}: property is missing and it is not optional`);
  return [...wrong, ...missing];
}

/** The schema's patterns are Perl's: `(?^:...)` is a plain group, `(?^i:...)` one without regard to case. */
function perlPattern(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern.replaceAll("(?^:", "(?:").replaceAll("(?^i:", "(?i:")})$`);
}

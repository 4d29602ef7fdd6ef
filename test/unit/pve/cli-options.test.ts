import { describe, expect, test } from "bun:test";
import { parseOptions } from "../../../lab/pve/params/cli-options.ts";
import type { ParamSchemas } from "../../../lab/pve/params/schema.ts";

const schemas: ParamSchemas = {
  hostname: { type: "string" },
  nodeid: { type: "integer", optional: true },
  force: { type: "boolean", optional: true },
  use_ssh: { type: "boolean", optional: true },
  fingerprint: { type: "string", optional: true },
  "link[n]": { type: "string", optional: true },
};
const parse = (...argv: string[]) => parseOptions(argv, schemas, ["hostname"]);

describe("the command line of Proxmox's programs", () => {
  test("takes --opt value, -opt value and --opt=value, before and after arguments", () => {
    const wanted = { hostname: "10.0.0.1", nodeid: "20", link0: "address=10.0.0.2" };
    expect(parse("10.0.0.1", "--nodeid", "20", "--link0", "address=10.0.0.2")).toEqual(wanted);
    expect(parse("-nodeid", "20", "--link0=address=10.0.0.2", "10.0.0.1")).toEqual(wanted);
  });

  test("takes a unique beginning of an option's name, and refuses one of two", () => {
    expect(parse("h", "--finger", "AA").fingerprint).toBe("AA");
    expect(() => parse("h", "--f", "1")).toThrow("Unknown option: f\n400 unable to parse option");
  });

  test("takes a list as an option that is given again, or as all that is left", () => {
    const list: ParamSchemas = {
      vmid: { type: "integer" },
      words: { type: "array", optional: true },
      "scsi[n]": { type: "string", optional: true },
    };
    expect(parseOptions(["100", "--words", "a", "--words", "b", "--scsi12", "x"], list, ["vmid"])).toEqual({
      vmid: "100",
      words: ["a", "b"],
      scsi12: "x",
    });
    expect(parseOptions(["100", "--", "ls", "-l"], list, ["vmid", "words"])).toEqual({
      vmid: "100",
      words: ["ls", "-l"],
    });
  });

  test("takes a boolean with and without a value", () => {
    expect(parse("h", "--force").force).toBe(1);
    expect(parse("h", "--force", "1").force).toBe(1);
    expect(parse("h", "--force", "off").force).toBe(0);
    expect(parse("h", "--force", "--use_ssh", "1")).toMatchObject({ force: 1, use_ssh: 1 });
  });

  test("lets a bare boolean swallow the argument that follows it", () => {
    expect(() => parse("--use_ssh", "100.64.0.1")).toThrow("400 not enough arguments");
    expect(() => parse("--use_ssh", "100.64.0.1", "h")).toThrow("400 unable to parse boolean option");
  });

  test("says what it does not know, lacks or has too much of", () => {
    expect(() => parse("h", "--token-coefficient", "1")).toThrow("Unknown option: token-coefficient");
    expect(() => parse("h", "--nodeid")).toThrow("Option nodeid requires an argument");
    expect(() => parse()).toThrow("400 not enough arguments");
    expect(() => parse("h", "i")).toThrow("400 too many arguments");
  });

  test("has eight links and no ninth", () => {
    expect(parse("h", "--link7", "a").link7).toBe("a");
    expect(() => parse("h", "--link8", "a")).toThrow("Unknown option: link8");
  });
});

import { describe, expect, test } from "bun:test";
import { listScenarios, loadScenario, parseScenario } from "../../../lab/scenarios/load.ts";
import { UserError } from "../../../src/errors.ts";

const good = {
  name: "t",
  summary: "",
  tailnet: "none",
  sites: [{ name: "home" }],
  hosts: [{ name: "pve1", site: "home", release: "pve9" }],
};

/** What a person would read about a scenario that is refused. */
function refusal(input: unknown): string {
  try {
    parseScenario(input, "file.ts");
  } catch (error) {
    if (error instanceof UserError) return `${error.code} ${error.message} ${error.likely}`;
  }
  return "accepted";
}

describe("a scenario", () => {
  test("that is sound is accepted, with the defaults filled in", () => {
    expect(parseScenario(good, "x")).toMatchObject({ links: [], defaultLink: { rttMs: 20 } });
  });

  test("with a link to an unknown host is refused and names it", () => {
    const text = refusal({ ...good, links: [{ a: "pve1", b: "pve9", rttMs: 1 }] });
    expect(text).toContain("E_LAB_SCENARIO");
    expect(text).toContain('link pve1 - pve9: unknown host or site "pve9"');
  });

  test("with a host at an unknown site is refused and names it", () => {
    expect(refusal({ ...good, hosts: [{ name: "pve1", site: "moon", release: "pve9" }] })).toContain(
      'host pve1: unknown site "moon"',
    );
  });

  test.each([[-1], [20_000], ["fast"], [Number.NaN]])(
    "with the RTT %p is refused and says where",
    (rttMs) => {
      expect(refusal({ ...good, links: [{ a: "pve1", b: "home", rttMs }] })).toContain("links[0].rttMs");
    },
  );

  test("with one name for two things is refused", () => {
    expect(refusal({ ...good, hosts: [{ name: "home", site: "home", release: "pve9" }] })).toContain(
      "used twice",
    );
    expect(refusal({ ...good, sites: [{ name: "home" }, { name: "home" }] })).toContain("used twice");
  });

  test("with a bay of a host that is none, or a bay itself, is refused", () => {
    const bay = (bayOf: string, name = "bay1") => ({ name, site: "home", release: "pve9", bayOf });
    const hosts = (...bays: object[]) => ({ ...good, hosts: [...good.hosts, ...bays] });
    expect(refusal(hosts(bay("pve1")))).toBe("accepted");
    expect(refusal(hosts(bay("pve2")))).toContain('host bay1: "pve2" is no host that could have bays');
    expect(refusal(hosts(bay("pve1"), bay("bay1", "bay2")))).toContain('host bay2: "bay1" is no host');
  });

  test("with a name that is no host name is refused", () => {
    expect(refusal({ ...good, hosts: [{ name: "pve_1", site: "home", release: "pve9" }] })).toContain(
      "hosts[0].name",
    );
  });

  test("that does not exist is refused with the names of those that do", async () => {
    await expect(loadScenario("no-such")).rejects.toMatchObject({
      code: "E_LAB_SCENARIO",
      mend: expect.stringContaining("demo"),
    });
  });

  test("of the lab's own is sound, every one", async () => {
    const names = (await listScenarios()).map((entry) => entry.name);
    expect(names).toContain("demo");
    for (const name of names) expect((await loadScenario(name)).hosts.length).toBeGreaterThan(0);
  });
});

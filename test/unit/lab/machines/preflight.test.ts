import { describe, expect, test } from "bun:test";
import { HOST_MEMORY_MIB, judgeMachine, type MachineFacts } from "../../../../lab/machines/preflight.ts";
import { planLab } from "../../../../lab/plan.ts";
import { scenario } from "../../../../lab/scenario.ts";

const good: MachineFacts = {
  root: true,
  namespaces: true,
  fuse: true,
  tun: true,
  loop: true,
  cgroup2: true,
  memoryMib: 8_000,
  diskMib: 20_000,
};

const plan = (count: number) =>
  planLab(
    "judge",
    scenario.parse({
      name: "judge",
      summary: "so many hosts",
      tailnet: "none",
      sites: [{ name: "here" }],
      hosts: Array.from({ length: count }, (_, i) => ({
        name: `pve${i + 1}`,
        site: "here",
        release: "pve9",
      })),
    }),
  );

const codes = (facts: Partial<MachineFacts>, hosts = 3) =>
  judgeMachine({ ...good, ...facts }, plan(hosts)).map((error) => error.code);

describe("the judgement of a machine", () => {
  test("finds nothing wrong with one that has all that three hosts need", () => {
    expect(codes({})).toEqual([]);
  });

  test("names each thing that is missing", () => {
    expect(codes({ root: false, namespaces: false })).toEqual(["E_LAB_NOT_ROOT"]);
    expect(codes({ namespaces: false })).toEqual(["E_LAB_NO_NAMESPACES"]);
    expect(codes({ fuse: false })).toEqual(["E_LAB_NO_FUSE"]);
    expect(codes({ tun: false })).toEqual(["E_LAB_NO_TUN"]);
    expect(codes({ loop: false })).toEqual(["E_LAB_NO_LOOP"]);
    expect(codes({ cgroup2: false })).toEqual(["E_LAB_NO_CGROUP"]);
    expect(codes({ diskMib: 100 })).toEqual(["E_LAB_NO_SPACE"]);
    expect(codes({ fuse: false, tun: false })).toEqual(["E_LAB_NO_FUSE", "E_LAB_NO_TUN"]);
  });

  test("refuses twelve hosts on a small machine, and says how many would fit", () => {
    const [error, ...others] = judgeMachine({ ...good, memoryMib: 1_600 }, plan(12));
    expect(others).toEqual([]);
    expect(error?.code).toBe("E_LAB_NO_MEMORY");
    expect(error?.message).toContain("12 hosts");
    const fit = Number(/(\d+) would fit/.exec(error?.mend ?? "")?.[1]);
    expect(fit).toBeGreaterThan(0);
    expect(codes({ memoryMib: 1_600 }, fit)).toEqual([]);
    expect(codes({ memoryMib: 1_600 }, fit + 1)).toEqual(["E_LAB_NO_MEMORY"]);
  });

  test("counts memory for each host", () => {
    const enough = 400 + 5 * HOST_MEMORY_MIB;
    expect(codes({ memoryMib: enough }, 5)).toEqual([]);
    expect(codes({ memoryMib: enough - 1 }, 5)).toEqual(["E_LAB_NO_MEMORY"]);
  });
});

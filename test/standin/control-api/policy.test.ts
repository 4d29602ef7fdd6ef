import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { applyPolicy } from "../../../src/tailnet/admin/apply-policy.ts";
import { undoPolicy } from "../../../src/tailnet/admin/undo-policy.ts";
import { FEATURES, policyTexts } from "../../unit/src/policy/policies.ts";
import { agreeing, makeTailnet, type TestTailnet } from "./tailnet.ts";

const DIR = "/var/lib/tailmox/backups";
const OPTIONS = { features: FEATURES, style: undefined, tests: true, backupDir: DIR, dryRun: false };

describe("policy apply and undo, against the stand-in of the control API", () => {
  let tailnet: TestTailnet;
  beforeEach(async () => {
    tailnet = await makeTailnet();
  });
  afterEach(() => tailnet.stop());

  const apply = (over: Partial<typeof OPTIONS> = {}, talk = agreeing()) =>
    applyPolicy(tailnet.plane(), tailnet.host, { ...OPTIONS, ...over }, talk);
  const undo = (talk = agreeing()) =>
    undoPolicy(tailnet.plane(), tailnet.host, { backupDir: DIR, dryRun: false }, talk);
  const backups = () => readdir(join(tailnet.root, DIR)).catch(() => []);
  const writes = () =>
    tailnet.state.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/acl"));

  test("the vendor's default policy gets an owner for the tag, keeps its comments, and the old text is kept for root alone", async () => {
    const before = tailnet.state.policy;
    const talk = agreeing();
    const result = await apply({}, talk);
    expect(result.kind).toBe("written");
    expect(tailnet.state.policy).toContain(
      "// Comment this section out if you want to define specific restrictions.",
    );
    expect(tailnet.state.policy).toContain('"tag:tailmox": ["autogroup:admin", "autogroup:owner"]');
    expect(talk.shown[0]).toContain("owner of tag:tailmox");
    const path = join(tailnet.root, result.kind === "written" ? result.backup : "");
    expect(await readFile(path, "utf8")).toBe(before);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(writes()[0]?.ifMatch).toMatch(/^"[0-9a-f]{64}"$/);
  });

  test("a second apply finds nothing to do and writes nothing", async () => {
    await apply();
    const count = writes().length;
    expect((await apply()).kind).toBe("nothing to do");
    expect(writes().length).toBe(count);
  });

  test("undo gives the same bytes back, and a second undo says that the policy is not as it was left", async () => {
    const before = tailnet.state.policy;
    await apply();
    expect(await undo()).toMatchObject({ kind: "written" });
    expect(tailnet.state.policy).toBe(before);
    await expect(undo()).rejects.toMatchObject({ code: "E_POLICY_CHANGED" });
  });

  test("undo goes back through several applies, one by one", async () => {
    const first = tailnet.state.policy;
    await apply({ features: { ...FEATURES, service: undefined } });
    const second = tailnet.state.policy;
    await apply();
    await undo();
    expect(tailnet.state.policy).toBe(second);
    await undo();
    expect(tailnet.state.policy).toBe(first);
  });

  test("undo does not throw away what somebody wrote since", async () => {
    await apply();
    tailnet.state.policy = `// by Anna\n${tailnet.state.policy}`;
    const edited = tailnet.state.policy;
    await expect(undo()).rejects.toMatchObject({ code: "E_POLICY_CHANGED" });
    expect(tailnet.state.policy).toBe(edited);
  });

  test("without a backup there is nothing to undo", async () => {
    await expect(undo()).rejects.toMatchObject({ code: "E_POLICY_NO_BACKUP" });
  });

  test("a dry run shows and validates, and neither writes nor keeps anything", async () => {
    const before = tailnet.state.policy;
    expect((await apply({ dryRun: true })).kind).toBe("dry run");
    expect(tailnet.state.policy).toBe(before);
    expect(tailnet.state.requests.some(({ path }) => path.endsWith("/acl/validate"))).toBe(true);
    expect(await backups()).toEqual([]);
  });

  test("without agreement nothing is written or kept", async () => {
    const talk = { ...agreeing(), agreed: async () => false };
    expect((await apply({}, talk)).kind).toBe("not agreed");
    expect(writes()).toEqual([]);
    expect(await backups()).toEqual([]);
  });

  test("a validation that fails is believed although it answers 200, with the tests that fail", async () => {
    tailnet.state.failingTests = [
      { user: "anna@example.com", errors: ['address "192.0.2.2:22": want: Drop, got: Accept'] },
    ];
    await expect(apply()).rejects.toMatchObject({
      code: "E_POLICY_REFUSED",
      likely: expect.stringContaining('anna@example.com: address "192.0.2.2:22": want: Drop, got: Accept'),
    });
    expect(writes()).toEqual([]);
    expect(await backups()).toEqual([]);
  });

  test("tests that begin to fail between validation and write refuse the write, and no backup is left", async () => {
    const talk = {
      ...agreeing(),
      agreed: async () => {
        tailnet.state.failingTests = [{ user: "bob@example.com", errors: ["late"] }];
        return true;
      },
    };
    await expect(apply({}, talk)).rejects.toMatchObject({ code: "E_POLICY_REFUSED" });
    expect(await backups()).toEqual([]);
  });

  test("a lost race starts over with the other administrator's text, and keeps their change", async () => {
    let left = 2;
    tailnet.state.afterPolicyRead = () => {
      if (left-- > 0) tailnet.state.policy = `// change ${left}\n${tailnet.state.policy}`;
    };
    const talk = agreeing();
    expect((await apply({}, talk)).kind).toBe("written");
    expect(tailnet.state.policy).toStartWith("// change 0\n// change 1\n");
    expect(talk.notes.length).toBe(2);
    // Of the lost races nothing is kept.
    expect((await backups()).length).toBe(2);
  });

  test("three lost races end it, with the policy as the others left it", async () => {
    tailnet.state.afterPolicyRead = () => {
      tailnet.state.policy += "\n";
    };
    await expect(apply()).rejects.toMatchObject({ code: "E_POLICY_RACE" });
    expect(tailnet.state.policy).not.toContain("tag:tailmox");
    expect(await backups()).toEqual([]);
  });

  test("a policy that is kept by GitOps is not written, whichever way that is said", async () => {
    tailnet.state.settings.aclsExternallyManagedOn = true;
    await expect(apply()).rejects.toMatchObject({ code: "E_POLICY_EXTERNAL" });
    tailnet.state.settings.aclsExternallyManagedOn = false;
    tailnet.state.policy = `// This tailnet's ACLs are maintained in https://git.example.com/acl\n${tailnet.state.policy}`;
    await expect(apply()).rejects.toMatchObject({ code: "E_POLICY_EXTERNAL" });
    expect(writes()).toEqual([]);
  });

  test("a policy that does not parse is named by line and column", async () => {
    tailnet.state.policy = '{\n  "acls": [\n    {"action" "accept"}\n  ]\n}';
    await expect(apply()).rejects.toMatchObject({
      code: "E_POLICY_SYNTAX",
      message: "the policy does not parse: line 3, column 15: a colon is expected",
    });
  });

  test("every change stands in the journal with its way back", async () => {
    await apply();
    expect(tailnet.entries).toContainEqual(
      expect.objectContaining({ event: "change", undo: "tailmox policy undo" }),
    );
    expect(JSON.stringify(tailnet.entries)).not.toContain("tskey-api");
  });

  test("for any HuJSON, apply then undo gives the same bytes", async () => {
    await fc.assert(
      fc.asyncProperty(policyTexts(), async (policy) => {
        tailnet.state.policy = policy;
        const result = await apply();
        expect(tailnet.state.policy === policy).toBe(result.kind === "nothing to do");
        if (result.kind !== "nothing to do") await undo();
        expect(tailnet.state.policy).toBe(policy);
      }),
      { numRuns: 60 },
    );
  });
});

import { describe, expect, test } from "bun:test";
import { offerTune } from "../../../../src/cli/offer-tune.ts";
import { silentScreen } from "../../../../src/cli/screen.ts";
import { FOUNDERS_SETTINGS, tunedSettings } from "../../../../src/cluster/tuned.ts";
import { closedGate } from "../../../../src/host/gate.ts";
import { openHost } from "../../../../src/host/host.ts";
import { noJournal } from "../../../../src/host/journal.ts";
import { evenMesh, inOrder } from "../cluster/meshes.ts";
import { fakeHost } from "../up/fake-host.ts";

const mesh = evenMesh(3, 90, 0, { mtu: 1280 });

/** At the end of `up` on a member with these timers. */
function offer(
  timers: object,
  { yes = true, answer = false, at = mesh, conf = "", measured = true, answers = {} } = {},
) {
  const keys = Object.entries(timers).map(([key, value]) => `  ${key}: ${value}\n`);
  const files = { "/etc/pve/corosync.conf": conf || `totem {\n${keys.join("")}}\n` };
  const { transport, changes } = fakeHost(files, answers);
  const host = openHost(transport, closedGate, noJournal);
  const questions: string[] = [];
  const ask = {
    goOn: async (question: string) => {
      questions.push(question);
      return answer;
    },
    typedYes: async () => false,
    password: async () => undefined,
  };
  const place = { host, gate: closedGate, journal: noJournal, screen: silentScreen, ask };
  const cluster = {
    ...{ name: "tailmox", quorate: true, expectedVotes: 3, presentVotes: 3, qdevice: false },
    members: ["pve1", "pve2"].map((name, place) => ({
      ...{ name, id: place + 1, votes: 1, link0: `127.0.0.${place + 1}`, published: undefined, online: true },
    })),
  };
  return offerTune(place, { yes, mesh: measured ? at : undefined, node: "pve1", cluster }).then((found) => ({
    ...found,
    changes,
    questions,
  }));
}

describe("the timers at the end of up", () => {
  test("are offered with old and new and a reason where others fit these distances", async () => {
    const pve9 = { token: 3000, token_coefficient: 125 };
    const { outcome, lines, questions } = await offer(pve9);
    expect(outcome).toBe("would change");
    expect(lines[0]).toContain("tailmox tune would change token 3000 -> 10000, ");
    expect(lines[0]).toContain(": a silence of 10.0 s must pass before");
    expect(lines[0]).toContain("knet_ping_timeout default -> 8000");
    expect(questions).toEqual([]);
  });

  test("are asked about where a person is there, and No leaves them for later", async () => {
    const { outcome, lines, questions, changes } = await offer({ token: 3000 }, { yes: false });
    expect(questions).toEqual(["Look at it now? It measures anew, shows its plan and asks again"]);
    expect({ outcome, lines, changes }).toEqual({
      outcome: "would change",
      lines: ["Later: tailmox tune"],
      changes: [],
    });
  });

  test("that tune would leave alone are said to fit", async () => {
    const { settings } = tunedSettings(mesh, inOrder(3));
    expect(await offer(settings)).toMatchObject({
      outcome: "they fit",
      lines: ["Corosync's timers fit the distances of these hosts."],
    });
  });

  test("fit, too, where they differ by no more than two measurements do", async () => {
    const far = evenMesh(5, 160, 0, { mtu: 1280 });
    const { settings } = tunedSettings(evenMesh(5, 155, 0, { mtu: 1280 }), inOrder(5));
    expect(tunedSettings(far, inOrder(5)).settings).not.toEqual(settings);
    expect((await offer(settings, { at: far })).outcome).toBe("they fit");
  });

  test("of a new cluster are known to be for longer distances", async () => {
    const { outcome, lines } = await offer(FOUNDERS_SETTINGS, { at: evenMesh(3, 20, 0) });
    expect(outcome).toBe("would change");
    expect(lines.join()).toContain("token_retransmits_before_loss_const 10 -> 30");
  });

  test("of a ring that nothing fits, or of a file that nobody understands, do not make up fail", async () => {
    const far = await offer(FOUNDERS_SETTINGS, { at: evenMesh(3, 2500, 0) });
    expect(far.lines.join()).toContain("E_TUNE_NO_FIT");
    const odd = await offer({}, { conf: "totem {" });
    expect(odd).toMatchObject({ outcome: "unknown" });
    expect(odd.lines.join()).toContain("E_SETTINGS");
  });
});

test("without a measurement the ways are measured by ten echoes, and one end is enough", async () => {
  const echoes = Array.from(
    { length: 11 },
    (_, seq) => `64 bytes from 127.0.0.2: icmp_seq=${seq + 1} ttl=64 time=90 ms`,
  );
  const ping = "xargs -P 64 -I {} ping -n -c";
  const answers = { [`${ping} 11 -i 0.1`]: echoes.join("\n"), [`${ping} 1 `]: echoes.join("\n") };
  const { outcome, lines } = await offer({ token: 3000 }, { measured: false, answers });
  expect(outcome).toBe("would change");
  expect(lines[0]).toContain("token 3000 -> 10000");
});

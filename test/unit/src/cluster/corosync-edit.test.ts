import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseCorosyncConf, parseSections } from "../../../../src/cluster/corosync-conf.ts";
import { type ConfEdit, editCorosyncConf, presentValues } from "../../../../src/cluster/corosync-edit.ts";
import { UserError } from "../../../../src/errors.ts";

/** As pvecm writes it (proxmox.md 3), and then somebody was at it. */
const byHand = `# my cluster
logging {
  debug: off
  to_syslog: yes
}

nodelist {
  node {
    name: pve1
    nodeid: 10
    quorum_votes: 1
    ring0_addr: 100.64.0.1
  }
  node {
\t  name:   pve2
    nodeid: 20   # the far one
    quorum_votes: 1
    ring0_addr: 100.64.0.2
  }
}

quorum {
  provider: corosync_votequorum
}


totem {
  cluster_name: tailmox
  config_version:  7
  interface   {
    linknumber: 0
  }
  ip_version: ipv4-6
  # for the WAN
\tmystery_key: kept
  secauth: on   
  token_coefficient: 125
  version: 2
}
`;

const tuning: ConfEdit = {
  totem: { config_version: 8, token: 10_000, token_coefficient: 0, consensus: null },
  link: { knet_ping_interval: 500, knet_ping_timeout: 8000 },
};

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error.code;
  }
  return "no error";
}

describe("an edit of corosync.conf", () => {
  test("changes the asked lines and keeps all others byte for byte", () => {
    expect(editCorosyncConf(byHand, tuning)).toBe(
      byHand
        .replace("config_version:  7\n", "config_version:  8\n")
        .replace(
          "    linknumber: 0\n",
          "    linknumber: 0\n    knet_ping_interval: 500\n    knet_ping_timeout: 8000\n",
        )
        .replace("token_coefficient: 125\n", "token_coefficient: 0\n")
        .replace("  version: 2\n", "  version: 2\n  token: 10000\n"),
    );
  });

  test("makes the interface section where there is none", () => {
    const plain = byHand.replace(/ {2}interface {3}\{\n.*\n {2}\}\n/, "");
    const totem = parseSections(editCorosyncConf(plain, tuning))?.sections.at(-1);
    expect(Object.fromEntries(totem?.sections[0]?.keys ?? [])).toEqual({
      linknumber: "0",
      knet_ping_interval: "500",
      knet_ping_timeout: "8000",
    });
  });

  test("a comment behind a value stays behind the new one, and line ends stay those of the file", () => {
    const dos = byHand.replace("config_version:  7", "config_version:  7 # seventh").replaceAll("\n", "\r\n");
    const edited = editCorosyncConf(dos, tuning);
    expect(edited).toContain("config_version:  8 # seventh\r\n");
    expect(edited.replaceAll("\r\n", "")).not.toContain("\n");
  });

  test("takes a key out with its line", () => {
    const without = editCorosyncConf(byHand, { totem: { token_coefficient: null }, link: {} });
    expect(without).toBe(byHand.replace("  token_coefficient: 125\n", ""));
  });

  test.each([
    ["a brace too few", byHand.slice(0, byHand.lastIndexOf("}"))],
    ["a brace too many", `${byHand}}\n`],
    ["two keys on a line", byHand.replace("version: 2\n", "version: 2 token: 3000 }\n")],
    ["a line without a colon", byHand.replace("secauth: on", "secauth on")],
    ["a key without a value", byHand.replace("secauth: on   ", "secauth:")],
    ["a key outside of all sections", `token: 3000\n${byHand}`],
    ["no totem section", byHand.replace("totem {", "tokem {")],
    ["two totem sections", `${byHand}\ntotem {\n  token: 3000\n}\n`],
    ["an asked key twice", byHand.replace("version: 2\n", "version: 2\n  token_coefficient: 650\n")],
  ])("refuses %s", (_, text) => {
    expect(codeOf(() => editCorosyncConf(text, tuning))).toBe("E_COROSYNC_CONF");
  });

  test.each([
    ["a second link", byHand.replace("100.64.0.1\n", "100.64.0.1\n    ring1_addr: 10.0.0.1\n")],
    [
      "a second interface",
      byHand.replace("  ip_version", "  interface {\n    linknumber: 1\n  }\n  ip_version"),
    ],
    ["another link number", byHand.replace("linknumber: 0", "linknumber: 1")],
    ["another transport", byHand.replace("version: 2", "version: 2\n  transport: udpu")],
  ])("refuses %s as links that it did not make", (_, text) => {
    expect(codeOf(() => editCorosyncConf(text, tuning))).toBe("E_COROSYNC_LINKS");
  });

  test("is taken back by what was there before", () => {
    const back = presentValues(byHand, tuning);
    expect(back).toEqual({
      totem: { config_version: 7, token: null, token_coefficient: 125, consensus: null },
      link: { knet_ping_interval: null, knet_ping_timeout: null },
    });
    expect(editCorosyncConf(editCorosyncConf(byHand, tuning), back)).toBe(byHand);
  });
});

const blank = fc.constantFrom("", " ", "  ", "\t", "    ");
const noise = fc.constantFrom("\n", "   \n", "# a comment { with: braces }\n", "\t# token: 1\n");
const strange = fc.constantFrom(
  "mystery: 1",
  "x.y: on",
  "window_size: 50",
  "join: 60",
  "crypto_cipher: aes256",
);
const keys = ["token", "token_coefficient", "knet_mtu", "consensus"] as const;

/** A corosync.conf in anybody's style, with some of the keys that an edit may ask for. */
const conf = fc
  .record({
    noise: fc.array(noise, { minLength: 6, maxLength: 6 }),
    indent: fc.array(blank, { minLength: 8, maxLength: 8 }),
    strange: fc.uniqueArray(strange),
    set: fc.uniqueArray(fc.constantFrom(...keys)),
    gap: fc.constantFrom(" ", "  ", "\t"),
    link: fc.boolean(),
  })
  .map(({ noise: n, indent: i, strange: s, set, gap, link }) =>
    [
      n[0],
      `${i[0]}nodelist${i[1]}{\n${i[2]}node {\n  name: pve1\n  nodeid: 1\n  ring0_addr: 100.64.0.1\n}\n${n[1]}}\n`,
      `totem {\n${n[2]}${i[3]}cluster_name:${gap}x\n${i[4]}config_version:${gap}3\n`,
      ...s.map((line) => `${i[5]}${line}\n`),
      n[3],
      ...set.map((key, index) => `${i[6]}${key}:${gap}${index + 30}\n`),
      link ? `${i[7]}interface {\n${n[4]}linknumber: 0\n}\n` : "",
      `}\n${n[5]}`,
    ].join(""),
  );
const edit = fc.record({
  totem: fc.dictionary(fc.constantFrom(...keys), fc.option(fc.nat(100_000))),
  link: fc.dictionary(fc.constantFrom("knet_ping_interval", "knet_ping_timeout"), fc.nat(10_000)),
});

describe("any edit of any corosync.conf", () => {
  test("sets what was asked, and the file still is what it was otherwise", () => {
    fc.assert(
      fc.property(conf, edit, (text, asked) => {
        const edited = editCorosyncConf(text, asked);
        expect(presentValues(edited, asked)).toEqual(asked);
        expect(parseCorosyncConf(edited)).toEqual(parseCorosyncConf(text));
        const isAsked = (line: string) =>
          [...Object.keys(asked.totem), ...Object.keys(asked.link)].some((key) =>
            line.trim().startsWith(`${key}:`),
          );
        const isNewSection = !/interface/.test(text) && Object.keys(asked.link).length > 0;
        const others = (from: string) => from.split("\n").filter((line) => !isAsked(line));
        const rest = others(edited).join("\n");
        if (!isNewSection) expect(rest).toBe(others(text).join("\n"));
        else
          expect(rest.replace(/[ \t]*interface \{\n[ \t]*linknumber: 0\n[ \t]*\}\n/, "")).toBe(
            others(text).join("\n"),
          );
      }),
    );
  });

  test("made twice is the same as made once", () => {
    fc.assert(
      fc.property(conf, edit, (text, asked) => {
        const once = editCorosyncConf(text, asked);
        expect(editCorosyncConf(once, asked)).toBe(once);
      }),
    );
  });
});

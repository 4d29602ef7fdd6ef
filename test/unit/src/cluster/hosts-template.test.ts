import { expect, test } from "bun:test";
import fc from "fast-check";
import { type HostsEntry, resolveIn, withoutBlock } from "../../../../src/cluster/hosts-file.ts";
import { editTemplate } from "../../../../src/cluster/hosts-template.ts";

const own: HostsEntry = { address: "100.64.0.6", name: "pve3", dnsName: "pve3.tail1234.ts.net" };
const DEBIAN = `## template:jinja
{#
This file (/etc/cloud/templates/hosts.debian.tmpl) is only utilized
if enabled in cloud-config.
#}
127.0.1.1 {{fqdn}} {{hostname}}
127.0.0.1 localhost

# The following lines are desirable for IPv6 capable hosts
::1 localhost ip6-localhost ip6-loopback
`;

/** As cloud-init does it, with Jinja's comments away. */
function render(template: string): string {
  return template
    .replace(/^## template:jinja\n/, "")
    .replace(/\{#[\s\S]*?#\}\n?/g, "")
    .replace(/\{\{\s*hostname\s*\}\}/g, "pve3")
    .replace(/\{\{\s*fqdn\s*\}\}/g, "pve3.example.lan");
}

test("what cloud-init makes of the template gives the name its tailnet address alone", () => {
  const written = render(editTemplate(DEBIAN, [own]));
  expect(written).not.toContain("127.0.1.1");
  expect(resolveIn(written, "pve3")).toEqual(["100.64.0.6"]);
  expect(written).toContain("::1 localhost ip6-localhost ip6-loopback\n");
});

test("a LAN address that an administrator wrote for the host stays under its other name", () => {
  const template = "192.168.1.20 {{ fqdn }} {{ hostname }} nas # by hand\n10.0.0.1 $hostname.x $fqdn\n";
  const written = render(editTemplate(template, [own]));
  expect(written).toStartWith("192.168.1.20 pve3.lan nas # by hand\n");
  expect(resolveIn(written, "pve3")).toEqual(["100.64.0.6"]);
});

test("for any template editing twice changes nothing more, and lines without the host's name stay", () => {
  const line = fc.oneof(
    fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n]/g, "")),
    fc.constantFrom("127.0.1.1 {{fqdn}} {{hostname}}", "10.0.0.5 nas", "10.0.0.6 $hostname www", "{# x #}"),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const text = lines.map((one) => `${one}\n`).join("");
      const once = editTemplate(text, [own]);
      expect(editTemplate(once, [own])).toBe(once);
      const foreign = lines
        .filter((one) => !/pve3|fqdn|hostname|tailmox/i.test(one))
        .map((one) => `${one}\n`);
      const kept = withoutBlock(once).match(/[^\n]*\n/g) ?? [];
      expect(kept.filter((one) => foreign.includes(one))).toEqual(foreign);
    }),
    { numRuns: 500 },
  );
});

import { afterAll, beforeAll, expect, test } from "bun:test";
import { waitForVotes } from "../../lab/story/cut-and-return.ts";
import { describeLab } from "../../test/lab-only.ts";
import { everyFile } from "./every-file.ts";
import { type Said, type Stage, setStage } from "./stage.ts";

/** Clusters that somebody else made, or changed by hand, and that a third host meets. */
describeLab("tailmox up does not join, and changes nothing on either side, where the cluster", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage("proof-foreign");
    expect((await stage.up("pve1")).exitCode).toBe(0);
    expect((await stage.up("pve2")).exitCode).toBe(0);
    await waitForVotes(stage.plan, members(), { quorate: true, votes: 2 });
    await stage.keep("two");
  }, 400_000);
  afterAll(() => stage.close(), 60_000);

  test("has a qdevice", async () => {
    await edit(`/provider: corosync_votequorum/a\\
  device {\\
    model: net\\
    votes: 1\\
    net {\\
      algorithm: ffsplit\\
      host: 10.66.0.99\\
      tls: on\\
    }\\
  }`);
    await until("corosync-quorumtool -s | grep -q '^Expected votes: *3$'");
    const said = await refused();
    expect(said.text).toContain('"tailmox" has a qdevice');
    expect(said.text).toContain("pvecm qdevice remove");
    expect(said.text).toContain("E_CLUSTER_NOT_WHOLE, exit 4");
  }, 200_000);

  test("has a second link", async () => {
    await stage.back("two");
    const [one = "", two = ""] = members().map(({ wan }) => wan?.address);
    await edit(`/name: pve1$/a\\    ring1_addr: ${one}
/name: pve2$/a\\    ring1_addr: ${two}
/^  interface {/i\\  interface {\\n    linknumber: 1\\n  }`);
    await until("corosync-cfgtool -s | grep -q 'LINK ID 1'");
    const said = await refused();
    expect(said.text).toContain('the members of "tailmox" have 2 links each');
    expect(said.text).toContain("E_COROSYNC_LINKS, exit 4");
  }, 200_000);

  test("is one on a LAN", async () => {
    await stage.back();
    const { address } = stage.host("pve1").lan;
    await stage.sh("pve1", `pvecm create office --link0 address=${address}`);
    await waitForVotes(stage.plan, [stage.host("pve1")], { quorate: true, votes: 1 });
    const said = await refused();
    expect(said.text).toContain(`"office" is a cluster on a LAN: its link 0 is ${address}`);
    expect(said.text).toContain("E_LAN_CLUSTER, exit 4");
    const inside = await stage.up("pve1");
    expect(inside.text).toContain("E_LAN_CLUSTER, exit 4");
    expect(inside.exitCode).toBe(4);
  }, 200_000);

  function members() {
    return [stage.host("pve1"), stage.host("pve2")];
  }

  /** corosync.conf as an administrator edits it (proxmox.md 8.3): a copy, a higher version, a rename. */
  async function edit(sed: string): Promise<void> {
    const [live, copy] = ["/etc/pve/corosync.conf", "/etc/pve/corosync.conf.new"];
    await stage.sh(
      "pve1",
      `cat > /root/edit.sed <<'END'
${sed}
END
version=$(awk '/config_version/ {print $2}' ${live})
sed -f /root/edit.sed -e "s/config_version: .*/config_version: $((version + 1))/" ${live} > /root/new
cp /root/new ${copy} && mv ${copy} ${live}; cat ${live}`,
    );
  }

  async function until(holds: string): Promise<void> {
    await stage.sh("pve1", `timeout 50 bash -c "until ${holds}; do sleep 0.3; done"`);
  }

  async function refused(): Promise<Said> {
    const both = () => Promise.all(["pve1", "pve3"].map((name) => everyFile(stage, name, { besides: LOG })));
    const before = await both();
    const said = await stage.up("pve3");
    expect(said.exitCode).toBe(4);
    expect(await both()).toEqual(before);
    return said;
  }
});

const LOG = ["/var/log/tailmox.log"];

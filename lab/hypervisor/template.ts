import { runOk } from "../../src/host/run.ts";
import type { ImageFile } from "../images/recipe.ts";
import { bootHost } from "../machines/boot.ts";
import { hostExec } from "../machines/exec.ts";
import { shutdownHost } from "../machines/power.ts";
import { prepareHost } from "../machines/prepare.ts";
import type { HostPlan, LabPlan } from "../plan.ts";
import { imageMark } from "../pve/guests/hypervisor-protocol.ts";
import { installTailscale } from "../tailnet/install.ts";
import { baysOf } from "./bays.ts";
import { imageDir } from "./disks.ts";

/** Its hostname, the name of the VM and of the disk image. */
export const TEMPLATE = "pve-template";
export const TEMPLATE_VMID = 9000;
/** A file on the host for `qm disk import`, with the same machine on it as the template. */
export const TEMPLATE_IMAGE = "/var/lib/vz/import/pve-template.raw";

/**
 * Installs a machine for a host's VMs, once: booted in the host's first bay until its Proxmox has settled, then shut
 * down. Its name means an address that no bay has, as after cloning a host with a fixed address. `files` are for it
 * as for every host.
 */
export async function installTemplate(
  plan: LabPlan,
  host: HostPlan,
  files: readonly ImageFile[],
): Promise<void> {
  const [bay] = baysOf(plan, host);
  if (!bay) return;
  const { bayOf: _place, ...machine } = bay;
  const template: HostPlan = {
    ...machine,
    name: TEMPLATE,
    dir: imageDir(plan, TEMPLATE),
    lan: { ...bay.lan, address: bay.lan.address.replace(/\d+$/, "200") },
    password: `lab-${TEMPLATE}`,
  };
  await prepareHost(plan, template, { files });
  await bootHost(plan, template);
  if (bay.tailscale) await installTailscale(plan, template);
  await shutdownHost(plan, template);
}

/** On the running host: a bridge, storages of three types, VM 9000 as a template of that machine, its image as a file. */
export async function offerTemplate(plan: LabPlan, host: HostPlan): Promise<void> {
  for (const line of ["link add vmbr0 type bridge", "link set vmbr0 up"]) {
    await runOk(["ip", "-n", host.namespace, ...line.split(" ")]);
  }
  const result = await hostExec(plan, host, ["bash", "-e", "-c", OFFER], { timeoutMs: 120_000 });
  if (result.exitCode !== 0) {
    throw new Error(`the template was not made on ${host.name}: ${result.stderr.trim() || result.stdout}`);
  }
}

/** The create line of proxmox.md 11. The first line of the image says what it stands for, the second what data it has. */
const OFFER = `
until pvesh get /version >/dev/null 2>&1 && [ -w /etc/pve/local/ ]; do sleep 0.2; done
mkdir -p ${TEMPLATE_IMAGE.replace(/\/[^/]*$/, "")}
printf '%s\\n' '${imageMark(TEMPLATE).trim()}' 'DATA 2G' >${TEMPLATE_IMAGE}
truncate -s 8G ${TEMPLATE_IMAGE}
pvesm add zfspool local-zfs --pool rpool/data --content images,rootdir
pvesm add lvmthin local-lvm --vgname pve --thinpool data --content images,rootdir
pvesm add dir images --path /var/lib/images --content images
qm create ${TEMPLATE_VMID} --name ${TEMPLATE} --memory 2048 --cores 2 --cpu host --ostype l26 \\
  --scsihw virtio-scsi-single --net0 virtio,bridge=vmbr0 --agent 1 --boot order=scsi0
qm disk import ${TEMPLATE_VMID} ${TEMPLATE_IMAGE} local-zfs
qm set ${TEMPLATE_VMID} --scsi0 local-zfs:vm-${TEMPLATE_VMID}-disk-0
qm template ${TEMPLATE_VMID}
`;

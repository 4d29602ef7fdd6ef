import { findMethod } from "../api/schema.ts";
import { addNode } from "../cluster/add-node.ts";
import { mustReadClusterConf } from "../cluster/config-file.ts";
import { valueAt } from "../cluster/corosync-conf.ts";
import { assertStandalone, createCluster } from "../cluster/create.ts";
import { deleteNode } from "../cluster/delete-node.ts";
import { JOIN_API_VERSION, joinByApi } from "../cluster/join.ts";
import { joinBySsh } from "../cluster/join-by-ssh.ts";
import { updateCerts } from "../cluster/update-certs.ts";
import { PveError, textOf } from "../errors.ts";
import { openNode } from "../node/pve-node.ts";
import { atLeast } from "../node/release.ts";
import type { ParamSchemas } from "../params/schema.ts";
import type { Params } from "../params/verify.ts";
import { writeAll } from "../tasks/task.ts";
import { askPassword, askYes, assertControllingTerminal } from "./ask.ts";
import { become } from "./become.ts";
import { migrationTunnel } from "./migration-tunnel.ts";
import { openUp } from "./open-up.ts";
import { type Command, runCommand } from "./program.ts";
import { complain } from "./say.ts";
import { commandTask } from "./task-command.ts";

/** The cluster manager (proxmox.md 3, 4 and 6). */
export async function pvecmMain(argv: readonly string[]): Promise<number> {
  const node = await openNode();
  const create = findMethod("POST", "/cluster/config")?.parameters ?? {};
  const { "token-coefficient": _later, ...olderCreate } = create;
  return await runCommand(
    "pvecm",
    commands(atLeast(node.release.pveCluster, "9.1.0") ? create : olderCreate),
    argv,
  );
}

function commands(createParams: ParamSchemas): Readonly<Record<string, Command>> {
  const addNodeParams = findMethod("POST", "/cluster/config/nodes/{node}")?.parameters ?? {};
  return {
    create: { args: ["clustername"], params: createParams, run: create },
    add: { args: ["hostname"], params: addParams(addNodeParams), run: add },
    addnode: { args: ["node"], params: addNodeParams, run: addnode },
    apiver: { args: [], params: {}, run: apiver },
    status: { args: [], params: {}, run: status },
    nodes: { args: [], params: {}, run: nodes },
    expected: {
      args: ["expected"],
      params: { expected: { type: "integer", minimum: 1 } },
      run: expected,
    },
    delnode: { args: ["node"], params: { node: { type: "string", format: "pve-node" } }, run: delnode },
    updatecerts: {
      args: [],
      params: {
        force: { type: "boolean", optional: true },
        silent: { type: "boolean", optional: true },
        "unmerge-known-hosts": { type: "boolean", optional: true },
      },
      run: updatecerts,
    },
    mtunnel: migrationTunnel,
  };
}

async function create(params: Params): Promise<number> {
  const node = await openUp();
  await assertStandalone(node);
  const kind = { type: "clustercreate", id: String(params.clustername), user: "root@pam" };
  return await commandTask(node, kind, (output) => createCluster(node, params, output));
}

async function add(params: Params): Promise<number> {
  if (/^\/etc\/pve(\/|$)/.test(process.cwd())) {
    throw new PveError("Navigate out of /etc/pve before running 'pvecm add', for example by running 'cd'.");
  }
  const node = await openUp();
  assertControllingTerminal();
  const host = String(params.hostname);
  const kind = { type: "clusterjoin", id: "", user: "root@pam" };
  return await commandTask(node, kind, async (output) => {
    if (params.use_ssh) return await joinBySsh(node, params, output);
    const password = await askPassword(`Please enter superuser (root) password for '${host}': `);
    try {
      await joinByApi(node, params, password, output, async (name, fingerprint) => {
        output.print(`The authenticity of host '${name}' can't be established.\n`);
        output.print(`X509 SHA256 key fingerprint is ${fingerprint}.\n`);
        return await askYes("Are you sure you want to continue connecting (yes/no)? ");
      });
    } catch (error) {
      if (!(error instanceof PveError) || error.status !== 501) throw error;
      throw new PveError(
        "Remote side is not able to use API for Cluster join!\nPass the 'use_ssh' switch or update the remote side.",
      );
    }
  });
}

async function addnode(params: Params): Promise<number> {
  const node = await openUp();
  const { warnings } = await addNode(node, params);
  for (const warning of warnings) complain(warning);
  return 0;
}

async function apiver(): Promise<number> {
  await openUp();
  return print(`${JOIN_API_VERSION}\n`);
}

async function expected(params: Params): Promise<number> {
  await openUp();
  return await become(["corosync-quorumtool", "-e", String(params.expected)], { quiet: true });
}

/** A header of our own, then corosync's own tool, whose exit status counts. */
async function status(): Promise<number> {
  const conf = await mustReadClusterConf(await openUp());
  const secure = valueAt(conf, "totem", "secauth") ?? "on";
  print(
    [
      "Cluster information",
      "-------------------",
      `Name:             ${valueAt(conf, "totem", "cluster_name")}`,
      `Config Version:   ${valueAt(conf, "totem", "config_version")}`,
      `Transport:        ${valueAt(conf, "totem", "transport") ?? "knet"}`,
      `Secure auth:      ${secure}`,
      "\n",
    ].join("\n"),
  );
  return await become(["corosync-quorumtool", "-siH"]);
}

async function nodes(): Promise<number> {
  await mustReadClusterConf(await openUp());
  return await become(["corosync-quorumtool", "-l"]);
}

async function delnode(params: Params): Promise<number> {
  const node = await openUp();
  const nodeid = await deleteNode(node, String(params.node));
  // It says itself what it does, and fails for a node that is away, which is no fault.
  if (nodeid) await become(["corosync-cfgtool", "-k", nodeid]);
  return 0;
}

async function updatecerts(params: Params): Promise<number> {
  const node = await openNode();
  const silent = Boolean(params.silent);
  const output = {
    print: silent ? () => undefined : (text: string) => void print(text),
    warn: () => undefined,
  };
  try {
    await updateCerts(node, output, {
      force: Boolean(params.force),
      unmergeKnownHosts: Boolean(params["unmerge-known-hosts"]),
    });
  } catch (error) {
    if (!silent) throw error;
    complain(textOf(error));
  }
  return 0;
}

function addParams(common: ParamSchemas): ParamSchemas {
  const { node: _node, apiversion: _version, new_node_ip: _ip, ...shared } = common;
  return {
    ...shared,
    hostname: { type: "string" },
    fingerprint: { type: "string", pattern: "([A-Fa-f0-9]{2}:){31}[A-Fa-f0-9]{2}", optional: true },
    use_ssh: { type: "boolean", optional: true },
  };
}

function print(text: string): 0 {
  writeAll(1, text);
  return 0;
}

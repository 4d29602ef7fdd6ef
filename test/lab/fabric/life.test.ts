import { afterEach, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createFabric } from "../../../lab/fabric/create.ts";
import { destroyFabric, existingNamespaces } from "../../../lab/fabric/destroy.ts";
import { inNamespace } from "../../../lab/fabric/in-namespace.ts";
import { namespacesOf, runDir } from "../../../lab/fabric/namespaces.ts";
import { portOf } from "../../../lab/fabric/ports.ts";
import { readLinks, startRelay, stopRelay } from "../../../lab/fabric/relay-control.ts";
import { pingFrom } from "../../../lab/measure.ts";
import { daemonPid, processesOf } from "../../../lab/processes.ts";
import { runOk } from "../../../src/host/run.ts";
import { describeLab } from "../../lab-only.ts";
import { host, planOf, remove, start } from "./fabric-of.ts";

const plan = planOf("life", {
  sites: [{ name: "east" }, { name: "home", nat: true }],
  hosts: [host("pve1", "east"), host("pve2", "home")],
});

describeLab("the life of a lab's networks", () => {
  afterEach(() => remove(plan));

  test("taking them away leaves no namespace, process or file", async () => {
    await start(plan);
    expect((await existingNamespaces(plan)).sort()).toEqual(namespacesOf(plan).sort());
    await destroyFabric(plan);
    expect(await existingNamespaces(plan)).toEqual([]);
    expect(await processesOf(plan)).toEqual([]);
    expect(existsSync(runDir(plan))).toBe(false);
  });

  test("taking them away ends what still runs in them, and may be done twice", async () => {
    await start(plan);
    const [file, ...args] = inNamespace(portOf(plan, "pve1").namespace, ["sleep", "60"]);
    if (!file) throw new Error("no program");
    const child = spawn(file, args, { stdio: "ignore" });
    const ended = once(child, "exit");
    await Bun.sleep(100);
    expect(await processesOf(plan)).toContain(child.pid ?? 0);
    await destroyFabric(plan);
    await ended;
    expect(child.signalCode).toBe("SIGKILL");
    await destroyFabric(plan);
    expect(await existingNamespaces(plan)).toEqual([]);
  });

  test("half made networks are taken away too", async () => {
    await remove(plan);
    await runOk(["ip", "netns", "add", `tmx-${plan.id}-fabric`]);
    await Bun.write(`/run/netns/tmx-${plan.id}-pve1`, "");
    await destroyFabric(plan);
    expect(await existingNamespaces(plan)).toEqual([]);
  });

  test("networks that are there are not made again, and go on", async () => {
    await start(plan);
    expect(createFabric(plan)).rejects.toMatchObject({ code: "E_LAB_EXISTS" });
    expect((await pingFrom(portOf(plan, "pve1").namespace, portOf(plan, "pve2").address, 3)).received).toBe(
      3,
    );
  });

  test("what was made is taken away when the making fails", async () => {
    await remove(plan);
    const [port] = plan.ports;
    if (!port) throw new Error("no port");
    const broken = { ...plan, ports: [...plan.ports, { ...port, vni: 99, mac: "not a mac" }] };
    expect(createFabric(broken)).rejects.toMatchObject({ code: "E_COMMAND_FAILED" });
    await createFabric(broken).catch(() => undefined);
    expect(await existingNamespaces(plan)).toEqual([]);
  });

  test("without its relay a lab is silent and says so, and with a new one it is as the scenario asks", async () => {
    await start(plan);
    await stopRelay(plan);
    expect(readLinks(plan)).rejects.toMatchObject({ code: "E_LAB_RELAY" });
    const ping = () => pingFrom(portOf(plan, "pve1").namespace, portOf(plan, "pve2").address, 3);
    expect((await ping()).received).toBe(0);
    await startRelay(plan);
    expect((await ping()).received).toBe(3);
  });

  test("a relay that was killed is replaced by the next start", async () => {
    await start(plan);
    const pid = await daemonPid(plan, "relay");
    if (!pid) throw new Error("no relay");
    process.kill(pid, "SIGKILL");
    await startRelay(plan);
    expect(await readLinks(plan)).toHaveLength(plan.links.length);
  });
});

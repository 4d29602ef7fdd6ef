import { createSocket } from "node:dgram";
import { run } from "../../../src/host/run.ts";
import { tryTcp } from "../../../src/host/tcp.ts";
import type { Probe } from "./tailnet.ts";

const SILENCE_MS = 1_300;

// Runs in the namespace of a device. Refused means that the packet filter let it through to a host without a
// listener, silence that it did not (tailscale.md 9.1).
const probes: readonly Probe[] = JSON.parse(await Bun.stdin.text());
console.log(JSON.stringify(await Promise.all(probes.map(passes))));
process.exit();

async function passes({ address, protocol, port }: Probe): Promise<boolean> {
  if (protocol === "udp") return udpIsAnswered(address, port);
  if (protocol === "tcp") return ["open", "refused"].includes((await tryTcp(address, port, SILENCE_MS)).kind);
  return (await run(["ping", "-n", "-c", "2", "-i", "0.3", "-W", "1", address])).exitCode === 0;
}

/** Sends again and again: the first datagrams may go while the path is being found. */
function udpIsAnswered(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const end = (answered: boolean) => {
      clearInterval(again);
      clearTimeout(silence);
      socket.close();
      resolve(answered);
    };
    const send = () => socket.send("probe");
    const silence = setTimeout(() => end(false), SILENCE_MS);
    let again: ReturnType<typeof setInterval> | undefined;
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
    socket.connect(port, address, (...failed: unknown[]) => {
      // No way there at all.
      if (failed[0]) return end(false);
      send();
      again = setInterval(send, 300);
    });
  });
}

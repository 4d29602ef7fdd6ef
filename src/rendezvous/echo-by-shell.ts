import type { Argv, Reader } from "../host/host.ts";
import { UDP_ECHO } from "../host/udp-echo.ts";
import type { Answering } from "./answer.ts";
import { newNonce, RENDEZVOUS_PORTS, writePacket } from "./packet.ts";
import { connect, type Echo, type Ends, tryPort } from "./try-port.ts";

export interface ShellEchoOptions {
  /** Default 5000. */
  readonly timeoutMs?: number;
  readonly from?: Answering | undefined;
  /** Those to try: default 5405 to 5412. */
  readonly ports?: readonly number[];
}

/**
 * Tries UDP to a host on which no tailmox runs: root's shell there answers for some seconds. Gives the ports that
 * could be tried, none where nothing could be started: what corosync holds there (5405 on a member) is not among
 * them, and is proven only once corosync speaks with this host. Never throws.
 */
export async function echoByShell(
  shell: Reader,
  ends: Ends,
  { timeoutMs = 5_000, from, ports = RENDEZVOUS_PORTS }: ShellEchoOptions = {},
): Promise<ReadonlyMap<number, Echo>> {
  let deadline = performance.now() + timeoutMs;
  let ended = false;
  const seconds = String(Math.ceil(timeoutMs / 1000) + 1);
  const argv: Argv = [...UDP_ECHO, ends.peer, ends.own, seconds];
  const answerer = shell
    .run(argv, { timeoutMs: timeoutMs + 5_000 })
    .then(({ stdout }) => stdout)
    .catch(() => "")
    .finally(() => {
      ended = true;
    });
  const isOver = () => ended || performance.now() >= deadline;
  const tried = new Map(
    await Promise.all(
      ports.map(async (port): Promise<[number, Echo]> => {
        const echo = await tryPort(ends, port, { isOver, from, isStarting: true });
        // It answers on all of its ports from the same moment on.
        if (echo === "echoed") deadline = Math.min(deadline, performance.now() + OTHERS_MS);
        return [port, echo];
      }),
    ),
  );
  await sayBye(ends, tried);
  const held = new Set((await answerer).split("\n").map(Number));
  return new Map([...tried].filter(([port]) => held.has(port)));
}

/** Room for three tries and a long round trip. */
const OTHERS_MS = 1_500;

/** It would end by itself; asked, it does so at once. */
async function sayBye(ends: Ends, tried: ReadonlyMap<number, Echo>): Promise<void> {
  const [port] = [...tried].find(([, echo]) => echo === "echoed") ?? [];
  if (port === undefined) return;
  const line = await connect(ends, port, () => undefined);
  const bye = writePacket({ kind: "bye", nonce: newNonce() });
  for (let times = 3; times > 0; times--) line.send(bye);
  line.close();
}

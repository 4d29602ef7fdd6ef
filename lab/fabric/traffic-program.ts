/**
 * The two ends of `measureTraffic`, each a program of its own in a host's namespace:
 *   bun traffic-program.ts receive ADDRESS PORT
 *   bun traffic-program.ts send ADDRESS PORT MBIT SECONDS PACKET_BYTES
 * Both print one line of JSON. A packet carries its number and the time it was sent, by the clock that all
 * namespaces of a machine share.
 */
const FIRST_PACKET_MS = 10_000;
const [mode, address = "", port = "", ...rest] = process.argv.slice(2);
const numbers = rest.map(Number);
const result =
  mode === "send"
    ? await send(numbers[0] ?? 1, numbers[1] ?? 1, numbers[2] ?? 1200)
    : await receive(Date.now() + FIRST_PACKET_MS);
console.log(JSON.stringify(result));
process.exit(0);

async function send(mbit: number, seconds: number, packetBytes: number): Promise<unknown> {
  let answered = false;
  const socket = await Bun.udpSocket({
    connect: { hostname: address, port: Number(port) },
    socket: {
      data: () => {
        answered = true;
      },
      error: () => undefined,
    },
  });
  const hello = new Uint8Array(1);
  for (const deadline = Date.now() + FIRST_PACKET_MS; !answered; await Bun.sleep(50)) {
    if (Date.now() > deadline) throw new Error(`no answer from ${address}`);
    socket.send(hello);
  }
  const packetsPerMs = (mbit * 1000) / 8 / packetBytes;
  const total = Math.round(packetsPerMs * seconds * 1000);
  const started = performance.now();
  for (let sent = 0; sent < total; await Bun.sleep(1)) {
    const until = Math.min(total, Math.round((performance.now() - started) * packetsPerMs));
    for (; sent < until; sent++) socket.send(stamped(sent, packetBytes));
  }
  return { sent: total };
}

function stamped(number: number, packetBytes: number): Uint8Array {
  const bytes = new Uint8Array(packetBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, number);
  view.setFloat64(4, clockMs());
  return bytes;
}

/** Comparable between processes to some microseconds; `process.hrtime` is not, under Bun. */
function clockMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Counts until a second has passed without a packet. */
async function receive(deadline: number): Promise<unknown> {
  const delays: number[] = [];
  let bytes = 0;
  let reordered = 0;
  let highest = -1;
  let first = 0;
  let last = 0;
  await Bun.udpSocket({
    hostname: address,
    port: Number(port),
    socket: {
      data: (socket, packet, fromPort, fromAddress) => {
        if (packet.length < 12) {
          socket.send(packet, fromPort, fromAddress);
          return;
        }
        const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
        const number = view.getUint32(0);
        delays.push(clockMs() - view.getFloat64(4));
        if (number < highest) reordered += 1;
        highest = Math.max(highest, number);
        bytes += packet.length;
        last = performance.now();
        first ||= last;
      },
    },
  });
  while (last === 0 ? Date.now() < deadline : performance.now() < last + 1000) await Bun.sleep(50);
  return { received: delays.length, bytes, ms: last - first, reordered, delayMs: summary(delays) };
}

function summary(delays: readonly number[]): Record<string, number> {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { min: at(0), median: at(0.5), p99: at(0.99), max: at(1) };
}

import { serveControl } from "./relay/control-server.ts";
import { arrives, type Direction, dueOf } from "./relay/direction.ts";
import { takePrecedence } from "./relay/priority.ts";
import type { Answer, RelayReading, Request } from "./relay/protocol.ts";
import { createSchedule } from "./relay/schedule.ts";
import { createTable } from "./relay/table.ts";
import { openUnderlay } from "./relay/underlay.ts";
import { addressTo, routeOf } from "./relay/vxlan.ts";

/**
 * The lab's internet, a program of its own: `bun relay.ts SOCKET`, in the relay's network namespace.
 * It takes VXLAN packets from the hosts' ports, lets each wait, get lost or queue as the direction between
 * the two ports asks, and sends it on under the receiver's VNI. It knows no direction, and passes nothing,
 * until a client tells it over the unix socket SOCKET (relay/protocol.ts).
 */
interface Packet {
  readonly direction: Direction;
  readonly bytes: Uint8Array;
  readonly ipBytes: number;
}

const table = createTable();
const ignored: RelayReading["ignored"] = { multicast: 0, malformed: 0, unknown: 0 };
const schedule = createSchedule<Packet>(deliver);
const underlay = await openUnderlay(receive);

function receive(bytes: Uint8Array): void {
  const route = routeOf(bytes);
  if (route.kind !== "unicast") {
    ignored[route.kind] += 1;
    return;
  }
  const direction = table.find(route.from, route.to);
  if (!direction) {
    ignored.unknown += 1;
    return;
  }
  const due = dueOf(direction, performance.now(), route.ipBytes, Math.random);
  if (due !== undefined) schedule.add({ direction, bytes, ipBytes: route.ipBytes }, due);
}

function deliver(packets: Packet[]): void {
  const arrived: Uint8Array[] = [];
  for (const { direction, bytes, ipBytes } of packets) {
    if (!arrives(direction, ipBytes)) continue;
    addressTo(bytes, direction.to);
    arrived.push(bytes);
  }
  underlay.send(arrived);
}

function answer(request: Request): Answer {
  table.apply(request);
  const { user, system } = process.cpuUsage();
  return {
    ok: true,
    directions: request.do === "read" ? table.read() : [],
    relay: {
      ignored,
      timing: schedule.timing,
      unsent: underlay.unsent(),
      receiveBufferBytes: underlay.receiveBufferBytes,
      cpuMs: (user + system) / 1000,
    },
  };
}

console.log(takePrecedence());
serveControl(process.argv[2] ?? "relay.sock", answer);

import { connect } from "node:net";

/** What came of one TCP connect: open, refused at once, or silence. */
export type TcpAnswer =
  | { readonly kind: "open"; readonly ms: number }
  | { readonly kind: "refused" }
  | { readonly kind: "silent"; readonly afterMs: number }
  | { readonly kind: "failed"; readonly reason: string };

/** Connects and hangs up at once; never throws. Bounded by `timeoutMs`. */
export function tryTcp(address: string, port: number, timeoutMs = 5_000): Promise<TcpAnswer> {
  const started = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: TcpAnswer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end({ kind: "silent", afterMs: timeoutMs }), timeoutMs);
    socket.once("connect", () => end({ kind: "open", ms: performance.now() - started }));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      end(error.code === "ECONNREFUSED" ? { kind: "refused" } : { kind: "failed", reason: error.message });
    });
  });
}

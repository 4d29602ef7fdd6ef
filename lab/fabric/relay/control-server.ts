import type { Socket } from "bun";
import { z } from "zod";
import { type Answer, type Request, request } from "./protocol.ts";

/**
 * Answers the relay's unix socket: a line of JSON in, a line of JSON out (protocol.ts). What is not a valid
 * request is answered with its fault and changes nothing.
 */
export function serveControl(path: string, answer: (request: Request) => Answer): void {
  Bun.listen<Connection>({
    unix: path,
    socket: {
      open: (socket) => {
        socket.data = { input: "", output: new Uint8Array() };
      },
      data: (socket, bytes) => {
        socket.data.input += bytes.toString();
        const lines = socket.data.input.split("\n");
        socket.data.input = lines.pop() ?? "";
        for (const line of lines) write(socket, `${JSON.stringify(answerLine(line, answer))}\n`);
      },
      drain: (socket) => write(socket, ""),
      error: (_socket, error) => console.error(`control: ${error.message}`),
    },
  });
}

interface Connection {
  input: string;
  /** What the kernel did not take yet. */
  output: Uint8Array;
}

function answerLine(line: string, answer: (request: Request) => Answer): Answer {
  try {
    return answer(request.parse(JSON.parse(line)));
  } catch (error) {
    if (error instanceof z.ZodError) return { ok: false, error: z.prettifyError(error) };
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function write(socket: Socket<Connection>, text: string): void {
  const all = Buffer.concat([socket.data.output, Buffer.from(text)]);
  socket.data.output = all.subarray(Math.max(0, socket.write(all)));
}

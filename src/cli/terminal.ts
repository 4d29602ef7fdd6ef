import type { Ask } from "../up/talk.ts";
import type { Output } from "./live-line.ts";

/** The terminal that a run was started on, as long as it is there. */
export interface Terminal {
  readonly isGone: boolean;
  /** What is written when nobody reads any more is lost, and does no harm. */
  output(stream: NodeJS.WriteStream): Output;
  /** The same questions, each told before; once the terminal is gone each is answered with No. */
  asking(ask: Ask | undefined, tell: (question: string) => void): Ask | undefined;
}

/**
 * Notices that the terminal was closed, or its connection lost: a hangup signal, an end of what can be read, an error
 * where something is written. Measured (Bun 1.4.5): a question that is open then never gets an answer, and its library
 * throws when it sets a terminal to rights that is no more.
 */
export function watchTerminal(): Terminal {
  let isGone = false;
  let hangUp = () => {};
  const gone = new Promise<void>((resolve) => {
    hangUp = () => {
      isGone = true;
      resolve();
    };
  });
  process.on("SIGHUP", hangUp);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", hangUp);
  process.on("uncaughtException", (error) => {
    if (isGone && /setRawMode|EIO|EPIPE/.test(error.message)) return;
    // As without this handler.
    console.error(error);
    process.exit(1);
  });
  const orNo =
    <T>(no: T, ask: (question: string) => Promise<T>, tell: (question: string) => void) =>
    (question: string) => {
      tell(question);
      process.stdin.off("end", hangUp).once("end", hangUp);
      return Promise.race([ask(question), gone.then(() => no)]);
    };
  return {
    get isGone() {
      return isGone;
    },
    output: (stream) => ({
      isTTY: stream.isTTY,
      get columns() {
        return stream.columns;
      },
      write: (text) => !isGone && stream.write(text),
    }),
    asking: (ask, tell) =>
      ask && {
        goOn: orNo(false, ask.goOn, tell),
        typedYes: orNo(false, ask.typedYes, tell),
        password: orNo<string | undefined>(undefined, ask.password, tell),
      },
  };
}

import type { Ask } from "../up/talk.ts";

/** Questions on the terminal; undefined when there is none to ask on. */
export function askOnTerminal(): Ask | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return {
    async goOn(question) {
      const { confirm } = await import("@clack/prompts");
      return (await confirm({ message: question, initialValue: false })) === true;
    },
    async typedYes(question) {
      const { text } = await import("@clack/prompts");
      return (await text({ message: question })) === "yes";
    },
    async password(question) {
      const { password } = await import("@clack/prompts");
      const answer = await password({ message: question });
      return typeof answer === "string" && answer !== "" ? answer : undefined;
    },
  };
}

import { editHosts, readBlock, withoutBlock } from "./hosts-file.ts";

/**
 * The text of /etc/hosts without tailmox: our block away, and the lines that lost names to it as they stood in
 * `before`, the file as it was saved. What others edited since stays. undefined when there is no block of ours.
 */
export function undoHosts(text: string, before: string): string | undefined {
  const entries = readBlock(text);
  if (!entries) return undefined;
  // Nobody else touched it since: then the saved file is the answer, byte for byte.
  if (editHosts(before, entries) === text) return before;
  let lines = linesOf(withoutBlock(text));
  for (const line of linesOf(before)) {
    const edited = withoutBlock(editHosts(line, entries));
    if (edited === line) continue;
    const at = lines.indexOf(edited);
    if (at >= 0) lines = lines.with(at, line);
    else if (edited === "") lines = [...lines, line];
  }
  return lines.join("");
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

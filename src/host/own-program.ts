/** How this very program is started again: its file, and the script where Bun runs it from source. */
export function ownProgram(): readonly [string, ...string[]] {
  const isCompiled = import.meta.path.startsWith("/$bunfs/");
  return [process.execPath, ...(isCompiled ? [] : process.argv.slice(1, 2))];
}

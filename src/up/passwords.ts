/** Root passwords of peers, as a password file gives them. */
export interface Passwords {
  /** The password for a peer, undefined when the file has none for it. `peers` are the names of all. */
  of(name: string, peers: readonly string[]): string | undefined;
}

/** One line: the password of every peer. Or lines NAME=PASSWORD, one for each. */
export function parsePasswords(text: string): Passwords {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  return {
    of: (name, peers) => {
      const own = lines.find((line) => startsWithName(line, name));
      if (own !== undefined) return own.slice(name.length + 1);
      const [only] = lines;
      // A password may hold a "=": a line belongs to a peer only when it begins with a peer's name.
      const isForAll = lines.length === 1 && !peers.some((peer) => startsWithName(only ?? "", peer));
      return isForAll ? only : undefined;
    },
  };
}

function startsWithName(line: string, name: string): boolean {
  return line.toLowerCase().startsWith(`${name.toLowerCase()}=`);
}

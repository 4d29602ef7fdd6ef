const UNITS = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;

/** `32G`, `512M` or a bare number of `unit`, in bytes; undefined when it is none. */
export function parseSize(text: string, unit: keyof typeof UNITS): number | undefined {
  const [, number, suffix] = /^(\d+(?:\.\d+)?)([KMGT])?$/.exec(text) ?? [];
  const named = suffix === "K" || suffix === "M" || suffix === "G" || suffix === "T" ? suffix : unit;
  return number === undefined ? undefined : Math.round(Number(number) * UNITS[named]);
}

/** Bytes in the largest unit that leaves a whole number: `32G`, `4M`, `4098K`. */
export function formatSize(bytes: number): string {
  for (const unit of ["T", "G", "M", "K"] as const) {
    if (bytes >= UNITS[unit] && bytes % UNITS[unit] === 0) return `${bytes / UNITS[unit]}${unit}`;
  }
  return `${bytes}`;
}

/** Bytes for people: `1.5 GiB`. */
export function renderBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes === 0 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** Compares two IPv4 addresses as numbers, so that 100.64.0.9 comes before 100.64.0.10. */
export function compareAddresses(a: string, b: string): number {
  return asNumber(a) - asNumber(b);
}

function asNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

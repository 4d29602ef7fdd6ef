import { isIP, isIPv4, isIPv6 } from "node:net";

/** What is wrong with a text by a named format of the schema, undefined when nothing is or the name is unknown. */
export function checkFormat(format: string, text: string): string | undefined {
  const check = FORMATS[format];
  return check && !check.valid(text) ? check.error : undefined;
}

/** Node names, and cluster names (proxmox.md 1). */
export const NODE_NAME = /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/;

const DNS_NAME = /^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$/;
const CIDR4 = /^(\S+)\/(\d|[12]\d|3[0-2])$/;

const FORMATS: Readonly<Record<string, { valid: (text: string) => boolean; error: string }>> = {
  "pve-node": {
    valid: (text) => NODE_NAME.test(text),
    error: "value does not look like a valid node name",
  },
  address: {
    valid: (text) => isIP(text) !== 0 || DNS_NAME.test(text),
    error: "value does not look like a valid address",
  },
  ip: { valid: (text) => isIP(text) !== 0, error: "value does not look like a valid IP address" },
  ipv4: { valid: isIPv4, error: "value does not look like a valid IPv4 address" },
  ipv6: { valid: isIPv6, error: "value does not look like a valid IPv6 address" },
  CIDR: {
    valid: (text) => (CIDR4.test(text) && isIPv4(text.replace(/\/.*/, ""))) || /^\S+:\S*\/\d+$/.test(text),
    error: "value does not look like a valid CIDR network",
  },
  "pve-vmid": {
    valid: (text) => /^[1-9]\d{2,8}$/.test(text),
    error: "value does not look like a valid VM ID",
  },
  "dns-name": { valid: (text) => DNS_NAME.test(text), error: "value does not look like a valid DNS name" },
  "pve-configid": {
    valid: (text) => /^[a-z][a-z0-9_-]+$/i.test(text),
    error: "invalid configuration ID",
  },
  "pve-realm": {
    valid: (text) => /^[A-Za-z][A-Za-z0-9.\-_]+$/.test(text),
    error: "value does not look like a valid realm",
  },
  "pem-string": {
    valid: (text) => /-----BEGIN [A-Z ]+-----[\s\S]+-----END [A-Z ]+-----/.test(text),
    error: "value does not look like a valid PEM string",
  },
  "pem-certificate-chain": {
    valid: (text) => /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text),
    error: "value does not look like a valid PEM certificate chain",
  },
};

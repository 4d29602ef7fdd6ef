import type { Outlook } from "../cluster/forecast.ts";
import type { Verdict } from "../cluster/forecast-verdict.ts";

/** Settings judged beside the asked ones, so that the reader sees what they are worth. */
export interface Compared {
  name: string;
  outlook: Outlook;
}

/** The verdict in one sentence; it says so where the honest answer is not to cluster at all. */
export function sentence(verdict: Verdict, hosts: number, compared: Compared, settings: string): string {
  const many = `${NUMBERS[hosts] ?? hosts} hosts`;
  const [first] = verdict.reasons;
  if (verdict.colour === "green" || first === undefined) return `${many} will hold together.`;
  if (verdict.colour === "amber") return `${many} will hold together, but ${first.text}.`;
  if (settings !== "tuned" && compared.outlook.verdict.colour !== "red") {
    return `Not with these settings: ${first.text}. Tuned they would be ${compared.outlook.verdict.colour.toUpperCase()}.`;
  }
  return `Do not cluster these: ${first.text}. Use two clusters and Proxmox Datacenter Manager.`;
}

const NUMBERS: Readonly<Record<number, string>> = {
  2: "Two",
  3: "Three",
  4: "Four",
  5: "Five",
  6: "Six",
  7: "Seven",
  8: "Eight",
  9: "Nine",
};

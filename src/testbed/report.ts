import { redact } from "../host/redact.ts";

/** What a trial run was made of and what came of it: the `result` of `tailmox testbed try --json`. */
export interface TrialReport {
  readonly tailmox: string;
  /** ISO 8601. */
  readonly began: string;
  readonly seconds: number;
  readonly succeeded: boolean;
  readonly host: { readonly pve: string; readonly kernel: string; readonly storages: readonly string[] };
  readonly nodes: readonly TrialNode[];
  readonly phases: readonly TrialPhase[];
}

export interface TrialNode {
  readonly name: string;
  readonly pve: string;
  readonly kernel: string;
  readonly tailscale: string;
  /** What `up` said of it: created, joined; undefined when it did not come that far. */
  readonly outcome: string | undefined;
}

export interface TrialPhase {
  readonly name: string;
  readonly seconds: number;
  readonly ok: boolean;
  /** The result, or what went wrong with its code. */
  readonly words: string;
}

/** The report as Markdown, to be pasted into a bug report: no secrets, no addresses, no names of the tailnet. */
export function reportMarkdown(report: TrialReport): string {
  const { tailmox, host, nodes, phases, seconds, began } = report;
  const failed = phases.find(({ ok }) => !ok);
  const verdict = report.succeeded
    ? `${nodes.length} hosts became one cluster in ${seconds.toFixed(0)} s`
    : `failed in "${failed?.name ?? "?"}"`;
  return redact(
    [
      `### tailmox testbed try: ${verdict}`,
      "",
      `tailmox ${tailmox} on Proxmox VE ${host.pve} (kernel ${host.kernel}), storage ${host.storages.join(", ")}; ${began}`,
      "",
      ...table(
        ["node", "Proxmox VE", "kernel", "Tailscale", "up"],
        nodes.map(({ name, pve, kernel, tailscale, outcome }) => [
          name,
          pve,
          kernel,
          tailscale,
          outcome ?? "-",
        ]),
      ),
      "",
      ...table(
        ["phase", "s", "", "result"],
        phases.map(({ name, seconds: took, ok, words }) => [name, took.toFixed(1), ok ? "ok" : "!!", words]),
      ),
    ].join("\n"),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)];
}

/** A login server's URL, a name or an address of the tailnet is nobody's business but its owner's. */
function cell(text: string): string {
  return text
    .replaceAll("|", "\\|")
    .replaceAll("\n", "<br>")
    .replaceAll(/\bhttps?:\/\/[^\s<),;]+/g, "[URL]")
    .replaceAll(/\b[\w-]+\.[\w-]+\.ts\.net\b/g, "[tailnet name]")
    .replaceAll(/\b100\.\d+\.\d+\.\d+\b/g, "100.x.y.z");
}

import { type Features, needWords } from "../policy/needs.ts";
import { missingWords, type NeedReport, type PolicyReport } from "../policy/report.ts";
import { wrap } from "./wrap.ts";

/** The report for people: verdict first, then need by need with its line, then what is too much. */
export function policyReportLines(report: PolicyReport, features: Features, name: string): string[] {
  const { needs, excess, problems } = report;
  const { tag, admins, service, qdevice } = features;
  const sides: readonly (readonly [string, NeedReport["need"]["from"], NeedReport["need"]["to"]])[] = [
    [`Between hosts (${tag} -> ${tag}, both directions)`, "members", "members"],
    [`From administrators (${admins.join(", ")} -> ${tag})`, "admins", "members"],
    [`To the Service (${admins.join(", ")} -> ${service ?? ""})`, "admins", "service"],
    [`To the external vote (${tag} -> ${qdevice ?? ""})`, "members", "qdevice"],
  ];
  return [
    ...wrap(`${name}: ${verdictWords(report)}`, "", "  "),
    ...sides.flatMap(([title, from, to]) => {
      const of = needs.filter(({ need }) => need.from === from && need.to === to);
      return of.length === 0 ? [] : ["", `  ${title}`, ...of.flatMap(needLines)];
    }),
    ...section(
      "Refused by the control server",
      problems.filter(({ severity }) => severity === "refused"),
    ),
    ...section(
      "Not known to tailmox",
      problems.filter(({ severity }) => severity === "note"),
    ),
    ...listed(
      "Lets in more than a cluster needs",
      excess.filter(({ level }) => level !== "spare"),
    ),
    ...listed(
      "Hosts have more of each other than they need",
      excess.filter(({ level }) => level === "spare"),
    ),
    ...(report.serviceApproved === false
      ? [
          "",
          ...wrap(
            `No line lets hosts offer ${service} by themselves (autoApprovers.services): each waits for an administrator.`,
            "  ",
            "  ",
          ),
        ]
      : []),
    "",
    ...nextLines(report.verdict),
  ];
}

/** What is too much stays as it is: tailmox takes no rule away. */
function nextLines(verdict: PolicyReport["verdict"]): string[] {
  if (verdict === "works") return ["Nothing to mend."];
  if (verdict === "too open") return ["Next: narrow these lines by hand, if others should not get in."];
  return ["Next: tailmox policy apply     or     tailmox policy print"];
}

function verdictWords({ verdict, needs, problems }: PolicyReport): string {
  const missing = needs.filter(({ answer }) => answer !== "yes").length;
  const refused = problems.filter(({ severity }) => severity === "refused").length;
  switch (verdict) {
    case "works":
      return "a cluster works with this policy, and nobody else gets in.";
    case "too open":
      return "a cluster works with this policy, and others get in as well.";
    case "incomplete":
      return `a cluster works with this policy, but ${missing} of ${needs.length} needs are missing.`;
    case "unsure":
      return `whether a cluster works turns on what the policy does not tell (${missing} of ${needs.length} needs).`;
    case "broken":
      return refused > 0
        ? `the control server would not take this policy (${refused} faults).`
        : `a cluster cannot work: ${missing} of ${needs.length} needs are missing.`;
  }
}

function needLines(report: NeedReport): string[] {
  const { need, answer, lines, why } = report;
  const head = `      ${needWords(need).padEnd(16)}${{ yes: "ok", maybe: "??", no: "!!" }[answer]}  `;
  const indent = " ".repeat(head.length);
  if (answer === "yes")
    return wrap(lines.length === 0 ? "there are no rules at all" : lineWords(lines), head, indent);
  const ports = missingWords(report);
  return wrap(`${ports === "" ? "" : `missing ${ports}: `}${why}`, head, indent);
}

function lineWords(lines: readonly number[]): string {
  const shown = lines.slice(0, 8).join(", ");
  return `line ${shown}${lines.length > 8 ? `, and ${lines.length - 8} more` : ""}`;
}

function section(title: string, problems: PolicyReport["problems"]): string[] {
  if (problems.length === 0) return [];
  const lines = problems
    .slice(0, 20)
    .flatMap(({ line, words }) => wrap(words, `      line ${line}  `, "        "));
  return ["", `  ${title}`, ...lines, ...more(problems.length)];
}

function listed(title: string, excess: PolicyReport["excess"]): string[] {
  if (excess.length === 0) return [];
  const lines = excess
    .slice(0, 20)
    .flatMap(({ line, who, to, what, level }) =>
      wrap(
        `"${who}" -> "${to}": ${what}${level === "web" ? " (the web page asks for a password)" : ""}`,
        `      line ${line}  `,
        "        ",
      ),
    );
  return ["", `  ${title}`, ...lines, ...more(excess.length)];
}

function more(count: number): string[] {
  return count > 20 ? [`      and ${count - 20} more`] : [];
}

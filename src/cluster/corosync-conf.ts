/** One node of the nodelist, as corosync.conf has it. */
export interface ConfNode {
  readonly name: string;
  readonly id: number;
  readonly votes: number;
  /** ringN_addr by link number. */
  readonly links: ReadonlyMap<number, string>;
}

export interface CorosyncConf {
  readonly clusterName: string;
  readonly configVersion: number;
  readonly nodes: readonly ConfNode[];
  readonly qdevice: boolean;
}

/** Reads the text of a corosync.conf; undefined when it has no totem section with a cluster name. */
export function parseCorosyncConf(text: string): CorosyncConf | undefined {
  const root = parseSections(text);
  const totem = root?.sections.find(({ name }) => name === "totem");
  const clusterName = totem?.keys.get("cluster_name");
  if (!root || !totem || clusterName === undefined) return undefined;
  const nodelist = root.sections.find(({ name }) => name === "nodelist");
  const quorum = root.sections.find(({ name }) => name === "quorum");
  return {
    clusterName,
    configVersion: Number(totem.keys.get("config_version") ?? 0),
    nodes: (nodelist?.sections ?? []).filter(({ name }) => name === "node").map(confNode),
    qdevice: (quorum?.sections ?? []).some(({ name }) => name === "device"),
  };
}

export interface Section {
  readonly name: string;
  readonly keys: Map<string, string>;
  readonly sections: Section[];
}

/** The sections of the file, nested; undefined where the braces do not match. */
export function parseSections(text: string): Section | undefined {
  const root: Section = { name: "", keys: new Map(), sections: [] };
  const open = [root];
  for (const raw of text.split("\n")) {
    const line = raw.replace(/#.*/, "").trim();
    const here = open.at(-1);
    if (!here) return undefined;
    const begin = /^(\w+)\s*\{$/.exec(line);
    const pair = /^([\w.]+)\s*:\s*(.*)$/.exec(line);
    if (begin) {
      const section: Section = { name: begin[1] ?? "", keys: new Map(), sections: [] };
      here.sections.push(section);
      open.push(section);
    } else if (line === "}") {
      open.pop();
    } else if (pair) {
      here.keys.set(pair[1] ?? "", pair[2] ?? "");
    }
  }
  return open.length === 1 ? root : undefined;
}

function confNode({ keys }: Section): ConfNode {
  const links = [...keys].flatMap(([key, value]): [number, string][] => {
    const number = /^ring([0-7])_addr$/.exec(key)?.[1];
    return number === undefined ? [] : [[Number(number), value]];
  });
  return {
    name: keys.get("name") ?? links[0]?.[1] ?? "",
    id: Number(keys.get("nodeid") ?? 0),
    votes: Number(keys.get("quorum_votes") ?? 1),
    links: new Map(links),
  };
}

import { type Node, propertiesOf, stringsOf } from "./text.ts";

/** The `ipsets` of a policy: name and entries, "add 10.0.0.0/8", "remove host:x", "192.0.2.1". */
export function parseAddressSets(node: Node | undefined): ReadonlyMap<string, readonly string[]> {
  return new Map(
    propertiesOf(node).map(({ name, value }) => [name, stringsOf(value).map((each) => each.value)]),
  );
}

import { NAMESPACE_DIR } from "./namespaces.ts";

/** The argument list that runs a program in a network namespace, given by its name. */
export function inNamespace(
  namespace: string,
  argv: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  return ["nsenter", `--net=${NAMESPACE_DIR}/${namespace}`, "--", ...argv];
}

import { hostLines } from "../../../lab/machines/lines.ts";
import type { HostPlan, LabPlan } from "../../../lab/plan.ts";

/** What the programs on the hosts say, one line each. Times are seconds since the epoch; all hosts share one clock. */
export type Said =
  | {
      readonly kind: "write";
      readonly host: string;
      readonly number: number;
      readonly from: number;
      readonly to: number;
      readonly error: string;
    }
  | {
      readonly kind: "sight";
      readonly host: string;
      readonly writer: string;
      readonly number: number;
      readonly at: number;
    };

/** Folder of all that is written. */
export const FIRE = "/etc/pve/fire";

/**
 * Runs a writer and a reader on a host until `stop`, its power cut, or `timeoutMs`. The writer makes numbered
 * files that are never changed again, and overwrites one all the time; the reader tells each file of another
 * host the first time that its content is right.
 */
export async function runPrograms(
  plan: LabPlan,
  host: HostPlan,
  after: number,
  say: (said: Said) => void,
  timeoutMs: number,
): Promise<void> {
  const others = plan.hosts.filter(({ name }) => name !== host.name).map(({ name }) => name);
  const line = (text: string) => {
    const said = parse(host.name, text);
    if (said) say(said);
  };
  await Promise.all([
    hostLines(plan, host, ["bash", "-c", WRITER, "writer", host.name, `${after}`], line, { timeoutMs }),
    hostLines(plan, host, ["bash", "-c", READER, "reader", ...others], line, { timeoutMs }),
  ]);
}

/** The command that makes both programs end after what they do now. */
export const STOP = "touch /run/fire-stop";

// Every fifth file is renamed into its place, as Proxmox's tools do it.
const WRITER = `me=$1 n=$2 dir=${FIRE}
until mkdir -p $dir/$me 2>/dev/null || [ -e /run/fire-stop ]; do sleep 0.3; done
until [ -e /run/fire-stop ]; do
  n=$((n + 1)) from=$EPOCHREALTIME
  if [ $((n % 5)) = 0 ]; then
    error=$({ echo "$me $n" >$dir/$me/$n.tmp && mv -T $dir/$me/$n.tmp $dir/$me/$n; } 2>&1)
  else
    error=$({ echo "$me $n" >$dir/$me/$n; } 2>&1)
  fi
  code=$?
  echo "write $n $from $EPOCHREALTIME $code \${error##*: }"
  [ $code = 0 ] || { sleep 0.3; continue; }
  { echo $n >$dir/$me/last; } 2>/dev/null
done`;

const READER = `declare -A seen
until [ -e /run/fire-stop ]; do
  for writer in "$@"; do
    for file in ${FIRE}/$writer/[0-9]*; do
      number=\${file##*/}
      case $number in *.tmp | '[0-9]*') continue ;; esac
      [ -z "\${seen[$writer $number]}" ] || continue
      text=
      { read -r text <$file; } 2>/dev/null
      [ "$text" = "$writer $number" ] || continue
      seen[$writer $number]=1
      echo "sight $writer $number $EPOCHREALTIME"
    done
  done
  sleep 0.4
done`;

function parse(host: string, text: string): Said | undefined {
  const [kind, first, second, third, code, ...words] = text.split(" ");
  if (kind === "write") {
    const error = code === "0" ? "" : words.join(" ") || `exit ${code}`;
    return { kind, host, number: Number(first), from: Number(second), to: Number(third), error };
  }
  if (kind === "sight") {
    return { kind, host, writer: first ?? "", number: Number(second), at: Number(third) };
  }
  return undefined;
}

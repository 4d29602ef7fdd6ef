import { hostname } from "node:os";
import { UserError } from "../../errors.ts";
import { runGuard } from "../../guard/guard.ts";
import { openGate } from "../../host/gate.ts";
import { openHost } from "../../host/host.ts";
import { noJournal, openJournal } from "../../host/journal.ts";
import { localTransport } from "../../host/local.ts";
import { assertRoot } from "../assert-root.ts";
import { reportError } from "../report-error.ts";

/** `tailmox guard restore`, for the guard's service alone: one line into its journal. Gives the exit status. */
export async function runGuardCommand(argv: readonly string[]): Promise<number> {
  try {
    if (argv.join(" ") !== "restore") throw unknown(argv);
    assertRoot();
    const journal = openLog();
    const report = await runGuard(openHost(localTransport(hostname()), openGate(journal), journal));
    if (!report) console.log("no guard is armed");
    else console.log(`${report.node} ${report.outcome}: ${report.files} files of /etc/pve as before`);
    return 0;
  } catch (error) {
    return reportError(error, false);
  }
}

/** A full disk must not keep the host from being put back. */
function openLog() {
  try {
    return openJournal("/var/log/tailmox.log");
  } catch {
    return noJournal;
  }
}

function unknown(argv: readonly string[]): UserError {
  return new UserError("E_USAGE", `"guard ${argv.join(" ")}" is not a command`, {
    likely: "systemd starts this one by itself; it is not meant to be typed",
    mend: "to put a host back that hangs in a join: systemctl start tailmox-guard",
  });
}

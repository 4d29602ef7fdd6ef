import { basename } from "node:path";
import { errorText } from "./cli/program.ts";
import { pvecmMain } from "./cli/pvecm.ts";
import { pvenodeMain } from "./cli/pvenode.ts";
import { pveshMain } from "./cli/pvesh.ts";
import { pvesmMain } from "./cli/pvesm.ts";
import { pveversionMain } from "./cli/pveversion.ts";
import { qmMain } from "./cli/qm.ts";
import { complain } from "./cli/say.ts";
import { PveError } from "./errors.ts";
import { installerMain } from "./services/installer.ts";
import { pveGuestsMain } from "./services/pve-guests.ts";
import { pvedaemonMain } from "./services/pvedaemon.ts";
import { pveproxyMain } from "./services/pveproxy.ts";
import { pvestatdMain } from "./services/pvestatd.ts";
import { WORKER_NAME } from "./tasks/start-worker.ts";
import { workerMain } from "./tasks/worker.ts";

type Main = (argv: readonly string[]) => Promise<number>;

/** One executable plays all of Proxmox's programs: the name it is called by chooses. */
const PROGRAMS: Readonly<Record<string, Main>> = {
  pvecm: pvecmMain,
  pvesh: pveshMain,
  pvenode: pvenodeMain,
  pveversion: pveversionMain,
  qm: qmMain,
  pvesm: pvesmMain,
  pvedaemon: pvedaemonMain,
  pveproxy: pveproxyMain,
  pvestatd: pvestatdMain,
  "lab-pve-installer": installerMain,
  "lab-pve-guests": pveGuestsMain,
  [WORKER_NAME]: workerMain,
};

const name = basename(process.argv0);
const program = PROGRAMS[name];
if (!program) {
  complain(`${name}: called by a name that is none of ${Object.keys(PROGRAMS).join(", ")}`);
  process.exit(255);
}
try {
  process.exit(await program(process.argv.slice(2)));
} catch (error) {
  complain(errorText(error));
  process.exit(error instanceof PveError ? error.exitCode : 255);
}

import { VERSION } from "./version.ts";

// The answer that must be quick, and needs none of the rest.
if (process.argv.length === 3 && process.argv[2] === "--version") {
  console.log(`tailmox ${VERSION}`);
} else if (process.env.TAILMOX_ASKPASS_SOCKET !== undefined) {
  // ssh started this to ask for a password (src/host/askpass.ts).
  const { hear } = await import("../host/askpass.ts");
  console.log(await hear(process.env.TAILMOX_ASKPASS_SOCKET));
  process.exit();
} else if (process.argv[2] === "guard") {
  // systemd starts this one (src/guard/units.ts); it is in no help.
  const { runGuardCommand } = await import("./commands/guard.ts");
  process.exitCode = await runGuardCommand(process.argv.slice(3));
  process.exit();
} else {
  const { runProgram } = await import("./program.ts");
  process.exitCode = await runProgram(process.argv.slice(2));
  // Sockets that a deadline left behind must not keep the process.
  process.exit();
}

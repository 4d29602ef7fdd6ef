import { VERSION } from "./version.ts";

// The answer that must be quick, and needs none of the rest.
if (process.argv.length === 3 && process.argv[2] === "--version") {
  console.log(`tailmox ${VERSION}`);
} else {
  const { runProgram } = await import("./program.ts");
  process.exitCode = await runProgram(process.argv.slice(2));
  // Sockets that a deadline left behind must not keep the process.
  process.exit();
}

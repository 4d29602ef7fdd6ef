// The door of every npm script: plain Node, because on a fresh machine nothing else is there yet.
// Installs the npm packages where they are missing or stale, then runs the named program with Bun.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const project = dirname(fileURLToPath(import.meta.url));
const stamp = join(project, "node_modules", ".tailmox-lock");
const lock = readFileSync(join(project, "package-lock.json"), "utf8");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.error("Set-up: installing npm packages from package-lock.json (usually 10-20 s)");
  mkdirSync(join(project, ".cache"), { recursive: true });
  must("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}

const [program, ...args] = process.argv.slice(2);
process.exit(must(join(project, "node_modules", ".bin", "bun"), [join(project, program), ...args], false));

/** Runs a command on this terminal; with `fatal`, ends here when it fails. */
function must(file, argv, fatal = true) {
  const { status, signal, error } = spawnSync(file, argv, {
    cwd: fatal ? project : process.cwd(),
    stdio: "inherit",
  });
  if (error) console.error(`${file}: ${error.message}`);
  const code = status ?? (signal ? 128 : 1);
  if (fatal && code !== 0) process.exit(code);
  return code;
}

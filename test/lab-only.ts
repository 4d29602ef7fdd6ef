import { describe } from "bun:test";

/** As `describe`, but skipped, and counted as such, where no lab can run (the runner says why). */
export const describeLab: typeof describe = process.env.TAILMOX_NO_LAB ? describe.skip : describe;

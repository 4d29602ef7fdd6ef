import { beforeAll } from "bun:test";
import { type Trio, trioForTests } from "../hosts.ts";
import { type ApiAnswer, api, apiUrl, logIn, type Session } from "./client.ts";

/** What the chapters of one cluster's API share. */
export interface ApiStory extends Trio {
  /** root's on pve1, from before there was a cluster. */
  session(): Session;
  /** Calls pve1 with it. */
  get(path: string): Promise<ApiAnswer>;
}

/** Boots the lab before the tests, and takes it away after. */
export function apiStory(): ApiStory {
  const trio = trioForTests("standin-api");
  const { pve1 } = trio;
  let session: Session;
  beforeAll(async () => {
    session = await logIn(pve1);
  });
  return { ...trio, session: () => session, get: (path) => api(pve1, apiUrl(path), { session }) };
}

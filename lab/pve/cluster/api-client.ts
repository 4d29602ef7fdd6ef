import { checkServerIdentity } from "node:tls";
import { z } from "zod";
import { PveError } from "../errors.ts";
import { ConnectionFailure, type HttpResponse, httpCall, type Peer } from "../http/client.ts";

/** Asks the person whether an unknown certificate is right; true for yes. */
export type ConfirmFingerprint = (host: string, fingerprint: string) => Promise<boolean>;

/** A member's API as a joiner uses it (PVE::APIClient::LWP; proxmox.md 4.1 and 4.4). */
export class ApiClient {
  private readonly host: string;
  private readonly fingerprint: string | undefined;
  private readonly confirm: ConfirmFingerprint;
  private accepted: string | undefined;
  private session: { ticket: string; csrf: string } | undefined;

  constructor(host: string, fingerprint: string | undefined, confirm: ConfirmFingerprint) {
    this.host = host;
    this.fingerprint = fingerprint?.toUpperCase();
    this.confirm = confirm;
  }

  /** Logs in as root@pam; `401 authentication failure` for a wrong password. */
  async login(password: string): Promise<void> {
    const body = new URLSearchParams({ username: "root@pam", password });
    const { data } = ticket.parse(await this.call("POST", "/access/ticket", body));
    if (data.NeedTFA) throw new PveError("TFA-enabled login currently works only with a TTY.");
    this.session = { ticket: data.ticket, csrf: data.CSRFPreventionToken };
  }

  async get(path: string): Promise<unknown> {
    return dataOf.parse(await this.call("GET", path)).data;
  }

  async post(path: string, params: Readonly<Record<string, string>>): Promise<unknown> {
    return dataOf.parse(await this.call("POST", path, new URLSearchParams(params))).data;
  }

  private async call(method: string, path: string, body?: URLSearchParams): Promise<unknown> {
    const response = await this.send(method, path, body);
    const text = response.body.toString();
    if (response.status === 200) return JSON.parse(text);
    const failure = errorBody.safeParse(parseJson(text)).data;
    throw new ApiFailure(response.status, response.reason, failure?.message, failure?.errors);
  }

  private async send(method: string, path: string, body?: URLSearchParams): Promise<HttpResponse> {
    try {
      return await httpCall({
        tls: true,
        host: this.host,
        port: 8006,
        method,
        path: `/api2/json${path}`,
        verify: (peer) => this.verify(peer),
        connectTimeoutMs: 60_000,
        timeoutMs: 60_000,
        headers: {
          ...(body && { "content-type": "application/x-www-form-urlencoded" }),
          ...(this.session && {
            cookie: `PVEAuthCookie=${encodeURIComponent(this.session.ticket)}`,
            CSRFPreventionToken: this.session.csrf,
          }),
        },
        ...(body && { body: body.toString() }),
      });
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      throw new ApiFailure(500, `Can't connect to ${this.host}:8006 (${error.message})`);
    }
  }

  /** With a fingerprint only that counts; else the person's yes, and then still the name in the certificate. */
  private async verify(peer: Peer): Promise<void> {
    if (this.fingerprint) {
      if (peer.fingerprint === this.fingerprint) return;
      throw new PveError(`fingerprint '${peer.fingerprint}' not verified, abort!`);
    }
    if (!peer.trusted && this.accepted !== peer.fingerprint) {
      if (!(await this.confirm(this.host, peer.fingerprint)))
        throw new PveError("Fingerprint not verified, abort!");
      this.accepted = peer.fingerprint;
    }
    if (checkServerIdentity(this.host, peer.certificate)) {
      throw new ApiFailure(500, `Can't connect to ${this.host}:8006 (hostname verification failed)`);
    }
  }
}

/** An answer that is no success: `401 authentication failure`. */
export class ApiFailure extends PveError {
  constructor(
    status: number,
    /** The reason phrase. */
    readonly reason: string,
    /** The body's fuller text. */
    readonly detail?: string,
    errors?: Readonly<Record<string, string>>,
  ) {
    super(`${status} ${reason}`, { status, ...(errors && { errors }) });
  }
}

const ticket = z.object({
  data: z.object({
    ticket: z.string(),
    CSRFPreventionToken: z.string().default(""),
    NeedTFA: z.number().optional(),
  }),
});
const dataOf = z.object({ data: z.unknown() });
const errorBody = z.object({
  message: z.string().optional(),
  errors: z.record(z.string(), z.string()).optional(),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import type { ScenarioInput } from "../scenario.ts";
import demo from "./demo.ts";

export default {
  ...demo,
  name: "hosted",
  summary: "the demo's hosts on Tailscale's own test control server: HTTPS certificates, serve, login links",
  tailnet: "hosted",
} satisfies ScenarioInput;

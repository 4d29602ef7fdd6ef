import { describeLab } from "../lab-only.ts";
import { certificates } from "./api/certificates.ts";
import { clusterByApi } from "./api/create.ts";
import { joinByApi } from "./api/join.ts";
import { logins } from "./api/login.ts";
import { readers } from "./api/readers.ts";
import { standaloneHost } from "./api/standalone.ts";
import { apiStory } from "./api/story.ts";

/** proxmox.md 15.7, over the wire, on a cluster that is made and joined by the API alone. */
describeLab("the REST API of a stand-in host", () => {
  const story = apiStory();
  logins(story);
  standaloneHost(story);
  clusterByApi(story);
  joinByApi(story);
  certificates(story);
  readers(story);
});

import { describeLab } from "../lab-only.ts";
import { certificate } from "./web/certificate.ts";
import { installations } from "./web/install.ts";
import { logins } from "./web/login.ts";
import { servedPage } from "./web/serve.ts";
import { settings } from "./web/settings.ts";
import { webStory } from "./web/story.ts";
import { undoAll } from "./web/undo.ts";

/** One lab for all of it: each chapter goes on where the one before ended. */
describeLab("the way from a bare tailnet to a web page", () => {
  const story = webStory();
  logins(story);
  settings(story);
  servedPage(story);
  certificate(story);
  undoAll(story);
  installations(story);
});

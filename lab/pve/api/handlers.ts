import type { Handlers } from "./call.ts";
import { accessHandlers } from "./handlers/access.ts";
import { certificateHandlers } from "./handlers/certificates.ts";
import { clusterHandlers } from "./handlers/cluster.ts";
import { clusterConfigHandlers } from "./handlers/cluster-config.ts";
import { guestAgentHandlers } from "./handlers/guest-agent.ts";
import { guestHandlers } from "./handlers/guests.ts";
import { haHandlers } from "./handlers/ha.ts";
import { hostFileHandlers } from "./handlers/host-files.ts";
import { nodeHandlers } from "./handlers/nodes.ts";
import { qemuHandlers } from "./handlers/qemu.ts";
import { resourceHandlers } from "./handlers/resources.ts";
import { serviceHandlers } from "./handlers/services.ts";
import { storageHandlers } from "./handlers/storage.ts";
import { taskHandlers } from "./handlers/tasks.ts";

/** Every call that the stand-in answers; the other published paths answer 501. */
export const HANDLERS: Handlers = {
  ...accessHandlers,
  ...clusterHandlers,
  ...clusterConfigHandlers,
  ...haHandlers,
  ...resourceHandlers,
  ...nodeHandlers,
  ...hostFileHandlers,
  ...certificateHandlers,
  ...serviceHandlers,
  ...taskHandlers,
  ...guestHandlers,
  ...qemuHandlers,
  ...guestAgentHandlers,
  ...storageHandlers,
};

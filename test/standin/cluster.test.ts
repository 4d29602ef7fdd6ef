import { describeLab } from "../lab-only.ts";
import { clusterOfOne } from "./cluster/create.ts";
import { halfJoins } from "./cluster/half-joins.ts";
import { joinByPassword, joinBySsh } from "./cluster/join.ts";
import { twoMembers } from "./cluster/members.ts";
import { lostQuorum } from "./cluster/quorum.ts";
import { refusedJoins } from "./cluster/refused-joins.ts";
import { standaloneHosts } from "./cluster/standalone.ts";
import { clusterStory } from "./cluster/story.ts";

/** proxmox.md 15, line by line, on the life of one cluster: each chapter goes on where the one before ended. */
describeLab("a cluster of stand-in hosts", () => {
  const story = clusterStory();
  standaloneHosts(story);
  clusterOfOne(story);
  refusedJoins(story);
  lostQuorum(story);
  joinByPassword(story);
  twoMembers(story);
  halfJoins(story);
  joinBySsh(story);
});

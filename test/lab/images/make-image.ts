// Makes a small image as a program of its own, to be killed half way: make-image.ts DIR.
import { ensureImage } from "../../../lab/images/image.ts";
import { smallImage } from "./small-image.ts";

await ensureImage("pve8", console.log, smallImage(process.argv[2] ?? ""));

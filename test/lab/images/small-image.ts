import type { ImageParts } from "../../../lab/images/image.ts";
import { baseRecipe, type ImageFile } from "../../../lab/images/recipe.ts";

/** An image in `dir` of Debian's smallest root: made in a third of the time of a host's. */
export function smallImage(dir: string, layer: readonly ImageFile[] = []): ImageParts {
  const recipe = { ...baseRecipe("pve8"), packages: ["ca-certificates"], replace: [], remove: [] };
  return { dir, layer, recipe };
}

import { describe, expect, test } from "bun:test";
import { baseRecipe, recipeDigest } from "../../../../lab/images/recipe.ts";

describe("an image's recipe", () => {
  const recipe = baseRecipe("pve9");

  test("has the same digest as long as nothing in it changes", () => {
    expect(recipeDigest(baseRecipe("pve9"))).toBe(recipeDigest(recipe));
    expect(recipeDigest(recipe)).toMatch(/^[0-9a-f]{12}$/);
  });

  test("has another digest when a package, a file, an argument or the release changes", () => {
    const changed = [
      { ...recipe, packages: [...recipe.packages, "vim"] },
      { ...recipe, files: [...recipe.files, { path: "/etc/motd", content: "hello" }] },
      { ...recipe, arguments: [] },
      { ...recipe, remove: [] },
      baseRecipe("pve8"),
    ];
    expect(new Set([recipe, ...changed].map((each) => recipeDigest(each))).size).toBe(changed.length + 1);
  });

  test("has another digest when the content of a copied file changes, and not when only its place does", () => {
    const copied = (from: string) => ({ files: [{ path: "/usr/bin/x", from }] });
    const digests = new Map([
      ["/a/x", "one"],
      ["/b/x", "one"],
      ["/c/x", "two"],
    ]);
    const of = (from: string) => recipeDigest(copied(from), (file) => digests.get(file) ?? "");
    expect(of("/a/x")).toBe(of("/b/x"));
    expect(of("/a/x")).not.toBe(of("/c/x"));
  });

  test("names what a stock host has, and nothing that tailmox must bring itself", () => {
    expect(recipe.packages).toEqual(
      expect.arrayContaining(["systemd", "corosync", "openssh-server", "iptables"]),
    );
    for (const absent of ["nodejs", "golang", "tailscale"]) expect(recipe.packages).not.toContain(absent);
  });
});

import { expect, test } from "bun:test";
import { parsePasswords } from "../../../../src/up/passwords.ts";

const peers = ["pve1", "pve2"];

test("one line is the password of every peer, also with a = in it", () => {
  expect(parsePasswords("se=cret\n").of("pve2", peers)).toBe("se=cret");
});

test("lines with names are for those peers alone, whatever the case of the name", () => {
  const passwords = parsePasswords("PVE1=one=1\npve7=seven\n");
  expect(passwords.of("pve1", peers)).toBe("one=1");
  expect(passwords.of("pve2", peers)).toBeUndefined();
});

test("a single line with a peer's name is for that peer alone", () => {
  expect(parsePasswords("pve1=one").of("pve1", peers)).toBe("one");
  expect(parsePasswords("pve1=one").of("pve2", peers)).toBeUndefined();
});

test("blanks belong to a password, and no file means no password", () => {
  expect(parsePasswords(" a b \n").of("pve1", peers)).toBe(" a b ");
  expect(parsePasswords("").of("pve1", peers)).toBeUndefined();
});

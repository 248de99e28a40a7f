/** @file What is done to captions and names: every place is found, nothing is read as a pattern or as markup. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { captionFromName, plainText } from "../plain-text.ts";
import { countMatches, replaceMatches } from "./replace.ts";

test("find and replace is plain text, with or without regard to case", () => {
  const loose = { find: "a.c", matchCase: false };
  expect(countMatches("A.C abc a.c", loose)).toBe(2);
  expect(countMatches("A.C abc a.c", { ...loose, matchCase: true })).toBe(1);
  expect(replaceMatches("A.C abc", loose, "$& $1 \\")).toBe("$& $1 \\ abc");
  expect(replaceMatches("Straße", { find: "STRASSE", matchCase: false }, "x")).toBe("Straße");
  expect([
    countMatches("abc", { find: "", matchCase: false }),
    replaceMatches("abc", { find: "", matchCase: true }, "x"),
  ]).toEqual([0, "abc"]);
});

test("whatever is looked for, it is gone after it was replaced by nothing, once for each match", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme", minLength: 1 }), (text, find) => {
      const finding = { find, matchCase: true };
      const left = replaceMatches(text, finding, "");
      return text.length - left.length === countMatches(text, finding) * find.length;
    }),
  );
});

test("what would turn or hide text is spelled out, and what is long is cut", () => {
  expect(plainText("evil\u202Egnp.exe\0")).toBe("evil[U+202E]gnp.exe[U+0000]");
  expect(plainText("<img src=x onerror=alert(1)>\n")).toBe("<img src=x onerror=alert(1)> ");
  expect(plainText("x".repeat(10_000))).toHaveLength(201);
});

test("a file's name as a caption", () => {
  const names = ["set/a_red-circle_001.png", "IMG_0412.JPG", "0412.png", "12 monkeys 3.webp", "x.tar.png"];
  expect(names.map(captionFromName)).toEqual(["a red circle", "IMG 0412", "0412", "monkeys", "x tar"]);
});

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createTokenizer } from "./tokenizer.ts";

const start = 49406;
const end = 49407;

/** CLIP's own files are not in the repository; where the shared data lie beside it, they are used. */
const shared = new URL("../../../shared/data/clip/", import.meta.url);
const present = existsSync(new URL("vocab.json", shared));
const read = (name: string) => readFileSync(new URL(name, shared), "utf8");

describe.skipIf(!present)("CLIP's vocabulary (skipped where ../shared/data/clip is absent)", () => {
  const tokenizer = present ? createTokenizer(read("vocab.json"), read("merges.txt")) : null;
  const encode = (text: string) => tokenizer?.encode(text) ?? { ids: [], count: -1, kept: "", cut: "" };

  test("gives transformers' ids for every golden prompt", () => {
    const golden = JSON.parse(read("tokens.json")) as { prompt: string; ids: number[] }[];
    expect(golden.length).toBeGreaterThan(400);
    for (const { prompt, ids } of golden) {
      const expected = [start, ...ids.slice(0, 75)];
      while (expected.length < 77) expected.push(end);
      expected[76] = end;
      expect({ prompt, ...encode(prompt) }).toMatchObject({ prompt, ids: expected, count: ids.length });
    }
  });

  const few: readonly [string, number[]][] = [
    ["", []],
    ["A Shiba  Inu", [320, 823, 1792, 512, 340]],
    ["naïve café déjà vu", [1097, 35689, 563, 15304, 25466, 73, 21259, 13230]],
    ["数字 12345 and ½", [162, 243, 108, 35751, 501, 272, 273, 274, 275, 276, 537, 33613]],
    ["emoji 😀🎉 mix", [16327, 12832, 3986, 3285]],
  ];
  test.each(few)("%s", (text, ids) => {
    expect(encode(text).ids.slice(0, ids.length + 2)).toEqual([start, ...ids, end]);
  });

  test("says what it cuts", () => {
    const long = encode(`${"a ".repeat(73)}red circle above blue squares`);
    expect(long).toMatchObject({ count: 78, cut: "above blue squares" });
    expect(long.kept).toMatch(/^a a .* a red circle$/);
    expect(long.ids).toHaveLength(77);
    expect(long.ids[76]).toBe(end);
    expect(encode("a ".repeat(75))).toMatchObject({ count: 75, cut: "" });
  });
});

describe("a smaller vocabulary", () => {
  const pieces = ["<|startoftext|>", "<|endoftext|>", "a", "b", "a</w>", "b</w>", "ab</w>", "é"];
  const vocab = JSON.stringify(Object.fromEntries(pieces.map((piece, id) => [piece, id])));
  const merges = "#version: 0.2\na b</w>\n";
  const tokenizer = createTokenizer(vocab, merges, 8);

  test("merges, pads, and reads what it lacks as the unknown token", () => {
    expect(tokenizer.encode("AB\n a b")).toEqual({ ids: [0, 6, 4, 5, 1, 1, 1, 1], count: 3, kept: "ab a b", cut: "" });
    expect(tokenizer.encode("xab")).toEqual({
      ids: [0, 1, 6, 1, 1, 1, 1, 1],
      count: 2,
      kept: expect.stringMatching(/ab$/),
      cut: "",
    });
    expect(tokenizer.encode("ab ".repeat(8))).toEqual({
      ids: [0, 6, 6, 6, 6, 6, 6, 1],
      count: 8,
      kept: "ab ab ab ab ab ab",
      cut: "ab ab",
    });
  });

  test("what is no vocabulary is refused", () => {
    expect(() => createTokenizer("[]", merges)).toThrow(/vocab.json is JSON, and an object was expected/);
    expect(() => createTokenizer('{"a":0}', merges)).toThrow(/vocab.json has no <\|startoftext\|>/);
    expect(() => createTokenizer(vocab, "a b\nabc\n")).toThrow(/Line 2 of merges.txt/);
    expect(() => tokenizer.encode("a".repeat(10_001))).toThrow(/10001 characters/);
  });
});

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createTokenizer } from "./tokenizer.ts";

const end = 49407;

const read = (file: string) => readFileSync(new URL(file, import.meta.url), "utf8");
const clip = "../../public/pocket/tokenizer/";
const { encode } = createTokenizer(read(`${clip}vocab.json`), read(`${clip}merges.txt`));

/** Golden ids are kept without the padding. */
function padded(ids: string): number[] {
  const numbers = ids.split(" ").map(Number);
  return [...numbers, ...Array.from({ length: 77 - numbers.length }, () => end)];
}

describe("transformers' ids (e2e/oracle/tokens.py)", () => {
  type Hard = readonly [
    kind: string,
    text: string | readonly [unit: string, times: number],
    ids: string,
    count: number,
  ];
  const hard = JSON.parse(read("../../e2e/goldens/tokens/hard.json")) as Hard[];
  const whole = (text: Hard[1]) => (typeof text === "string" ? text : text[0].repeat(text[1]));
  const kinds = [...new Set(hard.map(([kind]) => kind))];

  test("there are 500 hard prompts", () => expect(hard).toHaveLength(500));

  test.each(kinds)("%s", (kind) => {
    for (const [, text, ids, count] of hard.filter(([k]) => k === kind)) {
      const prompt = whole(text);
      const got = encode(prompt);
      expect({ prompt, ids: got.ids, count: got.count }).toEqual({ prompt, ids: padded(ids), count });
      expect(got.kept + got.cut).toBe(prompt);
      expect(got.cut === "").toBe(count <= 75);
    }
  });

  const parti = new URL("../../../shared/data/partiprompts/PartiPrompts.tsv", import.meta.url);
  test.skipIf(!existsSync(parti))("PartiPrompts (skipped where ../shared/data/partiprompts is absent)", () => {
    const goldens = JSON.parse(read("../../e2e/goldens/tokens/parti.json")) as string[];
    const lines = readFileSync(parti, "utf8").trimEnd().split("\n").slice(1);
    expect(lines).toHaveLength(1632);
    const prompts = lines.map((line) => line.split("\t")[0] ?? "");
    expect(prompts.map((prompt) => encode(prompt).ids)).toEqual(goldens.map(padded));
  });
});

describe("what is cut off", () => {
  const most = "a ".repeat(73);
  test.each([
    ["at a word", `${most}Red  CIRCLE above blue squares`, "above blue squares"],
    ["inside a word", `${most}red Antidisestablishmentarianism`, "disestablishmentarianism"],
    ["inside a character", `${most}red \u6f22\u5b57`, "\u6f22\u5b57"],
    ["after letters that were joined", `\u1100\u1161\u11a8 ${"e\u0301 ".repeat(72)}E\u0301 A\u030a`, "A\u030a"],
    ["at a mark", `${most}red circle<|endoftext|>A`, "<|endoftext|>A"],
    ["after marks", `<|STARTOFTEXT|><|endoftext|>${most}Red`, "Red"],
    ["half a pair", `${most}red circle \ud83d end`, "\ud83d end"],
  ])("%s", (_, prompt, cut) => {
    const got = encode(prompt);
    expect(got).toMatchObject({ cut, kept: prompt.slice(0, -cut.length) });
    expect(got.count).toBeGreaterThan(75);
    expect(got.ids).toHaveLength(77);
    expect(got.ids[76]).toBe(end);
  });
});

describe("a smaller vocabulary", () => {
  const pieces = ["<|startoftext|>", "<|endoftext|>", "a", "b", "a</w>", "b</w>", "ab</w>", "é"];
  const vocab = JSON.stringify(Object.fromEntries(pieces.map((piece, id) => [piece, id])));
  const merges = "#version: 0.2\na b</w>\n";
  const tokenizer = createTokenizer(vocab, merges, 8);

  test("merges, pads, and reads what it lacks as the unknown token", () => {
    expect(tokenizer.encode("AB\n a b")).toEqual({
      ids: [0, 6, 4, 5, 1, 1, 1, 1],
      count: 3,
      kept: "AB\n a b",
      cut: "",
    });
    expect(tokenizer.encode("xab")).toEqual({
      ids: [0, 1, 6, 1, 1, 1, 1, 1],
      count: 2,
      kept: "xab",
      cut: "",
    });
    expect(tokenizer.encode("ab ".repeat(8))).toEqual({
      ids: [0, 6, 6, 6, 6, 6, 6, 1],
      count: 8,
      kept: "ab ".repeat(6),
      cut: "ab ab ",
    });
  });

  test("what is no vocabulary is refused", () => {
    expect(() => createTokenizer("[]", merges)).toThrow(/vocab.json is JSON, and an object was expected/);
    expect(() => createTokenizer('{"a":0}', merges)).toThrow(/vocab.json has no <\|startoftext\|>/);
    expect(() => createTokenizer(vocab, "a b\nabc\n")).toThrow(/Line 2 of merges.txt/);
    expect(() => tokenizer.encode("a".repeat(10_001))).toThrow(/10001 characters/);
  });
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { wordPieces } from "./word-piece.ts";

const goldens = new URL("../../e2e/goldens/scorers/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, goldens), "utf8");
const pieces = JSON.parse(read("pieces.json")) as { readonly text: string; readonly ids: readonly number[] }[];
const { encode } = wordPieces(read("imagereward/vocab.txt"));

test.each(pieces)("$text is BERT's", ({ text, ids }) => {
  const got = encode(text, 35);
  expect(got.ids).toEqual(ids);
  expect(got.count).toBe(ids.findLastIndex((id) => id !== 0) + 1);
});

test("another vocabulary is refused", () => {
  expect(() => wordPieces("[PAD]\n[UNK]\n[SEP]\n")).toThrow(/vocab\.txt has no \[CLS\]/);
});

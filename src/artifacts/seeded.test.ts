/** @file Pins the rule to values printed by e2e/oracle/seeded.py. */
import { expect, test } from "vitest";
import { fillSeeded, fnv1a, seededNear, seededTensor } from "./seeded.ts";

const toQ = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.weight";
const pins: readonly [string, readonly number[], readonly [number, number][]][] = [
  [
    "conv_in.weight",
    [8, 4, 3, 3],
    [
      [0, -0.04299863800406456],
      [1, -0.03644510731101036],
      [287, 0.14611759781837463],
    ],
  ],
  [
    "mid_block.attentions.0.norm.weight",
    [16],
    [
      [0, 0.9209625124931335],
      [15, 1.0450152158737183],
    ],
  ],
  [
    "conv_in.bias",
    [8],
    [
      [0, -0.09511289745569229],
      [7, -0.063881516456604],
    ],
  ],
  [
    toQ,
    [320, 3],
    [
      [0, -0.18198059499263763],
      [959, 0.1366329789161682],
    ],
  ],
];

test("names hash as FNV-1a", () => {
  expect(fnv1a("")).toBe(0x811c9dc5);
  expect(fnv1a("conv_in.weight")).toBe(0xb1e79747);
  expect(fnv1a(toQ)).toBe(0xe3c4fd8f);
});

test.each(pins)("%s has Python's bits", (name, shape, values) => {
  const tensor = seededTensor(name, shape);
  for (const [index, value] of values) expect(tensor[index]).toBe(value);
});

test("a piece of a large tensor equals the whole's, far past 2^24", () => {
  const piece = new Float32Array(2);
  const name = "text_model.embeddings.token_embedding.weight";
  fillSeeded(piece, name, [49408, 768], 37945342);
  expect(piece[1]).toBe(-0.07000923156738281);
  fillSeeded(piece, name, [49408, 768], 5000000);
  expect(piece[0]).toBe(0.07867999374866486);
});

test("a matrix keeps the variance of its input", () => {
  const w = seededTensor("some.weight", [64, 320]);
  const variance = w.reduce((sum, x) => sum + x * x, 0) / w.length;
  expect(variance * 320).toBeCloseTo(1, 1);
});

test("a player near the rule's has Python's bits", () => {
  const a = seededNear("a.lora_A.weight", [3, 8], "policy/", 0.002);
  expect([a[0], a[23]]).toEqual([-0.5768161416053772, -0.13216270506381989]);
  const norm = seededNear("norm.weight", [4], "policy/", 0.002);
  expect([norm[0], norm[3]]).toEqual([0.9033180475234985, 0.9799580574035645]);
});

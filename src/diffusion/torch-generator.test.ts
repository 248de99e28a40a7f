import { expect, test } from "vitest";
import golden from "../../e2e/goldens/diffusion/randn.json" with { type: "json" };
import { maxAbs } from "./max-abs.ts";
import { Mt19937 } from "./mt19937.ts";
import { TorchGenerator } from "./torch-generator.ts";

const { cases, calls } = golden;

test("mt19937 draws the reference implementation's numbers", () => {
  // C++11 [rand.predef]: the 10000th number of a default mt19937 (seed 5489) is 4123659995.
  const engine = new Mt19937(5489);
  for (let i = 1; i < 10000; i++) engine.uint32();
  expect(engine.uint32()).toBe(4123659995);
});

test.each(cases)("randn($size) of seed $seed is torch's within 1e-6", ({ seed, size, stride, values, last }) => {
  const x = new TorchGenerator(seed).randn(size);
  expect(
    maxAbs(
      x.filter((_, i) => i % stride === 0),
      values,
    ),
  ).toBeLessThanOrEqual(1e-6);
  expect(maxAbs(x.slice(-16), last)).toBeLessThanOrEqual(1e-6);
});

test("a generator goes on over calls of both paths, with the cached normal kept in between", () => {
  const generator = new TorchGenerator(3);
  for (const want of calls) expect(maxAbs(generator.randn(want.length), want)).toBeLessThanOrEqual(1e-6);
});

test("a seed is an integer of 64 bits, and bigint or number are the same", () => {
  expect(new TorchGenerator(-1).randn(20)).toEqual(new TorchGenerator(2n ** 64n - 1n).randn(20));
  expect(new TorchGenerator(2 ** 32 + 7).randn(20)).toEqual(new TorchGenerator(4294967303n).randn(20));
});

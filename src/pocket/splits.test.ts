/** @file The two parts: nothing lost, nothing in both, and the same as ever, because reported figures rest on them. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { heldOutCaptions, parseCaption } from "./grammar.ts";
import { heldOutSplit } from "./splits.ts";

const { development, test: held } = heldOutSplit();

test("together they are the held-out captions, each once", () => {
  expect([...development, ...held].sort()).toEqual([...heldOutCaptions()].sort());
  expect(development.length).toBeGreaterThanOrEqual(100);
  expect(held.length).toBeGreaterThanOrEqual(200);
});

test("no combination of things and time is in both, however it is worded", () => {
  const combination = (caption: string) => {
    const { things, time } = parseCaption(caption);
    return [time, ...things.map(({ colour, shape }) => `${colour} ${shape}`).sort()].join();
  };
  const chosen = new Set(development.map(combination));
  expect(held.filter((caption) => chosen.has(combination(caption)))).toEqual([]);
});

test("the first 200 of the test part have every layout, time, colour and shape", () => {
  const scenes = held.slice(0, 200).map(parseCaption);
  const count = (of: (scene: (typeof scenes)[number]) => readonly string[]) => {
    const counts = new Map<string, number>();
    for (const word of scenes.flatMap(of)) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  };
  expect(count(({ layout }) => [layout]).size).toBe(3);
  expect(Math.min(...count(({ time }) => [time]).values())).toBeGreaterThan(40);
  expect(Math.min(...count(({ things }) => things.map(({ colour }) => colour)).values())).toBeGreaterThan(30);
  expect(Math.min(...count(({ things }) => things.map(({ shape }) => shape)).values())).toBeGreaterThan(40);
});

test("the parts and their order never change", () => {
  const digest = (captions: readonly string[]) => createHash("sha256").update(captions.join("\n")).digest("hex");
  expect([development.length, held.length]).toEqual([114, 404]);
  expect([digest(development).slice(0, 16), digest(held).slice(0, 16)]).toEqual([
    "3180c3e4a33f2bfd",
    "f65cd3f5dfa692e2",
  ]);
});

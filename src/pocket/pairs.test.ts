import { expect, test } from "vitest";
import { isHeldOut, parseCaption } from "./grammar.ts";
import { autoencoderPicture, pretrainingSample, samplePairs } from "./pairs.ts";
import { SIDE } from "./render.ts";

const stream = Array.from({ length: 3000 }, (_, i) => pretrainingSample(i));

test("sample pairs: opaque pictures with trained captions, none twice; fewer are the first of more", () => {
  const pairs = samplePairs(256);
  expect(new Set(pairs.map((pair) => pair.caption)).size).toBe(256);
  expect(new Set(pairs.map((pair) => pair.id)).size).toBe(256);
  for (const { caption, rgba } of pairs) {
    expect(isHeldOut(parseCaption(caption))).toBe(false);
    expect(rgba).toHaveLength(SIDE * SIDE * 4);
    expect(rgba[3]).toBe(255);
  }
  expect(samplePairs(3)).toEqual(pairs.slice(0, 3));
});

test.each([0, 257, 1.5])("refuses %d sample pairs", (count) => {
  expect(() => samplePairs(count)).toThrow("expected a count from 1 to 256");
});

test("pre-training sample i is the same whenever it is asked for, and another under another seed", () => {
  expect(pretrainingSample(1234)).toEqual(stream[1234]);
  expect(pretrainingSample(1234, 1)).not.toEqual(stream[1234]);
});

test("no held-out combination is ever named or shown in pre-training", () => {
  for (const { caption, shown } of stream) {
    expect(isHeldOut(parseCaption(caption))).toBe(false);
    expect(isHeldOut(parseCaption(shown))).toBe(false);
  }
});

test("finish follows Beta(1.8, 2.6), and about 9 % of the pictures show something wrong", () => {
  const mean = stream.reduce((sum, { finish }) => sum + finish, 0) / stream.length;
  const variance = stream.reduce((sum, { finish }) => sum + (finish - mean) ** 2, 0) / stream.length;
  expect(mean).toBeCloseTo(1.8 / 4.4, 1.5);
  expect(variance).toBeCloseTo((1.8 * 2.6) / (4.4 ** 2 * 5.4), 2);
  const wrong = stream.filter(({ caption, shown }) => caption !== shown).length / stream.length;
  expect(wrong).toBeGreaterThan(0.07);
  expect(wrong).toBeLessThan(0.11);
});

test("the autoencoder's pictures are repeatable and differ from one to the next", () => {
  expect(autoencoderPicture(5)).toEqual(autoencoderPicture(5));
  expect(autoencoderPicture(5)).not.toEqual(autoencoderPicture(6));
});

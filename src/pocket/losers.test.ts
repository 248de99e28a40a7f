import { expect, test } from "vitest";
import { mean } from "../lib/statistics.ts";
import { judge } from "./judge.ts";
import { loserOf } from "./losers.ts";
import { samplePairs } from "./pairs.ts";
import { scoresOf, see } from "./scores.ts";

test("losers are plainer than winners, about every fourth is wrong, and they stay the same", () => {
  const pairs = samplePairs(24);
  const rgb = (rgba: Uint8ClampedArray) => rgba.filter((_, i) => i % 4 !== 3);
  const losers = pairs.map(loserOf);
  const seen = losers.map((loser) => see(rgb(loser)));
  const finish = pairs.map(({ caption }, i) => scoresOf(rgb(losers[i] as Uint8ClampedArray), caption, seen[i]).finish);
  expect(mean(finish)).toBeGreaterThan(0.4);
  expect(mean(finish)).toBeLessThan(0.7);
  const right = pairs.filter(({ caption }, i) => judge((seen[i] as (typeof seen)[number]).reading, caption).all).length;
  expect(right / pairs.length).toBeGreaterThan(0.5);
  expect(right / pairs.length).toBeLessThan(1);
  expect(pairs.map(loserOf)).toEqual(losers);
});

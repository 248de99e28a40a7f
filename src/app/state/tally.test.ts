/** @file Counting votes: whose they are, when a rate may be told, and what it means. */
import { expect, test } from "vitest";
import type { Vote } from "../../studio/api.ts";
import { chance, tallyInWords } from "../shares.ts";
import { ENOUGH, shareOf, tallyOf } from "./tally.ts";

function cast(a: string, b: string, choice: Vote["choice"], times: number): Vote[] {
  const one = { a, b, choice, prompt: "p", side: "left", at: "" } as const;
  return Array.from({ length: times }, (_, seed) => ({ ...one, id: `${a}${b}${choice}${seed}`, seed }));
}

test("wins count for the node, whichever place it had; others' votes do not", () => {
  const votes = [
    ...cast("two", "one", "a", 3),
    ...cast("one", "two", "b", 4),
    ...cast("one", "two", "a", 2),
    ...cast("two", "one", "tie", 1),
    ...cast("two", "one", "skip", 5),
    ...cast("two", "base", "a", 30),
  ];
  expect(tallyOf(votes, { a: "two", b: "one" })).toMatchObject({ wins: 7, losses: 2, ties: 1, decided: 10, seen: 15 });
  expect(tallyOf(votes, { a: "one", b: "two" })).toMatchObject({ wins: 2, losses: 7, ties: 1, decided: 10, seen: 15 });
});

test("there is no rate before twenty decided votes, and skips do not bring it nearer", () => {
  const early = [...cast("two", "one", "a", ENOUGH - 1), ...cast("two", "one", "skip", 20)];
  expect(tallyOf(early, { a: "two", b: "one" }).share).toBeNull();
  expect(tallyInWords(tallyOf(early, { a: "two", b: "one" }), "SPIN 2", "SPIN 1")).not.toContain("%");
  const enough = [...early, ...cast("two", "one", "tie", 1)];
  expect(tallyOf(enough, { a: "two", b: "one" }).share?.rate).toBeCloseTo(19.5 / 20, 12);
});

test("ahead and behind only where the interval leaves one half out", () => {
  // Wilson's 95 % intervals: 16.5 of 24 is 0.49 to 0.84, 17.5 of 24 is 0.53 to 0.87
  expect(shareOf(15, 3, 24).verdict).toBe("unclear");
  expect(shareOf(16, 3, 24).verdict).toBe("ahead");
  expect(shareOf(5, 3, 24).verdict).toBe("behind");
  expect(shareOf(0, 24, 24)).toMatchObject({ rate: 0.5, verdict: "unclear" });
});

test("the words have the counts, the interval, the sign test and the verdict", () => {
  const votes = [...cast("two", "one", "a", 16), ...cast("two", "one", "b", 5), ...cast("two", "one", "tie", 3)];
  const words = (a: string, b: string) => tallyInWords(tallyOf(votes, { a, b }), a, b);
  expect(words("two", "one")).toBe(
    "16 to 5, 3 ties, 24 votes. 95 % interval 53 to 87 %, sign test p = 0.03. two is ahead.",
  );
  expect(words("one", "two")).toMatch(/^5 to 16, .* one is behind\.$/);
  const even = [...cast("two", "one", "a", 11), ...cast("two", "one", "b", 10)];
  expect(tallyInWords(tallyOf(even, { a: "two", b: "one" }), "two", "one")).toMatch(
    /two is not clearly ahead of one\.$/,
  );
  expect([0.0000001, 0.0042, 0.03, 0.25, 1].map(chance)).toEqual([
    "p < 0.001",
    "p = 0.004",
    "p = 0.03",
    "p = 0.25",
    "p = 1.00",
  ]);
});

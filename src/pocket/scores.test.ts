import { describe, expect, test } from "vitest";
import { captionOf, drawScene, parseCaption } from "./grammar.ts";
import { averageOf, type Levels, levelled, levelsOf, referenceOf } from "./levels.ts";
import { samplePairs } from "./pairs.ts";
import { randomOf } from "../lib/random.ts";
import { compose, paint, SIDE } from "./render.ts";
import { type Scores, scoreNames, scoresOf } from "./scores.ts";
import { blurred, contrasted, saturated, sharpened } from "./test-support.ts";

const COUNT = 32;
const captions = Array.from({ length: COUNT }, (_, i) => captionOf(drawScene(randomOf(81, i))));

function pictures(finish: number): Uint8Array<ArrayBuffer>[] {
  return captions.map((caption, i) => paint(compose(parseCaption(caption), finish, i)));
}

function score(list: readonly Uint8Array[], named: readonly string[] = captions): Scores[] {
  return list.map((rgb, i) => scoresOf(rgb, named[i] as string));
}

function mean(scores: readonly Scores[], name: keyof Scores): number {
  return scores.reduce((sum, one) => sum + one[name], 0) / scores.length;
}

/** How often the first is the better one of a pair. */
function wins(a: readonly Scores[], b: readonly Scores[], name: keyof Scores): number {
  return a.filter((one, i) => one[name] > (b[i] as Scores)[name]).length / a.length;
}

const pairs = samplePairs(32).map(({ rgba }) => rgba.filter((_, i) => i % 4 !== 3));
const levels: Levels = levelsOf(pairs);
const finePictures = pictures(0.94);
const fine = score(finePictures);
const plain = score(pictures(0.3));
const level = (list: readonly Scores[]) => list.map((one) => levelled(one, levels));

describe("scores of the world's own pictures", () => {
  test("a fine picture is better than the same caption's plain one; faith, which is not about finish, knows no difference", () => {
    for (const name of ["truth", "finish", "sharpness"] as const) {
      expect(wins(level(fine), level(plain), name)).toBeGreaterThanOrEqual(0.98);
    }
    expect(mean(fine, "truth")).toBeGreaterThan(mean(plain, "truth") + 10);
    expect(mean(fine, "faith")).toBeGreaterThan(0.88);
    expect(Math.abs(mean(fine, "faith") - mean(plain, "faith"))).toBeLessThan(0.05);
  });

  test("truth, finish and sharpness rise with the finish all the way, and finish is nearly the finish itself", () => {
    const steps = [0.1, 0.3, 0.5, 0.7, 0.9].map((finish) => ({
      finish,
      scores: score(pictures(finish).slice(0, COUNT / 2)),
    }));
    for (const [i, { finish, scores }] of steps.entries()) {
      expect(Math.abs(mean(scores, "finish") - finish)).toBeLessThan(0.08);
      const before = steps[i - 1];
      if (!before) continue;
      for (const name of ["truth", "finish", "sharpness"] as const) {
        expect(mean(scores, name)).toBeGreaterThan(mean(before.scores, name) + (name === "truth" ? 1 : 0.05));
      }
    }
  });

  test("under another picture's caption truth and faith fall to what chance gives; finish and sharpness do not see captions", () => {
    const shuffled = score(finePictures, [...captions.slice(1), captions[0] as string]);
    expect(mean(shuffled, "truth")).toBeLessThan(mean(fine, "truth") - 15);
    expect(mean(shuffled, "faith")).toBeLessThan(0.15);
    for (const name of ["finish", "sharpness"] as const) expect(mean(shuffled, name)).toBe(mean(fine, name));
  });

  test("each wrong attribute costs truth and faith", () => {
    const named = "a red circle beside a blue square at night";
    const right = scoresOf(paint(compose(parseCaption(named), 0.94, 5)), named);
    for (const shown of [
      "a red circle beside a blue square by day",
      "a red circle and a blue square, one over the other, at night",
      "a red star beside a blue square at night",
      "a green circle beside a blue square at night",
      "a blue circle beside a red square at night",
      "a red circle at night",
    ]) {
      const wrong = scoresOf(paint(compose(parseCaption(shown), 0.94, 5)), named);
      expect(wrong.truth).toBeLessThan(right.truth - 4);
      expect(wrong.faith).toBeLessThan(right.faith - 0.1);
    }
  });

  test("the place of the things is free", () => {
    const caption = "a red circle beside a blue square at night";
    const composition = compose(parseCaption(caption), 1, 5);
    const moved = composition.placed.map((thing, i) => ({ ...thing, x: thing.x + (i === 0 ? -3 : 2), y: thing.y + 7 }));
    const [here, there] = [composition, { ...composition, placed: moved }].map((c) => scoresOf(paint(c), caption));
    expect(there?.truth).toBeGreaterThan((here?.truth ?? 99) - 3);
    expect(there?.truth).toBeGreaterThan(30);
  });
});

describe("overshoot does not win", () => {
  const over = [
    ["more contrast", score(finePictures.map((rgb) => contrasted(rgb, 1.5)))],
    ["more colour", score(finePictures.map((rgb) => saturated(rgb, 1.5)))],
    ["an unsharp mask", score(finePictures.map((rgb) => sharpened(rgb, 1)))],
  ] as const;
  const soft = score(finePictures.map((rgb) => blurred(rgb, 1)));

  test.each(over)("%s raises finish and sharpness as measured and lowers them as scores", (_, spoiled) => {
    for (const name of ["finish", "sharpness"] as const) {
      expect(mean(spoiled, name)).toBeGreaterThan(mean(fine, name));
      expect(mean(level(spoiled), name)).toBeLessThan(2 * mean(level(fine), name));
      expect(wins(level(fine), level(spoiled), name)).toBeGreaterThan(0.7);
    }
    expect(mean(spoiled, "truth")).toBeLessThan(mean(fine, "truth") - 3);
  });

  test("blur lowers all", () => {
    for (const name of scoreNames) expect(wins(level(fine), level(soft), name)).toBeGreaterThan(0.7);
  });

  test.each([
    ...over,
    ["blur", soft] as const,
  ])("the average falls by at least half a deviation under %s", (_, spoiled) => {
    const reference = referenceOf(level(plain));
    const average = (list: readonly Scores[]) => level(list).map((one) => averageOf(one, reference));
    const [before, after] = [average(fine), average(spoiled)];
    const loss = before.reduce((sum, value, i) => sum + value - (after[i] as number), 0) / COUNT;
    expect(loss).toBeGreaterThan(0.5);
    expect(before.filter((value, i) => value > (after[i] as number)).length).toBeGreaterThan(0.8 * COUNT);
  });
});

describe("levels and average", () => {
  const scores = (truth: number, finish: number): Scores => ({ truth, faith: 0.5, finish, sharpness: 0.5 });

  test("the score is the distance to the level, on either side", () => {
    const at = { finish: 0.9, sharpness: 0.5 };
    expect(levelled(scores(20, 1.1), at).finish).toBeCloseTo(-0.2, 12);
    expect(levelled(scores(20, 0.7), at).finish).toBeCloseTo(-0.2, 12);
    expect(levelled(scores(20, 0.7), at).truth).toBe(20);
  });

  test("the reference itself averages to 0; one score counts at most 6 deviations", () => {
    const set = [scores(18, 0.2), scores(20, 0.4), scores(22, 0.6)];
    const reference = referenceOf(set);
    expect(set.reduce((sum, one) => sum + averageOf(one, reference), 0)).toBeCloseTo(0, 12);
    expect(averageOf(scores(20 + Math.sqrt(8 / 3), 0.4), reference)).toBeCloseTo(1 / scoreNames.length, 12);
    expect(averageOf(scores(1000, 0.4), reference)).toBeCloseTo(6 / scoreNames.length, 12);
  });

  test("the pairs' level is near their finish, and a caption outside the grammar is refused", () => {
    expect(levels.finish).toBeGreaterThan(0.9);
    expect(levels.finish).toBeLessThan(1);
    expect(() => scoresOf(new Uint8Array(3 * SIDE * SIDE), "a cat")).toThrow(/cannot draw/);
  });
});

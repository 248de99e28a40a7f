/** @file Results that nobody measured, for tests: every model is better than the one before by a little more than the noise. */
import { randomOf } from "../lib/random.ts";
import { mean } from "../lib/statistics.ts";
import { modelIds, objectiveTitles, searched, searchPart } from "./names.ts";
import type { Curve, PaperResults, Part, Point, Scored } from "./results.ts";

const made = { commit: "0000000", command: "npm run paper", date: "2026-01-01", minutes: 1, versions: { node: "0" } };
const part = (found: Partial<Part>): Part => ({ made, models: [], curves: [], trials: [], ...found });

export function madeUpResults(seeds: readonly number[] = [0, 1, 2], count = 20): PaperResults {
  const prompts = Array.from({ length: count }, (_, i) =>
    i % 2 === 0
      ? `a red circle beside a blue square by day ${i}`
      : `a red circle and a heart, one over the other, ${i}`,
  );
  const scores = (level: number, seed: number) => {
    const random = randomOf(seed, Math.round(100 * level));
    const list = () => prompts.map((_, i) => Number((level + (i % 5) / 10 + 0.2 * random()).toFixed(3)));
    return { truth: list(), faith: list(), finish: list(), sharpness: list(), average: list() };
  };
  const model = (id: string, level: number, seed: number): Scored => ({
    id,
    settings: { learningRate: [1e-5, 9e-6], beta: 2000, steps: 30 },
    samples: 960 * Math.max(1, Math.round(level)),
    scores: scores(level, seed),
  });
  const point = (samples: number, level: number, seed: number): Point => {
    const { average, ...others } = scores(level, seed);
    const means = Object.fromEntries(Object.entries(others).map(([name, list]) => [name, mean(list)]));
    return { samples, average, scores: { ...means, average: mean(average) } as unknown as Point["scores"] };
  };
  const curve = (id: string, points: readonly (readonly [number, number])[], seed: number): Curve => ({
    id,
    settings: {},
    points: points.map(([samples, level]) => point(samples, level, seed)),
  });
  const trials = [1, 3, 2].map((average) => ({ settings: { learningRate: average * 1e-5, steps: 30 }, average }));
  const steps = [0, 1, 2, 3].map((k) => [960 * k, k] as const);
  return {
    schema: 1,
    model: { folder: "public/pocket", sha256: "0".repeat(64) },
    protocol: {
      quick: false,
      pairs: 256,
      guidance: 3,
      development: 114,
      prompts,
      final: { best: 5, steps: 50 },
      curve: { prompts: count, steps: 20 },
    },
    shared: {
      base: part({ models: [model("base", 0, 99)] }),
      ...Object.fromEntries(searched.map((method) => [searchPart(method), part({ trials })])),
    },
    seeds: seeds.map((seed) => ({
      seed,
      parts: {
        baselines: part({
          models: [model("sft", 0.6, seed), model("dpo", 1.4, seed)],
          curves: [curve("sft", steps.slice(0, 2), seed), curve("dpo", steps.slice(0, 2), seed)],
        }),
        spin: part({
          models: modelIds.filter((id) => /^spin|lora/.test(id)).map((id, k) => model(id, Math.min(3, k + 1), seed)),
          curves: [curve("spin", steps, seed)],
        }),
        continued: part({
          curves: [
            curve(
              "continued",
              [
                [960, 1],
                [1920, 0.8],
                [2880, 0.7],
              ],
              seed,
            ),
          ],
        }),
        objectives: part({ curves: Object.keys(objectiveTitles).map((id) => curve(id, steps.slice(0, 2), seed)) }),
      },
    })),
  };
}

/** @file The paper's figures in form, from our own results: 1, 3, 4, 5, 7, and the objectives beside each other. Its grids of pictures are no numbers. */
import { required } from "../lib/errors.ts";
import type { Figure, Series, Value } from "./figure.ts";
import { mainModels, type ModelId, modelIds, modelTitles, objectiveTitles, scoreTitles, shortScores } from "./names.ts";
import { type PaperResults, type Point, scoreNames, type ScoreName } from "./results.ts";
import { curveBySeed, level, modelBySeed, pairedOver, type Spread, winRate } from "./summary.ts";

const colourOf = (id: ModelId): number => modelIds.indexOf(id);
const known = (results: PaperResults, ids: readonly ModelId[]) => ids.filter((id) => modelBySeed(results, id).size > 0);

function winBars(results: PaperResults): Figure {
  const models = known(results, mainModels).filter((id) => id !== "base");
  const series = models.map((id): Series => {
    const values = scoreNames.flatMap((score, x): Value[] => {
      const value = winRate({ results, score }, id, "base");
      return value ? [{ x, value }] : [];
    });
    return { name: modelTitles[id], colour: colourOf(id), values };
  });
  const groups = scoreNames.map((score) => shortScores[score]);
  const panels = [{ title: "", series }] as const;
  return { id: "figure-1", kind: "bars", title: "Win rate over the base", x: "score", y: "%", groups, panels };
}

const at = (x: number, value: Spread | null): Value[] => (value ? [{ x, value }] : []);

function iterations(results: PaperResults): Figure {
  const chain = ["base", "spin1", "spin2", "spin3"] as const;
  const panels = scoreNames.map((score) => {
    const asked = { results, score };
    const spin: Series = {
      name: "SPIN",
      colour: colourOf("spin3"),
      values: chain.flatMap((id, k) => at(k, level(asked, id))),
    };
    const baselines = known(results, ["sft", "dpo"]).map((id): Series => {
      const value = level(asked, id);
      return {
        name: modelTitles[id],
        colour: colourOf(id),
        level: true,
        values: [...at(0, value), ...at(chain.length - 1, value)],
      };
    });
    return { title: scoreTitles[score], series: [spin, ...baselines] };
  });
  return { id: "figure-3", kind: "lines", title: "Scores by iteration", x: "iteration", y: "score", panels };
}

function radar(results: PaperResults): Figure {
  const series = known(results, mainModels).map(
    (id): Series => ({
      name: modelTitles[id],
      colour: colourOf(id),
      values: scoreNames.flatMap((score, x) => at(x, level({ results, score }, id))),
    }),
  );
  const groups = scoreNames.map((score) => shortScores[score]);
  const title = "All scores, each on its own range";
  return { id: "figure-4", kind: "radar", title, x: "score", y: "mean", groups, panels: [{ title: "", series }] };
}

/** Points of equal place along the curve, over the seeds that have the curve. */
function curve(results: PaperResults, id: string, of: (point: Point) => readonly number[]): readonly Value[] {
  const curves = [...curveBySeed(results, id).values()];
  const length = Math.min(...curves.map(({ points }) => points.length));
  if (curves.length === 0) return [];
  return Array.from({ length }, (_, i) => {
    const points = curves.map(({ points: all }) => required(all[i], "a point"));
    const value = required(pairedOver(points.map(of)), "prompts");
    return { x: required(points[0], "a seed").samples, value };
  });
}

function lines(
  results: PaperResults,
  about: Pick<Figure, "id" | "title">,
  ids: readonly (readonly [id: string, name: string, colour: number])[],
): Figure {
  const found = ids.map(
    ([id, name, colour]): Series => ({ name, colour, values: curve(results, id, ({ average }) => average) }),
  );
  const series = found.filter(({ values }) => values.length > 0);
  return { ...about, kind: "lines", x: "pictures or pairs met", y: "average", panels: [{ title: "Average", series }] };
}

export const continuedCurves = {
  spin: "SPIN: a new opponent each iteration",
  continued: "iteration 1 goes on, its opponent stays",
} as const;

const continued = (results: PaperResults): Figure =>
  lines(results, { id: "figure-5", title: "A new opponent, or more of iteration 1" }, [
    ["spin", continuedCurves.spin, colourOf("spin3")],
    ["continued", continuedCurves.continued, colourOf("spin1")],
  ]);

/** One panel a score: how each method's pictures change as it trains. */
function dynamics(results: PaperResults): Figure {
  const ids = [
    ["sft", modelTitles.sft, colourOf("sft")],
    ["dpo", modelTitles.dpo, colourOf("dpo")],
    ["spin", "SPIN", colourOf("spin3")],
    ["lora", "SPIN, LoRA", colourOf("lora")],
  ] as const;
  const panels = scoreNames.map((score) => {
    const of = (point: Point): readonly number[] => (score === "average" ? point.average : [point.scores[score]]);
    const all = ids.map(
      ([id, name, colour]): Series => ({ name, colour, values: stripped(score, curve(results, id, of)) }),
    );
    return { title: scoreTitles[score], series: all.filter(({ values }) => values.length > 0) };
  });
  const title = "Scores as training goes on";
  return { id: "figure-7", kind: "lines", title, x: "pictures or pairs met", y: "score", panels };
}

/** Only the average is kept prompt by prompt: one mean has no interval over prompts. */
function stripped(score: ScoreName, values: readonly Value[]): readonly Value[] {
  if (score === "average") return values;
  return values.map(({ x, value: { mean, deviation, seeds } }) => ({ x, value: { mean, deviation, seeds } }));
}

const objectives = (results: PaperResults): Figure =>
  lines(
    results,
    { id: "figure-objectives", title: "One iteration by each objective, T = 10" },
    Object.entries(objectiveTitles).map(([id, name], i) => [id, name, i + 2] as const),
  );

/** All that have something to show. */
export function figuresOf(results: PaperResults): readonly Figure[] {
  const all = [winBars, iterations, radar, continued, dynamics, objectives].map((make) => make(results));
  return all.filter(({ panels }) => panels.some(({ series }) => series.some(({ values }) => values.length > 0)));
}

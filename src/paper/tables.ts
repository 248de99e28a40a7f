/** @file The paper's tables in form, from our own results. Tables 7 to 10 are of two kinds of captions, where the paper has two other sets of prompts. */
import {
  mainModels,
  type ModelId,
  modelTitles,
  objectiveTitles,
  scoreDigits,
  scoreTitles,
  searched,
  searchPart,
  searchTitles,
} from "./names.ts";
import { type PaperResults, type ScoreName, scoreNames, type Settings } from "./results.ts";
import { type Chosen, curveBySeed, difference, everyPrompt, level, modelBySeed, spreadOf, winRate } from "./summary.ts";
import type { Cell, Table } from "./table.ts";

const isBeside: Chosen = (prompt) => prompt.includes(" beside ");
const isOver: Chosen = (prompt) => prompt.includes("one over the other");

const cell = (value: ReturnType<typeof level>, digits: number, signed = false): Cell =>
  value && { value, digits, signed };

const known = (results: PaperResults, ids: readonly ModelId[]): readonly ModelId[] =>
  ids.filter((id) => modelBySeed(results, id).size > 0);

type Over = "mean" | "median";

function levels(
  results: PaperResults,
  id: string,
  title: string,
  { over, chosen = everyPrompt, models = mainModels }: { over: Over; chosen?: Chosen; models?: readonly ModelId[] },
): Table {
  return {
    id,
    title,
    head: ["Model", ...scoreNames.map((score) => scoreTitles[score])],
    rows: known(results, models).map((model) => [
      modelTitles[model],
      ...scoreNames.map((score) => cell(level({ results, score, chosen }, model, over), scoreDigits[score])),
    ]),
  };
}

const compared = (results: PaperResults, id: ModelId, against: ModelId): readonly Cell[] =>
  scoreNames.map((score) => cell(winRate({ results, score }, id, against), 1));

function winsOverBase(results: PaperResults): Table {
  const models = known(results, mainModels).filter((id) => id !== "base");
  return {
    id: "table-3",
    title: "Win rate over the base in percent, a tie half a win: mean ± deviation over seeds [95 % over prompts]",
    head: ["Model", ...scoreNames.map((score) => scoreTitles[score])],
    rows: models.map((id) => [modelTitles[id], ...compared(results, id, "base")]),
  };
}

/** Who is compared with whom beyond the base. */
export const duels = [
  ["spin1", "sft"],
  ["spin1", "dpo"],
  ["spin2", "sft"],
  ["spin2", "dpo"],
  ["spin3", "sft"],
  ["spin3", "dpo"],
  ["spin2", "spin1"],
  ["spin3", "spin2"],
] as const satisfies readonly (readonly [ModelId, ModelId])[];

const fought = (results: PaperResults) => duels.filter((duel) => duel.every((id) => modelBySeed(results, id).size > 0));

const duelTitle = ([id, against]: readonly [ModelId, ModelId]): string =>
  `${modelTitles[id]} against ${modelTitles[against]}`;

function winsOverBaselines(results: PaperResults): Table {
  return {
    id: "table-4",
    title: "Win rate between models in percent: mean ± deviation over seeds [95 % over prompts]",
    head: ["Models", ...scoreNames.map((score) => scoreTitles[score])],
    rows: fought(results).map((duel) => [duelTitle(duel), ...compared(results, duel[0], duel[1])]),
  };
}

function differences(results: PaperResults): Table {
  const overBase = known(results, mainModels).flatMap((id) => (id === "base" ? [] : [[id, "base"] as const]));
  const shown = (score: ScoreName, duel: readonly [ModelId, ModelId]) =>
    cell(difference({ results, score }, ...duel), scoreDigits[score], true);
  return {
    id: "table-differences",
    title: "Paired differences: mean ± deviation over seeds [95 % over prompts]",
    head: ["Models", ...scoreNames.map((score) => scoreTitles[score])],
    rows: [...overBase, ...fought(results)].map((duel) => [
      duelTitle(duel),
      ...scoreNames.map((score) => shown(score, duel)),
    ]),
  };
}

const told = (value: Settings[string] | undefined): string =>
  value === undefined ? "–" : [value].flat().map(String).join(", ");

const settingTitles: { readonly [name: string]: string } = {
  learningRate: "Learning rate",
  beta: "beta",
  steps: "Steps",
  pairsPerStep: "Batch",
  warmupSteps: "Warm-up",
  safeguard: "Safeguard",
};

function settings(results: PaperResults): Table {
  const columns = Object.keys(settingTitles);
  const trials = (id: ModelId): number => {
    const method = searched.find((name) => id.startsWith(name));
    return (method && results.shared[searchPart(method)]?.trials.length) ?? 0;
  };
  const rows = known(results, ["sft", "dpo", "spin1", "spin2", "spin3", "lora"]).map((id) => {
    const [model] = modelBySeed(results, id).values();
    return [modelTitles[id], ...columns.map((name) => told(model?.settings[name])), String(trials(id))];
  });
  const head = ["Model", ...columns.map((name) => settingTitles[name] as string), "Trials of the method"];
  return { id: "table-5", title: "Settings, chosen on the development prompts alone", head, rows };
}

function lora(results: PaperResults): Table {
  const models = known(results, ["base", "spin3", "lora"]);
  return {
    id: "table-11",
    title: "LoRA and all weights: means, and win rate over the base by the average in percent",
    head: ["Model", ...scoreNames.map((score) => scoreTitles[score]), "Wins over the base"],
    rows: models.map((id) => [
      modelTitles[id],
      ...scoreNames.map((score) => cell(level({ results, score }, id), scoreDigits[score])),
      id === "base" ? null : cell(winRate({ results, score: "average" }, id, "base"), 1),
    ]),
  };
}

function objectives(results: PaperResults): Table {
  const rows = Object.entries(objectiveTitles).flatMap(([id, title]): (readonly Cell[])[] => {
    const ends = [...curveBySeed(results, id).values()].flatMap(({ points }) => points.slice(-1));
    if (ends.length === 0) return [];
    const spread = (score: ScoreName): Cell => ({
      value: spreadOf(ends.map(({ scores }) => scores[score])),
      digits: scoreDigits[score],
    });
    return [[title, ...scoreNames.map(spread)]];
  });
  return {
    id: "table-objectives",
    title: "One iteration by each objective, T = 10: means of one picture a prompt",
    head: ["Objective", ...scoreNames.map((score) => scoreTitles[score])],
    rows,
  };
}

function trials(results: PaperResults): Table {
  const rows = searched.flatMap((method) => {
    const all = results.shared[searchPart(method)]?.trials ?? [];
    const best = Math.max(...all.map(({ average }) => average));
    return all.map((trial) => [
      searchTitles[method],
      ...["learningRate", "beta", "steps"].map((name) => told(trial.settings[name])),
      trial.average.toFixed(3) + (trial.average === best ? ", chosen" : ""),
    ]);
  });
  return {
    id: "table-trials",
    title: "Trials of settings, by the average on the development prompts",
    head: ["Method", "Learning rate", "beta", "Steps", "Average"],
    rows,
  };
}

/** All that have rows. */
export function tablesOf(results: PaperResults): readonly Table[] {
  const spread = "± deviation over seeds";
  const of = (set: string, over: Over) => `${set}: ${over} over prompts ${spread}`;
  const [all, beside, over] = ["Test prompts", 'Test prompts "… beside …"', 'Test prompts "… one over the other"'];
  return [
    levels(results, "table-1", of(all, "mean"), { over: "mean" }),
    levels(results, "table-2", of(all, "median"), { over: "median" }),
    winsOverBase(results),
    winsOverBaselines(results),
    settings(results),
    levels(results, "table-7", of(beside, "mean"), { over: "mean", chosen: isBeside }),
    levels(results, "table-8", of(beside, "median"), { over: "median", chosen: isBeside }),
    levels(results, "table-9", of(over, "mean"), { over: "mean", chosen: isOver }),
    levels(results, "table-10", of(over, "median"), { over: "median", chosen: isOver }),
    lora(results),
    differences(results),
    objectives(results),
    trials(results),
  ].filter(({ rows }) => rows.length > 0);
}

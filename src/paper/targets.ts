/** @file What was expected before anything was run, and whether it came true. Never adjusted to what was found. */
import { mean } from "../lib/statistics.ts";
import { modelTitles, type ModelId } from "./names.ts";
import type { PaperResults } from "./results.ts";
import { curveBySeed, difference, modelBySeed, type Paired, pairedOver, winRate } from "./summary.ts";
import { type Cell, cellText } from "./table.ts";

export interface Target {
  readonly claim: string;
  readonly found: string;
  /** null: its runs are not there yet */
  readonly met: boolean | null;
  /** whether an interval leaves the sign open, or that of its distance to the bar */
  readonly open: boolean;
}

const AT_LEAST = 91.6;
const WITHIN = 5;

const text = (value: Paired, digits: number, signed: boolean): string =>
  cellText({ value, digits, signed } satisfies Cell);

const straddles = ({ interval }: Paired, bar: number): boolean => interval[0] <= bar && interval[1] >= bar;

function verdict(claim: string, value: Paired | null, met: (mean: number) => boolean, bar = 0, unit = ""): Target {
  if (!value) return { claim, found: "not run yet", met: null, open: false };
  return { claim, found: text(value, unit ? 1 : 3, !unit) + unit, met: met(value.mean), open: straddles(value, bar) };
}

function order(results: PaperResults, id: ModelId, against: ModelId, strict: boolean): Target {
  const claim = `${modelTitles[id]} ${strict ? ">" : "≥"} ${modelTitles[against]} in average score`;
  const value = difference({ results, score: "average" }, id, against);
  return verdict(claim, value, (mean) => (strict ? mean > 0 : mean >= 0));
}

/** Every later point of iteration 1 must stay below: its best is what the end of SPIN 2 is compared with. */
function staysBelow(results: PaperResults): Target {
  const spin = curveBySeed(results, "spin");
  const second = modelBySeed(results, "spin2");
  const gaps = [...curveBySeed(results, "continued")].flatMap(([seed, { points }]) => {
    const end = spin.get(seed)?.points.find(({ samples }) => samples === second.get(seed)?.samples);
    const best = points.slice(1).sort((a, b) => mean(b.average) - mean(a.average))[0];
    return end && best ? [end.average.map((value, i) => value - (best.average[i] as number))] : [];
  });
  const claim = "continued training of iteration 1 stays below SPIN 2, in average score";
  return verdict(claim, pairedOver(gaps), (gap) => gap > 0);
}

function loraNearFull(results: PaperResults): Target {
  const claim = `LoRA within ${WITHIN} points of all weights, by win rate over the base`;
  const asked = { results, score: "average" } as const;
  const [full, lora] = [winRate(asked, "spin3", "base"), winRate(asked, "lora", "base")];
  if (!full || !lora || modelBySeed(results, "lora").size === 0)
    return { claim, found: "not run yet", met: null, open: false };
  const gap = full.mean - lora.mean;
  const both = `${text(lora, 1, false)} % against ${text(full, 1, false)} %`;
  return { claim, found: both, met: gap <= WITHIN, open: straddles(lora, full.mean - WITHIN) };
}

export function targetsOf(results: PaperResults): readonly Target[] {
  const wins = winRate({ results, score: "average" }, "spin3", "base");
  return [
    order(results, "spin1", "base", true),
    order(results, "spin2", "spin1", false),
    order(results, "spin3", "spin2", false),
    order(results, "spin1", "sft", true),
    order(results, "spin2", "dpo", true),
    verdict(`win rate of SPIN 3 over the base ≥ ${AT_LEAST} %`, wins, (mean) => mean >= AT_LEAST, AT_LEAST, " %"),
    staysBelow(results),
    loraNearFull(results),
  ];
}

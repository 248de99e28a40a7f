/** @file What the paper says that our results can speak to, beside what they say. */
import type { PaperResults } from "./results.ts";
import { curveBySeed, difference, type Paired, pairedOver, winRate } from "./summary.ts";
import { cellText } from "./table.ts";

export interface Claim {
  readonly paper: string;
  readonly here: string;
  /** `open`: the interval leaves both */
  readonly verdict: "agrees" | "differs" | "open" | "not run yet";
}

function claim(paper: string, value: Paired | null, unit: string, sign: 1 | -1 = 1, bar = 0): Claim {
  if (!value) return { paper, here: "", verdict: "not run yet" };
  const [low, high] = value.interval;
  const here = `${cellText({ value, digits: unit === " %" ? 1 : 3, signed: unit !== " %" })}${unit}`;
  if (low <= bar && high >= bar) return { paper, here, verdict: "open" };
  return { paper, here, verdict: Math.sign(low - bar) === sign ? "agrees" : "differs" };
}

/** Of a curve, by seed: how much the average changed between two of its points. */
function changed(results: PaperResults, id: string): Paired | null {
  const gaps = [...curveBySeed(results, id).values()].flatMap(({ points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return first && last && first !== last
      ? [last.average.map((value, i) => value - (first.average[i] as number))]
      : [];
  });
  return pairedOver(gaps);
}

/** The end of one curve against that of another, seed by seed. */
function endOver(results: PaperResults, id: string, against: string): Paired | null {
  const others = curveBySeed(results, against);
  const gaps = [...curveBySeed(results, id)].flatMap(([seed, { points }]) => {
    const [end, other] = [points.at(-1), others.get(seed)?.points.at(-1)];
    return end && other ? [end.average.map((value, i) => value - (other.average[i] as number))] : [];
  });
  return pairedOver(gaps);
}

export function claimsOf(results: PaperResults): readonly Claim[] {
  const average = { results, score: "average" } as const;
  return [
    claim("Iteration 1 beats supervised fine-tuning (Table 1)", difference(average, "spin1", "sft"), ""),
    claim("Iteration 2 beats Diffusion-DPO (Table 1)", difference(average, "spin2", "dpo"), ""),
    claim("Iteration 2 beats iteration 1", difference(average, "spin2", "spin1"), ""),
    claim("Iteration 3 beats iteration 2, by less", difference(average, "spin3", "spin2"), ""),
    claim("Iteration 3 wins 91.6 % against the base by the average", winRate(average, "spin3", "base"), " %", 1, 91.6),
    claim("Iteration 3 beats Diffusion-DPO", difference(average, "spin3", "dpo"), ""),
    claim("More of iteration 1 does not help (Figure 5): it gets worse", changed(results, "continued"), "", -1),
    claim(
      "ImageReward, here faith, rises by iteration 3",
      difference({ results, score: "faith" }, "spin3", "base"),
      "",
    ),
    claim(
      "LoRA costs a little against all weights (Table 11 has it for SFT)",
      difference(average, "lora", "spin3"),
      "",
      -1,
    ),
    claim(
      "The approximate objective stands for the exact one (Lemma 4.1): no loss by it",
      endOver(results, "approximate", "exact"),
      "",
    ),
  ];
}

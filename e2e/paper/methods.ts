/** @file The settings that are tried of each method, as many for each: of every trial one set an iteration. */
import type { Searched } from "../../src/paper/names.ts";
import type { Settings } from "../../src/paper/results.ts";
import { GUIDANCE } from "../../src/pocket/config.ts";
import type { SpinSettings } from "../../src/studio/api.ts";
import { presetsFor, settingsOf } from "../../src/studio/presets.ts";

type Trial = readonly SpinSettings[];

function preset(): SpinSettings {
  const found = presetsFor({ parameters: 0, guidance: GUIDANCE }).find(({ id }) => id === "default");
  if (!found) throw new Error("there is no preset `default`");
  return { ...settingsOf(found, 1), probeEvery: 0 };
}

const chain = (settings: SpinSettings, rates: readonly number[], changed: Partial<SpinSettings>): Trial =>
  rates.map((learningRate) => ({ ...settings, ...changed, learningRate }));

/** A quick run tries the first two, in few steps of few pairs. */
export function trialsOf(method: Searched, quick: boolean): readonly Trial[] {
  const all = grids(preset())[method];
  if (!quick) return all;
  const short = { steps: 2, pairsPerStep: 8, warmupSteps: 1, opponentSteps: 4 };
  return all.slice(0, 2).map((trial) => trial.map((each) => ({ ...each, ...short })));
}

function grids(full: SpinSettings): { readonly [M in Searched]: readonly Trial[] } {
  const sft = { ...full, method: "sft", safeguard: 0 } as const;
  const dpo = { ...full, method: "dpo" } as const;
  const lora = { ...full, train: "lora" } as const;
  return {
    sft: [60, 180].flatMap((steps) => [2e-5, 5e-5, 1e-4].map((rate) => chain(sft, [rate], { steps }))),
    dpo: [2000, 5000].flatMap((beta) => [1e-5, 2e-5, 5e-5].map((rate) => chain(dpo, [rate], { beta, steps: 60 }))),
    spin: [
      chain(full, [1e-5, 9e-6, 8e-6], {}),
      chain(full, [2e-5, 1e-5, 5e-6], {}),
      chain(full, [5e-5, 1.5e-5, 5e-6], {}),
      chain(full, [1.2e-5, 1e-5, 8e-6], { steps: 60 }),
      chain(full, [2e-5, 1e-5, 5e-6], { steps: 60 }),
      chain(full, [2e-5, 1e-5, 5e-6], { beta: 5000 }),
    ],
    lora: [30, 60].flatMap((steps) =>
      [
        [1e-4, 9e-5, 8e-5],
        [2e-4, 1.5e-4, 1e-4],
        [4e-4, 2e-4, 1e-4],
      ].map((rates) => chain(lora, rates, { steps })),
    ),
  };
}

/** As they are told: what differs between iterations as a list. */
export function toldOf(trial: Trial): Settings {
  const names = ["learningRate", "beta", "steps", "pairsPerStep", "warmupSteps", "safeguard", "opponentSteps"] as const;
  return Object.fromEntries(
    names.map((name) => {
      const values = trial.map((each) => each[name]);
      const [first = 0] = values;
      return [name, values.every((value) => value === first) ? first : values];
    }),
  );
}

/** One iteration by each objective: the same rate, batch, steps and opponents, which walk down unguided in T = 10 steps. */
export function objectivesOf([first]: Trial): readonly (readonly [id: string, settings: SpinSettings])[] {
  if (!first) return [];
  const settings = { ...first, opponentSteps: 10, guidance: 1, safeguard: 0 };
  return [
    ["approximate", { ...settings, loser: "forward" }],
    ["trajectory", { ...settings, loser: "trajectory" }],
    ["exact", { ...settings, loser: "exact" }],
  ];
}

/** @file What each part will take on this machine, from a few steps and pictures that are timed. */
import { searched, searchPart } from "../../src/paper/names.ts";
import type { SpinSettings } from "../../src/studio/api.ts";
import { type Asked as PlayerOptions, asked as playerAsked } from "../selfplay/options.ts";
import { type Cost, measure, openPlayer } from "../selfplay/player.ts";
import { objectivesOf, trialsOf } from "./methods.ts";
import { type Asked, MODEL } from "./options.ts";

export function playerOptions(asked: Asked, train: SpinSettings["train"]): PlayerOptions {
  const [[first] = []] = trialsOf(train === "lora" ? "lora" : "spin", asked.quick);
  const { pairs, prompts, curve } = asked.protocol;
  const settings = [first as SpinSettings];
  const { threads } = asked;
  return {
    ...playerAsked([]),
    model: MODEL,
    out: asked.out,
    settings,
    pairs,
    prompts,
    drawSteps: curve.steps,
    threads,
  };
}

/** Seconds of an iteration's training; the cost is that of a guarded step of self-play with `measured` pairs. */
function trained(cost: Cost, settings: SpinSettings, pairs: number, measured: number): number {
  const { method = "spin", loser = "forward", steps, pairsPerStep, opponentSteps } = settings;
  // two arms and a second backward pass are measured; SFT has one arm, the exact objective two passes over every step
  const weight = method === "sft" ? 0.4 : loser === "exact" ? 1.2 * opponentSteps : 1;
  const drawn = method === "spin" ? pairs * (cost.rest + opponentSteps * cost.forward) : 0;
  return (steps * weight * cost.step * pairsPerStep) / measured + drawn + 2 * pairs * cost.encode;
}

const SCORING = 0.02; // seconds a picture

/** Minutes of a part of one seed by its name. */
export async function forecastMinutes(asked: Asked): Promise<(part: string) => number> {
  const options = playerOptions(asked, "full");
  const { model, close } = await openPlayer(options);
  const cost = await measure(model, options);
  await close();
  const { pairs, development, prompts, final, curve } = asked.protocol;
  const measured = options.settings[0]?.pairsPerStep ?? 1;
  const chain = (settings: readonly SpinSettings[]) =>
    settings.reduce((sum, each) => sum + trained(cost, each, pairs, measured), 0);
  const drawn = (count: number, steps: number) => count * (cost.rest + steps * cost.forward + SCORING);
  const looks = (count: number) => count * drawn(Math.min(curve.prompts, prompts.length), curve.steps);
  const finals = (count: number) => count * drawn(prompts.length * final.best, final.steps);
  const middle = (name: (typeof searched)[number]) => {
    const trials = trialsOf(name, asked.quick);
    return trials[Math.floor(trials.length / 2)] ?? [];
  };
  const search = searched.map((name) => {
    const trials = trialsOf(name, asked.quick);
    const seconds = trials.reduce((sum, trial) => sum + chain(trial) + drawn(development, curve.steps), 0);
    return [searchPart(name), seconds] as const;
  });
  const spin = middle("spin");
  const seconds = new Map<string, number>([
    ["base", finals(1)],
    ...search,
    ["spin", chain(spin) + looks(10) + finals(3)],
    ["sft", chain(middle("sft")) + looks(4) + finals(1)],
    ["dpo", chain(middle("dpo")) + looks(4) + finals(1)],
    ["lora", chain(middle("lora")) + looks(10) + finals(1)],
    ["continued", chain(spin.slice(1)) + looks(7)],
    ["objectives", chain(objectivesOf(spin).map(([, each]) => each)) + looks(9)],
  ]);
  return (part) => (seconds.get(part) ?? 0) / 60;
}

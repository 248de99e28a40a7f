/**
 * @file One step, judged from outside: a batch and two players in; loss, errors and the gradient of the mean loss out.
 * Nothing is updated. Without an opponent the policy plays against its base: the LoRA with B = 0 (the model's own weights, exactly),
 * or in full training itself, so that the loss is l(0).
 */
import { type Lora, loraKey } from "../artifacts/lora-names.ts";
import { required, StudioError } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import { loraTargets } from "../plan/targets.ts";
import type { Backend } from "../runtime/backend.ts";
import type { Adapter, Denoiser } from "../spin/denoiser.ts";
import type { ObjectiveName } from "../spin/objectives.ts";
import { loserBatch, noised, pairBatch, rows, winnerBatch } from "../spin/pair.ts";
import { TwoGradients } from "../spin/safeguard.ts";
import { dpoStep, dpoStepApart, type PairOutcome, sftStep, spinStep, spinStepApart } from "../spin/step.ts";
import { initialLora } from "./initial-lora.ts";
import type { Model } from "./model.ts";
import { loadNetwork, loraVector, type Player, sameTargets, targetsOf, weightsVector } from "./player.ts";
import type { StepArm, StepBatch, StepPair } from "./step-batch.ts";

export interface StepChoices {
  readonly objective: "spin" | "dpo" | "sft";
  readonly loss: ObjectiveName;
  readonly beta: number;
  /** the safeguard's factor; 0: off. Without a loser there is nothing to guard. */
  readonly safeguard: number;
  readonly train: "full" | "lora";
  readonly cut: "whole" | "stage" | "block";
  readonly weights: "float32" | "float16";
  /** The LoRA where the policy brings none: A drawn by `seed`, B = 0. */
  readonly fresh: { readonly rank: number; readonly alpha: number; readonly targets: string; readonly seed: number };
}

export interface StepOutcome {
  /** mean over the batch, float64 */
  readonly loss: number;
  /** what the safeguard scaled the loser's gradient by; null where it is off */
  readonly scale: number | null;
  /** By the names of the file: `error_winner`, …; what an objective has not is not there. */
  readonly perPair: Readonly<Record<string, readonly number[]>>;
  /** As the adapter's file spells them. */
  readonly gradients: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

const policyId: Adapter = { id: "policy" };
const opponentId: Adapter = { id: "opponent" };
/** Pairs of a micro-batch: a large batch costs the memory of this one. */
const MOST_PAIRS = 4;

/** @throws StudioError for an adapter or opponent that does not fit the model, and where a loser is needed and missing. */
export async function judgeStep(
  backend: Backend,
  policy: Player,
  opponent: Player | null,
  batch: StepBatch,
  choices: StepChoices,
): Promise<StepOutcome> {
  const { pairs } = batch;
  if (choices.objective !== "sft" && pairs.some(({ loser }) => !loser))
    throw new StudioError("batch", `The batch has no "x0_opponent", and ${choices.objective} compares with a loser.`);
  const most = Math.ceil(pairs.length / Math.ceil(pairs.length / MOST_PAIRS));
  const { net, model, against, dispose } = await players(backend, policy, opponent, batch, 2 * most, choices);
  try {
    const microBatches = Array.from({ length: Math.ceil(pairs.length / most) }, (_, i) =>
      pairs.slice(i * most, (i + 1) * most),
    );
    const { gradient, ...result } =
      choices.objective === "sft"
        ? await supervised(net, model, batch, microBatches)
        : await selfPlay(net, against, model, batch, microBatches, choices);
    const spelled = model.set.layout.map(({ name, shape, offset }) => {
      const data = gradient.subarray(offset, offset + sizeOf(shape));
      return [spell(policy.lora, name), { shape, data }] as const;
    });
    return { ...result, gradients: new Map(spelled) };
  } finally {
    await dispose();
  }
}

interface Players {
  readonly net: Denoiser;
  readonly model: Model;
  /** the opponent's adapter */
  readonly against: Adapter;
  dispose(): Promise<void>;
}

/** Policy and opponent on the device. They share one network where only the vectors differ; else the opponent has its own. */
async function players(
  backend: Backend,
  policy: Player,
  opponent: Player | null,
  { shape }: StepBatch,
  samples: number,
  { train, cut, weights, fresh, objective }: StepChoices,
): Promise<Players> {
  const initial = initialLora(fresh.seed);
  const load = ({ folder, lora }: Player): Promise<Model> => {
    const targets = lora ? targetsOf(lora) : loraTargets(fresh.targets, fresh.rank, fresh.alpha);
    return loadNetwork(backend, folder, { shape, samples, train, targets, initial, cut, weights });
  };
  const vector = async (model: Model, { folder, lora }: Player, what: string): Promise<Float32Array> => {
    if (lora) return loraVector(model.set.layout, lora, `The ${what}'s adapter`);
    return train === "full" ? weightsVector(model.set.layout, folder, `The ${what}'s UNet`) : model.base;
  };
  const loaded = [await load(policy)];
  const dispose = async () => {
    for (const model of loaded) await model.dispose();
  };
  try {
    const model = required(loaded[0], "the policy's network");
    await model.denoiser.update(policyId, await vector(model, policy, "policy"));
    // against itself, or nobody, one vector is enough: of a whole SD-1.5 each is 3.4 GB
    const alone = objective === "sft" || (train === "full" && !opponent);
    if (alone) return { net: model.denoiser, model, against: policyId, dispose };
    const rival = opponent ?? { folder: policy.folder, lora: null };
    const otherFolder = train === "lora" && rival.folder !== policy.folder;
    const otherLora = rival.lora && !(policy.lora && sameTargets(policy.lora, rival.lora));
    if (!otherFolder && !otherLora) {
      await model.denoiser.update(opponentId, await vector(model, rival, "opponent"));
      return { net: model.denoiser, model, against: opponentId, dispose };
    }
    const other = await load(rival);
    loaded.push(other);
    await other.denoiser.update(opponentId, await vector(other, rival, "opponent"));
    return { net: apart(model.denoiser, other.denoiser), model, against: opponentId, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** One Denoiser of two networks: the opponent is only ever asked for its errors. */
function apart(policy: Denoiser, opponent: Denoiser): Denoiser {
  return {
    predict: (...call) => policy.predict(...call),
    errors: (adapter, ...call) => (adapter === opponentId ? opponent : policy).errors(adapter, ...call),
    forward: (...call) => policy.forward(...call),
    gradients: () => policy.gradients(),
    parameters: (adapter) => policy.parameters(adapter),
    update: (...call) => policy.update(...call),
  };
}

type Judged = Omit<StepOutcome, "gradients"> & { readonly gradient: Float32Array };

async function selfPlay(
  net: Denoiser,
  against: Adapter,
  { noise }: Model,
  { shape, pairs }: StepBatch,
  microBatches: readonly (readonly StepPair[])[],
  { objective, loss, beta, safeguard }: StepChoices,
): Promise<Judged> {
  const outcomes: PairOutcome[] = [];
  const step = objective === "dpo" ? dpoStep : spinStep;
  const stepApart = objective === "dpo" ? dpoStepApart : spinStepApart;
  const two = safeguard > 0 ? new TwoGradients(net) : null;
  for (const part of microBatches) {
    const options = { beta, loss, accumulation: pairs.length / part.length };
    const visited = part.map(met);
    if (two) {
      const arms = { winner: winnerBatch(noise, shape, visited), loser: loserBatch(noise, shape, visited) };
      outcomes.push(...(await stepApart(net, policyId, against, arms, options, two)));
    } else {
      const { batch, text } = pairBatch(noise, shape, visited);
      outcomes.push(...(await step(net, policyId, against, batch, text, options)));
    }
  }
  const found = two ? await two.combined(safeguard) : { gradient: await net.gradients(), scale: null };
  const of = (key: keyof PairOutcome) => outcomes.map((outcome) => outcome[key]);
  return {
    ...found,
    loss: mean(of("value")),
    perPair: {
      inside: of("inside"),
      error_winner: of("Lw"),
      error_loser: of("Ll"),
      error_winner_opponent: of("Lw0"),
      error_loser_opponent: of("Ll0"),
    },
  };
}

async function supervised(
  net: Denoiser,
  { noise }: Model,
  { shape, pairs }: StepBatch,
  microBatches: readonly (readonly StepPair[])[],
): Promise<Judged> {
  const winners: number[] = [];
  const losers: number[] = [];
  for (const part of microBatches) {
    const { batch, text } = winnerBatch(noise, shape, part.map(met));
    winners.push(...(await sftStep(net, policyId, batch, text, { accumulation: pairs.length / part.length })));
    const arms = part.flatMap(({ loser }) => (loser ? [loser] : []));
    if (arms.length === 0) continue;
    const hidden = rows(part.map((pair) => pair.text));
    const losing = { shape: [part.length, ...shape.text], hidden } as const;
    losers.push(...(await net.errors(policyId, noised(noise, shape.latents, arms), losing)));
  }
  const error_loser = losers.length > 0 ? { error_loser: losers } : {};
  return {
    loss: mean(winners),
    gradient: await net.gradients(),
    scale: null,
    perPair: { error_winner: winners, ...error_loser },
  };
}

/** The pair as Algorithm 1 meets it; the caption is never dropped. Without a loser its rows are never built. */
function met({ winner, loser, text }: StepPair) {
  const { x0, t, eps, target }: StepArm = loser ?? winner;
  return {
    pair: { x0: winner.x0, x0Prime: x0, c: text, empty: text },
    draw: {
      t: winner.t,
      eps: winner.eps,
      tPrime: t,
      epsPrime: eps,
      dropCaption: false,
      ...(target ? { targetPrime: target } : {}),
    },
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

function spell(lora: Lora | null, name: string): string {
  const [, module, side] = /^(.+)\.lora_(A|B)\.weight$/.exec(name) ?? [];
  if (!lora || module === undefined) return name;
  return loraKey(lora.spelling, module, side as "A" | "B");
}

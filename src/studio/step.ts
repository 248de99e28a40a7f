/**
 * @file One step, judged from outside: a batch and two players in; loss, errors and the gradient of the mean loss out.
 * Nothing is updated. Without an opponent the policy plays against its base: the LoRA with B = 0 (the model's own weights, exactly),
 * or in full training itself, so that the loss is l(0).
 */
import { type Lora, loraKey } from "../artifacts/lora-names.ts";
import { ddimProcess } from "../diffusion/ddim-process.ts";
import type { SamplerOptions } from "../diffusion/sampler.ts";
import { required, StudioError } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { Backend } from "../runtime/backend.ts";
import { exactStep } from "../spin/exact.ts";
import type { Adapter, Denoiser } from "../spin/denoiser.ts";
import type { ObjectiveName } from "../spin/objectives.ts";
import { loserBatch, noised, pairBatch, rows, type SampleShape, winnerBatch } from "../spin/pair.ts";
import { TwoGradients } from "../spin/safeguard.ts";
import { dpoStep, dpoStepApart, type PairOutcome, sftStep, spinStep, spinStepApart } from "../spin/step.ts";
import {
  type ErrorScale,
  errorScale,
  minSnr,
  sumScale,
  times,
  typicalLogit,
  type Weighting,
} from "../spin/weighting.ts";
import type { Model } from "./model.ts";
import type { Player } from "./player.ts";
import type { StepArm, StepBatch, StepPair } from "./step-batch.ts";
import { type PlayerChoices, type Players, players, policyId } from "./step-players.ts";
import { stepsBetween, type TrajectoryBatch, type TrajectoryPair, walk } from "./step-trajectories.ts";

export interface StepChoices extends PlayerChoices {
  readonly loss: ObjectiveName;
  readonly beta: number;
  readonly weighting: Weighting;
  /** T of the paper's h_t, where the batch has no trajectories */
  readonly ddimSteps: number;
  /** of DDIM, where the batch has trajectories */
  readonly eta: number;
  /** min-SNR's gamma; 0: off */
  readonly snrGamma: number;
  /** the safeguard's factor; 0: off. Without a loser there is nothing to guard. */
  readonly safeguard: number;
}

export interface StepOutcome {
  /** mean over the batch, float64 */
  readonly loss: number;
  /** the size that the logit will typically have with these weights, for judging beta; null without a logit */
  readonly typicalLogit: number | null;
  /** what the safeguard scaled the loser's gradient by; null where it is off */
  readonly scale: number | null;
  /** By the names of the file: `error_winner`, …; what an objective has not is not there. */
  readonly perPair: Readonly<Record<string, readonly number[]>>;
  /** As the adapter's file spells them. */
  readonly gradients: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

/** Pairs of a micro-batch: a large batch costs the memory of this one. */
const MOST_PAIRS = 4;

/** @throws StudioError for an adapter or opponent that does not fit the model, and where a loser is needed and missing. */
export async function judgeStep(
  backend: Backend,
  policy: Player,
  opponent: Player | null,
  batch: StepBatch | TrajectoryBatch,
  choices: StepChoices,
): Promise<StepOutcome> {
  refuseUnfit(batch, choices);
  const count = batch.pairs.length;
  const most = Math.ceil(count / Math.ceil(count / MOST_PAIRS));
  const playing = await players(backend, policy, opponent, batch.shape, 2 * most, choices);
  try {
    const { gradient, ...result } = await judged(playing, batch, most, choices);
    const spelled = playing.model.set.layout.map(({ name, shape, offset }) => {
      const data = gradient.subarray(offset, offset + sizeOf(shape));
      return [spell(policy.lora, name), { shape, data }] as const;
    });
    return { ...result, gradients: new Map(spelled) };
  } finally {
    await playing.dispose();
  }
}

function refuseUnfit(batch: StepBatch | TrajectoryBatch, { objective, weighting, snrGamma }: StepChoices): void {
  const refuse = (sentence: string): never => {
    throw new StudioError("batch", sentence);
  };
  const lone = !("timesteps" in batch) && batch.pairs.some(({ loser }) => !loser);
  if (objective !== "sft" && lone) refuse(`The batch has no "x0_opponent", and ${objective} compares with a loser.`);
  if (objective === "sft" && weighting === "paper")
    refuse("The paper's weighting is of a logit, and sft has none: --snr-gamma weights its errors.");
  if (objective === "exact" && snrGamma > 0)
    refuse("The exact objective is a sum of log likelihoods, which min-SNR would break: leave --snr-gamma out.");
}

function judged(
  playing: Players,
  batch: StepBatch | TrajectoryBatch,
  most: number,
  choices: StepChoices,
): Promise<Judged> {
  if ("timesteps" in batch) return exact(playing, batch, inParts(batch.pairs, most), choices);
  const parts = inParts(batch.pairs, most);
  if (choices.objective === "sft") return supervised(playing, batch, parts, choices);
  return selfPlay(playing, batch, parts, choices);
}

const inParts = <T>(pairs: readonly T[], most: number): (readonly T[])[] =>
  Array.from({ length: Math.ceil(pairs.length / most) }, (_, i) => pairs.slice(i * most, (i + 1) * most));

const samplerOptions = ({ scheduler, noise }: Model, steps: number): SamplerOptions => ({
  ...scheduler,
  schedule: noise,
  steps,
});

/** s_t without the choice's weighting. */
const snrScale = ({ noise }: Model, { snrGamma }: StepChoices): ErrorScale =>
  snrGamma > 0 ? minSnr(noise, snrGamma) : () => 1;

type Judged = Omit<StepOutcome, "gradients"> & { readonly gradient: Float32Array };

async function selfPlay(
  { net, model, against }: Players,
  { shape, pairs }: StepBatch,
  parts: readonly (readonly StepPair[])[],
  choices: StepChoices,
): Promise<Judged> {
  const { objective, loss, beta, weighting, ddimSteps, safeguard } = choices;
  const { noise } = model;
  const process = ddimProcess(samplerOptions(model, ddimSteps));
  const scale = times(errorScale(weighting, process, sizeOf(shape.latents)), snrScale(model, choices));
  const outcomes: PairOutcome[] = [];
  const step = objective === "dpo" ? dpoStep : spinStep;
  const stepApart = objective === "dpo" ? dpoStepApart : spinStepApart;
  const two = safeguard > 0 ? new TwoGradients(net) : null;
  for (const part of parts) {
    const options = { beta, loss, scale, accumulation: pairs.length / part.length };
    const visited = (await aimed(net, against, shape, part)).map(met);
    if (two) {
      const arms = { winner: winnerBatch(noise, shape, visited), loser: loserBatch(noise, shape, visited) };
      outcomes.push(...(await stepApart(net, policyId, against, arms, options, two)));
    } else {
      const { batch, text } = pairBatch(noise, shape, visited);
      outcomes.push(...(await step(net, policyId, against, batch, text, options)));
    }
  }
  const found = two ? await two.combined(safeguard) : { gradient: await net.gradients(), scale: null };
  return { ...found, ...told(outcomes), typicalLogit: typicalLogit(beta, scale, [...noise.alphasCumprod.keys()]) };
}

/** (C.5): a loser that was met on the opponent's trajectory has as its target what the opponent predicts there. */
async function aimed(
  net: Denoiser,
  against: Adapter,
  { latents, text }: SampleShape,
  part: readonly StepPair[],
): Promise<readonly StepPair[]> {
  const xt = part.flatMap(({ loser }) => (loser?.xt && !loser.target ? [loser.xt] : []));
  if (xt.length < part.length) return part;
  const t = part.map(({ loser }) => loser?.t ?? 0);
  const at = { shape: [part.length, ...latents], xt: rows(xt), t, target: new Float32Array(0) } as const;
  const hidden = rows(part.map((pair) => pair.text));
  const targets = await net.predict(against, at, { shape: [part.length, ...text], hidden });
  const size = sizeOf(latents);
  return part.map((pair, b) => ({
    ...pair,
    loser: pair.loser && { ...pair.loser, target: targets.slice(b * size, (b + 1) * size) },
  }));
}

async function exact(
  { net, model, against }: Players,
  batch: TrajectoryBatch,
  parts: readonly (readonly TrajectoryPair[])[],
  { loss, beta, weighting, eta, safeguard }: StepChoices,
): Promise<Judged> {
  const { timesteps, pairs, shape } = batch;
  const steps = stepsBetween(timesteps, samplerOptions(model, timesteps.length), eta);
  const process = { timesteps, schedule: model.noise, at: (t: number) => required(steps.get(t), `t = ${t}`) };
  const scale = sumScale(weighting, process, sizeOf(shape.latents));
  const outcomes: PairOutcome[] = [];
  const two = safeguard > 0 ? new TwoGradients(net) : null;
  for (const part of parts) {
    const options = { beta, loss, scale, accumulation: pairs.length / part.length };
    const trajectories = walk(batch, part, model.noise, steps);
    outcomes.push(...(await exactStep(net, policyId, against, trajectories, options, two)));
  }
  const found = two ? await two.combined(safeguard) : { gradient: await net.gradients(), scale: null };
  const size = timesteps.length * typicalLogit(beta, scale, timesteps);
  return { ...found, ...told(outcomes), typicalLogit: size };
}

function told(outcomes: readonly PairOutcome[]) {
  const of = (key: keyof PairOutcome) => outcomes.map((outcome) => outcome[key]);
  return {
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
  { net, model }: Players,
  { shape, pairs }: StepBatch,
  parts: readonly (readonly StepPair[])[],
  choices: StepChoices,
): Promise<Judged> {
  const { noise } = model;
  const scale = snrScale(model, choices);
  const [winners, losers, values]: [number[], number[], number[]] = [[], [], []];
  for (const part of parts) {
    const { batch, text } = winnerBatch(noise, shape, part.map(met));
    const errors = await sftStep(net, policyId, batch, text, { accumulation: pairs.length / part.length, scale });
    winners.push(...errors);
    errors.forEach((error, b) => values.push(scale(required(batch.t[b], "t")) * error));
    const arms = part.flatMap(({ loser }) => (loser ? [loser] : []));
    if (arms.length === 0) continue;
    const hidden = rows(part.map((pair) => pair.text));
    const losing = { shape: [part.length, ...shape.text], hidden } as const;
    losers.push(...(await net.errors(policyId, noised(noise, shape.latents, arms), losing)));
  }
  const error_loser = losers.length > 0 ? { error_loser: losers } : {};
  return {
    loss: mean(values),
    gradient: await net.gradients(),
    scale: null,
    typicalLogit: null,
    perPair: { error_winner: winners, ...error_loser },
  };
}

/** The pair as Algorithm 1 meets it; the caption is never dropped. Without a loser its rows are never built. */
function met({ winner, loser, text }: StepPair) {
  const { x0, t, eps, target, xt }: StepArm = loser ?? winner;
  return {
    pair: { x0: winner.x0, x0Prime: x0, c: text, empty: text },
    draw: {
      t: winner.t,
      eps: winner.eps,
      tPrime: t,
      epsPrime: eps,
      dropCaption: false,
      ...(target ? { targetPrime: target } : {}),
      ...(xt ? { xtPrime: xt } : {}),
    },
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

function spell(lora: Lora | null, name: string): string {
  const [, module, side] = /^(.+)\.lora_(A|B)\.weight$/.exec(name) ?? [];
  if (!lora || module === undefined) return name;
  return loraKey(lora.spelling, module, side as "A" | "B");
}

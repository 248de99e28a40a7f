/**
 * @file The exact objective (4.8): the sum over all T steps of both trajectories stands inside the loss.
 *   inside = -beta sum_t s_t ((L_w - L_w0) - (L_l - L_l0))(t),   s_t L = ||x_{t-1} - mu_theta(x_t)||^2 with (C.5)'s scale.
 * Two passes over trajectories that lie wherever they were kept: the first, without gradient, gives `inside` and so the one
 * weight l' that all steps of a pair share; the second adds up the gradient step by step. Memory is that of one step.
 */
import { required } from "../lib/errors.ts";
import type { Adapter, Denoiser } from "./denoiser.ts";
import { objectives } from "./objectives.ts";
import { type PairBatch, rows } from "./pair.ts";
import type { Arm, TwoGradients } from "./safeguard.ts";
import { halves, type PairOutcome, type StepOptions } from "./step.ts";

/** Both trajectories of B pairs, a step at a time: x_t and the output that leads to x_{t-1}; asked for twice, the same both times. */
export interface Trajectories {
  /** T */
  readonly length: number;
  /** Step i = 0 .. T-1 from x_T down; B rows an arm, all of one arm at one t. */
  at(i: number): Promise<Readonly<Record<Arm, PairBatch>>>;
}

/**
 * Adds the gradient of mean_b l(inside_b) / accumulation to the gradient vector, or to the two arms' own. Errors of the
 * outcomes are means over the steps; `sumScale` makes the scale. Policy = opponent gives exactly l(0).
 */
export async function exactStep(
  net: Denoiser,
  theta: Adapter,
  thetaK: Adapter,
  trajectories: Trajectories,
  { beta, loss, accumulation, scale }: Required<StepOptions>,
  gradients: TwoGradients | null = null,
): Promise<PairOutcome[]> {
  const inside: number[] = [];
  const sums = { Lw: [] as number[], Ll: [] as number[], Lw0: [] as number[], Ll0: [] as number[] };
  for (let i = 0; i < trajectories.length; i++) {
    const arms = await trajectories.at(i);
    const errors = gradients ? errorsApart : errorsTogether;
    const [Lw0, Ll0] = await errors(net, thetaK, arms);
    const [Lw, Ll] = await errors(net, theta, arms);
    const [s, sPrime] = [scale(timeOf(arms.winner)), scale(timeOf(arms.loser))];
    Lw.forEach((_, b) => {
      const at = (list: Float32Array) => required(list[b], "an error");
      const now = { Lw: at(Lw), Ll: at(Ll), Lw0: at(Lw0), Ll0: at(Ll0) };
      add(inside, b, beta * (sPrime * (now.Ll - now.Ll0) - s * (now.Lw - now.Lw0)));
      for (const key of ["Lw", "Ll", "Lw0", "Ll0"] as const) add(sums[key], b, now[key] / trajectories.length);
    });
  }
  const judged = inside.map((u) => objectives[loss](u));
  const pulls = judged.map(([, slope]) => (beta * slope) / (inside.length * accumulation));
  const seeds: Record<Arm, (t: number) => number[]> = {
    winner: (t) => pulls.map((pull) => -pull * scale(t)),
    loser: (t) => pulls.map((pull) => pull * scale(t)),
  };
  if (gradients) await backwardApart(net, theta, trajectories, seeds, gradients);
  else await backwardTogether(net, theta, trajectories, seeds);
  return judged.map(([value], b) => ({
    value,
    inside: required(inside[b], "inside"),
    Lw: required(sums.Lw[b], "an error"),
    Ll: required(sums.Ll[b], "an error"),
    Lw0: required(sums.Lw0[b], "an error"),
    Ll0: required(sums.Ll0[b], "an error"),
  }));
}

type Arms = Readonly<Record<Arm, PairBatch>>;
type Seeds = Readonly<Record<Arm, (t: number) => number[]>>;

const timeOf = ({ batch }: PairBatch): number => required(batch.t[0], "t");

const add = (list: number[], b: number, value: number): void => {
  list[b] = (list[b] ?? 0) + value;
};

async function errorsTogether(net: Denoiser, adapter: Adapter, arms: Arms) {
  const { batch, text } = together(arms);
  return halves(await net.errors(adapter, batch, text));
}

async function errorsApart(net: Denoiser, adapter: Adapter, { winner, loser }: Arms) {
  return [
    await net.errors(adapter, winner.batch, winner.text),
    await net.errors(adapter, loser.batch, loser.text),
  ] as const;
}

async function backwardTogether(net: Denoiser, theta: Adapter, trajectories: Trajectories, seeds: Seeds) {
  for (let i = 0; i < trajectories.length; i++) {
    const arms = await trajectories.at(i);
    const { batch, text } = together(arms);
    const pass = await net.forward(theta, batch, text);
    await pass.backward([...seeds.winner(timeOf(arms.winner)), ...seeds.loser(timeOf(arms.loser))]);
  }
}

async function backwardApart(
  net: Denoiser,
  theta: Adapter,
  trajectories: Trajectories,
  seeds: Seeds,
  gradients: TwoGradients,
) {
  const first = gradients.lying;
  for (const arm of [first, first === "winner" ? "loser" : "winner"] as const) {
    await gradients.turn(arm);
    for (let i = 0; i < trajectories.length; i++) {
      const { [arm]: part } = await trajectories.at(i);
      const pass = await net.forward(theta, part.batch, part.text);
      await pass.backward(seeds[arm](timeOf(part)));
    }
  }
}

/** [winners..., losers...] */
function together({ winner, loser }: Arms): PairBatch {
  const [count, ...latents] = winner.batch.shape;
  const [, tokens, width] = winner.text.shape;
  return {
    batch: {
      shape: [2 * count, ...latents],
      xt: rows([winner.batch.xt, loser.batch.xt]),
      t: [...winner.batch.t, ...loser.batch.t],
      target: rows([winner.batch.target, loser.batch.target]),
    },
    text: { shape: [2 * count, tokens, width], hidden: rows([winner.text.hidden, loser.text.hidden]) },
  };
}

/**
 * @file The safeguard (Diffusion-SDPO's idea): the loser's gradient is scaled down where it would raise the winner's error.
 *
 * With w_b = -beta s_b l'(inside_b) >= 0, held fixed, the gradient of the mean of l over a step's N pairs has two terms:
 *   g_w = +1/N sum_b w_b grad L_w,b        g_l = -1/N sum_b w_b grad L_l,b
 * so g_w is the gradient of the winners' weighted error W = 1/N sum_b w_b L_w,b. A step -eta (g_w + s g_l) changes it by
 *   dW = -eta (|g_w|^2 + s <g_w, g_l>) + O(eta^2).
 * Where <g_w, g_l> >= 0 pushing the loser away helps the winner too, and s = 1. Where it is negative, the push takes back
 * -s <g_w, g_l> of what g_w alone lowers, |g_w|^2; that share is at most `factor` exactly when
 *   s = min(1, factor |g_w|^2 / -<g_w, g_l>),
 * so to first order W falls at least by (1 - factor) |g_w|^2 eta. Clipping keeps the direction, and so the promise; AdamW's
 * scaling does not, which is why the winner's error is watched too (probe.ts).
 *
 * Both vectors are sums over the whole optimizer step and all trained parameters. The device has one accumulator, so they
 * are gathered on the host, two float32 vectors (dot products in float64): a second accumulator on the device would cost as
 * much there and touch every plan. One arm is read before the other is begun; a micro-batch begins with the arm that lies
 * on the device already, so that M of them cost M + 1 reads and not 2 M.
 */
import { required } from "../lib/errors.ts";
import type { Denoiser } from "./denoiser.ts";

export type Arm = "winner" | "loser";

/** s; 1 where nothing is scaled. */
export function safeguardScale(winner: Float32Array, loser: Float32Array, factor: number): number {
  const conflict = -dot(winner, loser);
  return conflict > 0 ? Math.min(1, (factor * dot(winner, winner)) / conflict) : 1;
}

/** winner <- winner + s loser, in place; returns s. */
export function safeguard(winner: Float32Array, loser: Float32Array, factor: number): number {
  const scale = safeguardScale(winner, loser, factor);
  for (let i = 0; i < winner.length; i++) winner[i] = (winner[i] as number) + scale * (loser[i] as number);
  return scale;
}

/**
 * The gradients of the two arms of one optimizer step, gathered through the device's one accumulator. Each step needs a
 * new one: which arm comes first decides the order of the sums, and a resumed run must add in the same.
 */
export class TwoGradients {
  readonly #net: Pick<Denoiser, "gradients">;
  readonly #sums: Record<Arm, Float32Array | null> = { winner: null, loser: null };
  #lying: Arm = "winner";

  /** The device's accumulator must be clear. */
  constructor(net: Pick<Denoiser, "gradients">) {
    this.#net = net;
  }

  /** The arm whose gradient lies on the device. */
  get lying(): Arm {
    return this.#lying;
  }

  /** From now on backward adds to this arm. */
  async turn(arm: Arm): Promise<void> {
    if (arm === this.#lying) return;
    await this.#read();
    this.#lying = arm;
  }

  /** g_w + s g_l, and s: the step's end. */
  async combined(factor: number): Promise<{ readonly gradient: Float32Array; readonly scale: number }> {
    await this.#read();
    const gradient = required(this.#sums.winner, "the winners' gradient");
    return { scale: safeguard(gradient, required(this.#sums.loser, "the losers' gradient"), factor), gradient };
  }

  async #read(): Promise<void> {
    const part = await this.#net.gradients();
    const sum = this.#sums[this.#lying];
    if (!sum) this.#sums[this.#lying] = part;
    else for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (part[i] as number);
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

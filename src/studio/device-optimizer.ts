/**
 * @file The optimizer of what is too large for the host: weights, gradient, moments and average stay on the device, and pass
 * through it a group at a time. What is read back at a step is the gradient's sums of squares, on which it is also seen whether all
 * of it is finite.
 */
import type { StateInParts, StateVector } from "../artifacts/checkpoint-parts.ts";
import { momentsOf, ratesOf } from "../plan/optimizer-plans.ts";
import type { Executor } from "../runtime/executor.ts";
import { clipScale } from "../spin/clip.ts";
import type { Adapter } from "../spin/denoiser.ts";
import { emaDecayAt } from "../spin/ema.ts";
import type { Optimizer, OptimizerOptions } from "../spin/optimizer.ts";

/** The weights lie in the adapter `theta`, moments and average in the executor's own tensors. */
export class DeviceOptimizer implements Optimizer, StateInParts {
  readonly #executor: Executor;
  readonly #theta: Adapter;
  readonly #options: OptimizerOptions;
  #step: number;

  private constructor(executor: Executor, theta: Adapter, step: number, options: OptimizerOptions) {
    this.#executor = executor;
    this.#theta = theta;
    this.#step = step;
    this.#options = options;
  }

  /** Goes on from a state whose weights lie in `theta` already; what it has not of moments and average begins here. */
  static async from(executor: Executor, theta: Adapter, state: StateInParts, options: OptimizerOptions) {
    const optimizer = new DeviceOptimizer(executor, theta, state.step, options);
    for (const group of executor.groups)
      for (const vector of ["m", "v", "ema"] as const) {
        const tensor = momentsOf(group)[vector];
        executor.forget(tensor);
        if (!optimizer.vectors.includes(vector)) continue;
        if (state.vectors.includes(vector)) await executor.write(tensor, await state.read(vector, group));
        else if (vector === "ema") await executor.write(tensor, await executor.readGroup(theta.id, group));
      }
    return optimizer;
  }

  get vectors(): readonly StateVector[] {
    return ["vector", "m", "v", ...((this.#options.emaDecay ?? 0) > 0 ? (["ema"] as const) : [])];
  }

  async read(vector: StateVector, group: string): Promise<Float32Array> {
    if (vector === "vector") return this.#executor.readGroup(this.#theta.id, group);
    return (await this.#executor.read(momentsOf(group)[vector])) as Float32Array;
  }

  get step(): number {
    return this.#step;
  }

  async begin(): Promise<void> {
    await this.#executor.clearGradients();
  }

  async apply(learningRate: number): Promise<number> {
    const { maxGradNorm, weightDecay, betas, emaDecay = 0 } = this.#options;
    const { norm, scale } = clipScale(await this.#squares(), maxGradNorm);
    const step = this.#step + 1;
    const rates = ratesOf({
      clip: scale,
      decay: 1 - learningRate * weightDecay,
      stepSize: learningRate / (1 - betas[0] ** step),
      correction2: Math.sqrt(1 - betas[1] ** step),
    });
    await this.#each("adamw", { "adamw.rates": rates });
    if (emaDecay > 0) await this.#each("ema", { "ema.share": Float32Array.of(1 - emaDecayAt(step, emaDecay)) });
    await this.#executor.clearGradients();
    this.#step = step;
    return norm;
  }

  /** The sum of all squares. */
  async #squares(): Promise<number> {
    let squares = 0;
    for (const group of this.#executor.groups) {
      await this.#executor.run(`norm/${group}`, {});
      for (const sum of (await this.#executor.read(`norm/${group}/squares`)) as Float32Array) squares += sum;
    }
    return squares;
  }

  async #each(plan: string, inputs: Readonly<Record<string, Float32Array>>): Promise<void> {
    for (const group of this.#executor.groups) await this.#executor.run(`${plan}/${group}`, inputs, this.#theta.id);
  }
}

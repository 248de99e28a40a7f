/**
 * @file The policy's weights with all that their next update depends on, wherever they lie. Here: on the host, as flat vectors.
 * What is too large for that has its own implementation, on the device.
 */
import { type AdamWOptions, adamW, type TrainState } from "./adamw.ts";
import { clipGradNorm } from "./clip.ts";
import type { Adapter, Denoiser } from "./denoiser.ts";
import { average, emaDecayAt } from "./ema.ts";

export interface OptimizerOptions extends AdamWOptions {
  readonly maxGradNorm: number;
  /** Of the average of the weights, which the iteration then ends with; 0 or none: no average. */
  readonly emaDecay?: number;
}

export interface Optimizer {
  /** Updates made. */
  readonly step: number;
  /** The policy's weights are on the device, and what an interrupted step had accumulated is gone. */
  begin(): Promise<void>;
  /**
   * One update by the gradient that backward has accumulated, or by `gradient`, which was read before and may be changed:
   * clipping, AdamW at this rate, then the average. The accumulators are clear afterwards. Returns the norm before clipping.
   * @throws StudioError `not-finite`; the weights are those of the step before.
   */
  apply(learningRate: number, gradient?: Float32Array): Promise<number>;
}

/** Changes `state` in place. */
export class HostOptimizer implements Optimizer {
  readonly #net: Denoiser;
  readonly #theta: Adapter;
  readonly #state: TrainState;
  readonly #options: OptimizerOptions;

  constructor(net: Denoiser, theta: Adapter, state: TrainState, options: OptimizerOptions) {
    this.#net = net;
    this.#theta = theta;
    this.#state = state;
    this.#options = options;
  }

  get step(): number {
    return this.#state.step;
  }

  async begin(): Promise<void> {
    await this.#net.update(this.#theta, this.#state.vector);
    await this.#net.gradients();
  }

  async apply(learningRate: number, given?: Float32Array): Promise<number> {
    const [state, options] = [this.#state, this.#options];
    const gradient = given ?? (await this.#net.gradients());
    const norm = clipGradNorm(gradient, options.maxGradNorm);
    adamW(state, gradient, learningRate, options);
    if (state.ema) average(state.ema, state.vector, emaDecayAt(state.step, options.emaDecay ?? 0));
    await this.#net.update(this.#theta, state.vector);
    return norm;
  }
}

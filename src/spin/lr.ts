/**
 * @file The learning rate as a pure function of the step. Warm-up counts from 1 (transformers' schedules count from 0,
 * and so waste a step at rate 0); the decay is transformers' `get_linear_schedule_with_warmup`.
 */

export interface RateOptions {
  readonly learningRate: number;
  /** Taken literally: 200 warm-up steps of an iteration of 50 peak at a quarter of the rate (the paper's preset). */
  readonly warmupSteps: number;
  readonly schedule: "linear" | "constant";
}

/** The rate of optimizer step `step`, 0 .. steps-1, of `steps`. */
export function learningRateAt(step: number, steps: number, options: RateOptions): number {
  const { learningRate, warmupSteps, schedule } = options;
  if (step < warmupSteps) return learningRate * ((step + 1) / warmupSteps);
  if (schedule === "constant") return learningRate;
  return learningRate * ((steps - step) / (steps - warmupSteps));
}

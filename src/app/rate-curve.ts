/** @file The learning rate over an iteration, to be shown: linear warm-up, then linear to 0, or as it is. */

/** The rate of optimizer step `step`, 1 .. steps. */
export function rateAt(
  step: number,
  {
    steps,
    warmupSteps,
    learningRate,
    schedule = "linear",
  }: {
    readonly steps: number;
    readonly warmupSteps: number;
    readonly learningRate: number;
    readonly schedule?: "linear" | "constant";
  },
): number {
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps;
  if (schedule === "constant") return learningRate;
  return (learningRate * (steps - step + 1)) / (steps - warmupSteps);
}

/** Corners of the curve: it is straight between them. */
export function rateCorners(options: Parameters<typeof rateAt>[1]): readonly { step: number; rate: number }[] {
  const { steps, warmupSteps } = options;
  const corners = [...new Set([1, Math.min(warmupSteps, steps), Math.min(warmupSteps + 1, steps), steps])];
  return corners
    .filter((step) => step >= 1)
    .sort((a, b) => a - b)
    .map((step) => ({ step, rate: rateAt(step, options) }));
}

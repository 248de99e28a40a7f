/** @file How an iteration is made, and the settings that were thought about: types only. */
import type { SamplerName } from "../diffusion/samplers.ts";

export interface SpinSettings {
  /** `sft`: supervised, on the pairs alone; `dpo`: Diffusion-DPO on given losers; missing: self-play */
  readonly method?: "spin" | "dpo" | "sft";
  readonly steps: number;
  readonly pairsPerStep: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly beta: number;
  readonly loss: "logistic" | "hinge" | "correlation";
  /** of the errors in the logit: means, halved (DiffusionDPO; missing), or the paper's squared norms times h_t^2 */
  readonly weighting?: "mean" | "paper";
  /** min-SNR's gamma; missing or 0: off */
  readonly snrGamma?: number;
  /** after the warm-up; missing: linear */
  readonly schedule?: "linear" | "constant";
  /** where the loser is met: noised forward (missing), on the opponent's trajectory (C.5), or on all of it (4.8) */
  readonly loser?: "forward" | "trajectory" | "exact";
  /** of DDIM, from which sigma_t follows; exact alone; missing: 0 */
  readonly eta?: number;
  readonly captionDropout: number;
  readonly independentNoise: boolean;
  readonly opponentSteps: number;
  /** how the opponent draws; missing: DDIM, as in the paper */
  readonly sampler?: SamplerName;
  readonly guidance: number;
  readonly seed: number;
  readonly train: "full" | "lora";
  readonly rank: number;
  /** the safeguard's factor, 0.9 where nothing speaks against it; 0: off */
  readonly safeguard: number;
  /** of the average of the weights (EMA), which is then kept in their place; missing or 0: none */
  readonly emaDecay?: number;
  /** how a whole network in parts is kept; in float16 its weights take half, and a run goes on from rounded ones. Missing: float32 */
  readonly storedAs?: "float32" | "float16";
  /** optimizer steps between two probes; 0: none */
  readonly probeEvery: number;
  /** pairs that an iteration uses, the first of the project's; 0: all */
  readonly usedPairs: number;
}

export interface Preset {
  readonly id: string;
  readonly title: string;
  /** one line */
  readonly help: string;
  /** one for each iteration, the last for all that follow */
  readonly settings: readonly SpinSettings[];
}

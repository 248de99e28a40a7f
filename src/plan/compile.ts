/** @file From configurations and choices to everything a run needs: the plans of a studio and their programs. */
import { mean, mul, sub } from "../graph/functions.ts";
import { DEFAULT_BINDING_BYTES } from "../graph/verify.ts";
import type { LoraTargets } from "../graph/passes/lora.ts";
import { clipText } from "../models/clip-text.ts";
import type { TextConfig, UNetConfig, VaeConfig } from "../models/config.ts";
import { type Network, prefixed } from "../models/segment.ts";
import { unet } from "../models/unet.ts";
import type { Compiled } from "./builder.ts";
import { PlanBuilder } from "./builder.ts";
import type { Cut } from "./groups.ts";
import { forwardPlan, trainingPlans } from "./network-plans.ts";
import { type AdamWConstants, addOptimizerPlans } from "./optimizer-plans.ts";
import { addVaePlans } from "./vae-plans.ts";

export interface ModelConfigs {
  readonly unet: UNetConfig;
  /** absent where only denoising is asked for */
  readonly vae?: VaeConfig;
  readonly text?: TextConfig;
}

export interface Training {
  readonly kind: "full" | "lora";
  /** LoRA: what each module gets */
  readonly targets?: LoraTargets;
  /** none: the gradient is read, and the optimizer is the host's; else plans for it are among the set's */
  readonly optimizer?: AdamWConstants;
}

export interface CompileOptions {
  /** latent height and width */
  readonly height: number;
  readonly width: number;
  /** rows of one training run of the UNet: two a pair */
  readonly samples: number;
  /** rows of one drawing run of the UNet, two a picture with guidance; `samples` by default */
  readonly drawSamples?: number;
  readonly tokens: number;
  readonly training: Training;
  readonly cut: Cut;
  readonly weights: "float32" | "float16";
  /** Arithmetic of pictures, which have no part in the logit; float32 by default. */
  readonly drawing?: "float32" | "float16";
  /** Latents along the side of a tile of the VAE, a multiple of 4; null, and where all fits in one: pictures whole. */
  readonly vaeTile?: number | null;
  /** Largest operand that Softmax and LayerNormalization may have. */
  readonly maxBindingBytes?: number;
  /** Largest attention score matrix inside one backward program. */
  readonly scoreBytes?: number;
}

/** errors[n] = mean over C, H, W of (eps - target)^2 */
export function withErrors(network: Network): Network {
  const sample = network.inputs["sample"];
  if (!sample) throw new Error("internal: the network has no sample");
  return {
    inputs: { ...network.inputs, target: sample },
    segments: [
      ...network.segments,
      {
        name: "errors",
        prefix: "",
        stage: "errors",
        reads: ["eps", "target"],
        writes: "errors",
        build: (_p, [eps, target]) => {
          const d = sub(eps as NonNullable<typeof eps>, target as NonNullable<typeof target>);
          return mean(mul(d, d), [1, 2, 3]);
        },
      },
    ],
    output: "errors",
  };
}

/** Rows of one picture with guidance, and up to how many it may share a plan with others. */
const ROWS_OF_ONE = 2;
const FEW_ROWS = 4;

/**
 * The plans `predict` (inputs `draw.sample`, …), where that has many rows `predictOne` for a single picture (`one.sample`, …), where pictures are drawn in float16 `predictHalf` (`half.sample`, …), `errors`, `forward`, `backward`, and where the configurations are given `encodeText`, `encodeImage`, `decode`; of a VAE in tiles `encodeImage.32x16` (inputs `32x16.pixels`), `decode.32x16`, … for each size of tile in latents.
 * @throws when the configuration passes a limit of the WebGPU backend.
 */
export function compile(configs: ModelConfigs, options: CompileOptions): Compiled {
  const { height, width, samples, tokens, training, cut } = options;
  const builder = new PlanBuilder(options.maxBindingBytes ?? DEFAULT_BINDING_BYTES);
  const half = (): boolean => options.weights === "float16";
  const scoreBytes = options.scoreBytes ?? 32 * 2 ** 20;
  const trained = training.kind === "full" ? { trains: () => true } : { targets: training.targets ?? (() => null) };
  const denoise = unet(configs.unet, { batch: samples, height, width, tokens });
  const denoiser = { name: "unet", cut, half, ...trained };
  const drawSamples = options.drawSamples ?? samples;
  const rows = (batch: number): Network => unet(configs.unet, { batch, height, width, tokens });
  builder.timeline({
    predict: forwardPlan(builder, { ...denoiser, network: prefixed(rows(drawSamples), "draw."), outputs: ["eps"] }),
  });
  if (options.drawSamples !== undefined && drawSamples > FEW_ROWS) {
    const one = prefixed(rows(ROWS_OF_ONE), "one.", "one.eps");
    builder.timeline({ predictOne: forwardPlan(builder, { ...denoiser, network: one, outputs: ["one.eps"] }) });
  }
  if (options.drawing === "float16") {
    const network = prefixed(rows(drawSamples), "half.", "half.eps");
    builder.timeline({
      predictHalf: forwardPlan(builder, { ...denoiser, network, outputs: ["half.eps"], draws: true }),
    });
  }
  const network = withErrors(denoise);
  const { forward, backward } = trainingPlans(builder, {
    ...denoiser,
    network,
    outputs: ["errors"],
    loss: "errors",
    scoreBytes,
    accumulators: training.optimizer ? "copies" : "twins",
  });
  builder.timeline({ errors: forward });
  builder.timeline({ forward, backward });
  if (training.optimizer) addOptimizerPlans(builder, training.optimizer);
  if (configs.text) {
    const text = clipText(configs.text, 1, tokens);
    builder.timeline({
      encodeText: forwardPlan(builder, { name: "text", network: text, cut: "whole", half, outputs: [text.output] }),
    });
  }
  if (configs.vae)
    addVaePlans(builder, configs.vae, { height, width, vaeTile: options.vaeTile ?? null }, { cut, half });
  return builder.finish();
}

/** @file The errors of a UNet in float64, by the interpreter: what a backend's rounding is measured against. For nano models only. */
import { timestepEmbedding } from "../diffusion/timestep-embedding.ts";
import { interpret } from "../graph/interpret.ts";
import { graphOf } from "../graph/ir.ts";
import { applyLora } from "../graph/passes/lora.ts";
import { required } from "../lib/errors.ts";
import { fromFloat16Array, toFloat16Array } from "../lib/float16.ts";
import type { UNetConfig } from "../models/config.ts";
import { compose } from "../models/segment.ts";
import { unet } from "../models/unet.ts";
import { withErrors } from "../plan/compile.ts";
import type { LayoutEntry } from "../plan/types.ts";
import type { Noised, Text } from "../spin/denoiser.ts";
import { sizeOf } from "../lib/tensor.ts";
import { asFloat32 } from "./model.ts";
import type { NetworkChoices, Player } from "./player.ts";

/** A trainable vector -> per-sample errors, all in float64 from the same float32 inputs and stored weights as a backend has. */
export type ExactErrors = (vector: ArrayLike<number>) => Float64Array;

export async function exactErrors(
  config: UNetConfig,
  folder: Player["folder"],
  { train, targets, weights }: Pick<NetworkChoices, "train" | "targets" | "weights">,
  layout: readonly LayoutEntry[],
  batch: Noised,
  text: Text,
): Promise<ExactErrors> {
  const [rows, , height, width] = batch.shape;
  const values = compose(withErrors(unet(config, { batch: rows, height, width, tokens: text.shape[1] })));
  const plain = { errors: required(values["errors"], "errors") };
  const graph = graphOf(train === "lora" ? applyLora(plain, targets) : plain);
  const options = { flipSinToCos: config.flip_sin_to_cos, downscaleFreqShift: config.freq_shift };
  const inputs: Record<string, ArrayLike<number>> = {
    sample: batch.xt,
    target: batch.target,
    timestep_proj: timestepEmbedding(batch.t, config.block_out_channels[0] as number, options),
    encoder_hidden_states: text.hidden,
  };
  for (const [name, tensor] of folder.tensors.unet ?? []) {
    const data = asFloat32(await tensor.read());
    inputs[name] = weights === "float16" ? fromFloat16Array(toFloat16Array(data)) : data;
  }
  return (vector) => {
    const trained = layout.map(({ name, shape, offset }) => {
      const part = Float64Array.from({ length: sizeOf(shape) }, (_, i) => vector[offset + i] as number);
      return [name, part] as const;
    });
    return required(interpret(graph, { ...inputs, ...Object.fromEntries(trained) })["errors"], "errors").data;
  };
}

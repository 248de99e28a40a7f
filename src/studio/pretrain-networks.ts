/**
 * @file The two networks that pre-training differentiates, made of the model's own segments: the autoencoder from pixels to its
 * loss, and text encoder with UNet from token rows to eps-MSE.
 */
import { add, exp, mean, mul, slice, sub } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { emit } from "../graph/ir.ts";
import { clipText } from "../models/clip-text.ts";
import type { TextConfig, UNetConfig, VaeConfig } from "../models/config.ts";
import type { Network, Segment } from "../models/segment.ts";
import { unet } from "../models/unet.ts";
import { vaeDecoder, vaeEncoder } from "../models/vae.ts";
import { withErrors } from "../plan/compile.ts";

type Build = (values: readonly Tensor[]) => Tensor;

function part(name: string, reads: readonly string[], writes: string, build: Build): Segment {
  return { name, prefix: "", stage: name, reads, writes, build: (_p, values) => build(values) };
}

/** The segments with their values under other names: two networks count theirs alike. */
function renamed(segments: readonly Segment[], name: (value: string) => string): readonly Segment[] {
  return segments.map((s) => ({ ...s, reads: s.reads.map(name), writes: name(s.writes) }));
}

/** mean |x| over all but the batch */
const meanAbs = (x: Tensor): Tensor => mean(emit("Abs", [x], {}), [1, 2, 3]);

/** x[.., i + 1, ..] - x[.., i, ..] along an axis */
function difference(x: Tensor, axis: number): Tensor {
  const length = x.shape[axis] as number;
  return sub(slice(x, axis, 1, length), slice(x, axis, 0, length - 1));
}

/** [mu, log variance] of moments [N, 2C, h, w] */
function posterior(moments: Tensor): readonly [Tensor, Tensor] {
  const channels = (moments.shape[1] as number) / 2;
  return [slice(moments, 1, 0, channels), slice(moments, 1, channels, 2 * channels)];
}

/** z = mu + exp(0.5 logvar) noise */
export const sampled: Build = ([moments, noise]) => {
  const [mu, logvar] = posterior(moments as Tensor);
  return add(mu, mul(exp(mul(logvar, 0.5)), noise as Tensor));
};

/**
 * With e = decoded - pixels: 6 mean e^2 + 0.5 mean|e| + 0.3 (mean|dx e| + mean|dy e|) + 1e-4 KL, of each sample;
 * KL = 0.5 mean(mu^2 + var - 1 - logvar). The differences keep edges sharp where a discriminator would elsewhere.
 */
const autoencoderLoss: Build = ([decoded, pixels, moments]) => {
  const e = sub(decoded as Tensor, pixels as Tensor);
  const [mu, logvar] = posterior(moments as Tensor);
  const kl = mean(sub(sub(add(mul(mu, mu), exp(logvar)), 1), logvar), [1, 2, 3]);
  const edges = add(meanAbs(difference(e, 3)), meanAbs(difference(e, 2)));
  const exact = add(mul(mean(mul(e, e), [1, 2, 3]), 6), mul(meanAbs(e), 0.5));
  return add(add(exact, mul(edges, 0.3)), mul(kl, 0.5e-4));
};

/** Inputs `pixels` [N, 3, side, side] and `noise` [N, 4, side/f, side/f]; outputs `loss` [N], and `decoded` on the way. */
export function autoencoderNetwork(config: VaeConfig, batch: number, side: number): Network {
  const encoder = vaeEncoder(config, batch, side, side);
  const latent = side / 2 ** (config.block_out_channels.length - 1);
  const decoder = vaeDecoder(config, batch, latent, latent);
  const own = (prefix: string, kept: readonly string[]) => (value: string) =>
    kept.includes(value) ? value : `${prefix}.${value}`;
  return {
    inputs: { ...encoder.inputs, noise: decoder.inputs["latents"] as Network["inputs"][string] },
    segments: [
      ...renamed(encoder.segments, own("enc", ["pixels", "moments"])),
      part("sample", ["moments", "noise"], "latents", sampled),
      ...renamed(decoder.segments, own("dec", ["latents", "decoded"])),
      part("loss", ["decoded", "pixels", "moments"], "loss", autoencoderLoss),
    ],
    output: "loss",
  };
}

/** Inputs `inputs_embeds`, `sample`, `timestep_proj`, `target`; output `errors` [N]: mean (eps - target)^2. */
export function captionedNetwork(
  text: TextConfig,
  config: UNetConfig,
  { batch, side, tokens }: { readonly batch: number; readonly side: number; readonly tokens: number },
): Network {
  const encoder = clipText(text, batch, tokens);
  const denoiser = withErrors(unet(config, { batch, height: side, width: side, tokens }));
  const { encoder_hidden_states: _, ...inputs } = denoiser.inputs;
  return {
    inputs: { ...encoder.inputs, ...inputs },
    segments: [
      ...encoder.segments,
      ...renamed(denoiser.segments, (value) => (value === "encoder_hidden_states" ? encoder.output : value)),
    ],
    output: "errors",
  };
}

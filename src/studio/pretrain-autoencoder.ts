/**
 * @file Trains pocket's autoencoder: crops first, whole pictures in the end, one trainable vector under both plans.
 * Then the latents' scale goes into the convolutions beside them, so that `scaling_factor` is 1.
 */
import { keyOf, normals } from "../diffusion/philox.ts";
import { assert, required } from "../lib/errors.ts";
import type { VaeConfig } from "../models/config.ts";
import { vaeDecoder, vaeEncoder } from "../models/vae.ts";
import type { LayoutEntry } from "../plan/types.ts";
import { autoencoderPicture } from "../pocket/pairs.ts";
import { randomOf } from "../lib/random.ts";
import { SIDE } from "../pocket/render.ts";
import type { Backend } from "../runtime/backend.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Course } from "./pretrain-course.ts";
import { cosineRate } from "./pretrain-course.ts";
import { autoencoderNetwork } from "./pretrain-networks.ts";
import { orthogonalize, PretrainOptimizer, shareOf } from "./pretrain-optimizer.ts";
import { ADAPTER, initialVector, learner, runner, type Weights } from "./pretrain-plans.ts";

export interface AutoencoderSettings {
  readonly seed: number;
  /** steps on crops, then on whole pictures */
  readonly cropSteps: number;
  readonly wholeSteps: number;
  /** peak rates: Muon's for convolutions and matrices, AdamW's for the rest */
  readonly muonRate: number;
  readonly adamRate: number;
}

const CROP = { side: 32, batch: 16 };
const WHOLE = { side: SIDE, batch: 8 };
const WARMUP = 30;
const PURPOSE = { window: 101, noise: 102 };
/** Pictures from here on are never trained on. */
const HELD_OUT = 2 ** 30;

export interface AutoencoderCourse extends Course {
  readonly layout: readonly LayoutEntry[];
  /** the averaged weights as they are now */
  readonly vector: Float32Array;
  dispose(): Promise<void>;
}

export async function autoencoderCourse(
  backend: Backend,
  config: VaeConfig,
  settings: AutoencoderSettings,
): Promise<AutoencoderCourse> {
  const crop = await learner(backend, autoencoderNetwork(config, CROP.batch, CROP.side), {
    more: (builder, layout) => orthogonalize(builder, shareOf(layout, 0, 1)),
  });
  const whole = await learner(backend, autoencoderNetwork(config, WHOLE.batch, WHOLE.side));
  assert(JSON.stringify(crop.layout) === JSON.stringify(whole.layout), "crops and whole pictures have other layouts");
  const { seed, cropSteps, wholeSteps, muonRate, adamRate } = settings;
  const steps = cropSteps + wholeSteps;
  const optimizer = new PretrainOptimizer(crop.layout, initialVector(crop.layout, seed), async (momentum) => {
    await crop.executor.run("orthogonalize", { momentum });
    return (await crop.executor.read("update")) as Float32Array;
  });
  const { state } = optimizer;
  const course = {
    steps,
    step: 0,
    state,
    vector: state.average,
    layout: crop.layout,
    async advance() {
      const { step } = course;
      const cropping = step < cropSteps;
      const { side, batch } = cropping ? CROP : WHOLE;
      const { executor } = cropping ? crop : whole;
      const first = cropping ? step * CROP.batch : cropSteps * CROP.batch + (step - cropSteps) * WHOLE.batch;
      const random = randomOf(PURPOSE.window, seed, step);
      const [top, left] = [0, 0].map(() => Math.floor(random() * (SIDE - side + 1))) as [number, number];
      const pictures = Array.from({ length: batch }, (_, i) => autoencoderPicture(first + i, seed));
      const pixels = stack(pictures, top, left, side);
      const latent = side / 2 ** (config.block_out_channels.length - 1);
      const noise = normals(
        { key: keyOf(seed), place: [PURPOSE.noise, step, 0] },
        batch * config.latent_channels * latent * latent,
      );
      await executor.writeAdapter(ADAPTER, state.vector);
      const seeds = new Float32Array(batch).fill(1 / batch);
      await executor.run("learn", { pixels, noise, seeds }, ADAPTER);
      const losses = (await executor.read("loss")) as Float32Array;
      const gradient = await executor.gradients();
      await optimizer.update(gradient, step, {
        muon: cosineRate(step, steps, muonRate, WARMUP),
        adam: cosineRate(step, steps, adamRate, WARMUP),
      });
      course.step++;
      return losses.reduce((a, b) => a + b, 0) / batch;
    },
    async dispose() {
      await crop.executor.dispose();
      await whole.executor.dispose();
    },
  };
  return course;
}

/** RGB bytes -> [N, 3, side, side] in -1..1, one window for all. */
export function stack(pictures: readonly Uint8Array[], top = 0, left = 0, side = SIDE): Float32Array {
  const area = side * side;
  const out = new Float32Array(pictures.length * 3 * area);
  pictures.forEach((rgb, n) => {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const from = 3 * (SIDE * (top + y) + left + x);
        for (let c = 0; c < 3; c++)
          out[(3 * n + c) * area + side * y + x] = Math.fround((rgb[from + c] as number) / 255) * 2 - 1;
      }
    }
  });
  return out;
}

/** Encodes or decodes in batches of a fixed size; the last one is filled up with zeros. */
async function inBatches(
  executor: Executor,
  batch: number,
  [input, inWidth]: readonly [string, number],
  [output, outWidth]: readonly [string, number],
  count: number,
  make: (first: number, many: number) => Float32Array,
): Promise<Float32Array> {
  const out = new Float32Array(count * outWidth);
  for (let first = 0; first < count; first += batch) {
    const many = Math.min(batch, count - first);
    const data = new Float32Array(batch * inWidth);
    data.set(make(first, many));
    await executor.run("forward", { [input]: data });
    out.set(((await executor.read(output)) as Float32Array).subarray(0, many * outWidth), first * outWidth);
  }
  return out;
}

const BATCH = 16;

/** Moments [count, 8, h, w] of pictures that `picture` makes. */
export async function encodePictures(
  backend: Backend,
  config: VaeConfig,
  weights: Weights,
  count: number,
  picture: (index: number) => Uint8Array,
): Promise<Float32Array> {
  const executor = await runner(backend, vaeEncoder(config, BATCH, SIDE, SIDE), ["moments"], weights);
  const latent = SIDE / 2 ** (config.block_out_channels.length - 1);
  const width = 2 * config.latent_channels * latent * latent;
  const moments = await inBatches(executor, BATCH, ["pixels", 3 * SIDE * SIDE], ["moments", width], count, (first, n) =>
    stack(Array.from({ length: n }, (_, i) => picture(first + i))),
  );
  await executor.dispose();
  return moments;
}

/** Latents [count, 4, h, w] -> [count, 3, H, W]. */
export async function decodeLatents(
  backend: Backend,
  config: VaeConfig,
  weights: Weights,
  latents: Float32Array,
): Promise<Float32Array> {
  const side = SIDE / 2 ** (config.block_out_channels.length - 1);
  const width = config.latent_channels * side * side;
  const executor = await runner(backend, vaeDecoder(config, BATCH, side, side), ["decoded"], weights);
  const count = latents.length / width;
  const area = 3 * SIDE * SIDE;
  const decoded = await inBatches(executor, BATCH, ["latents", width], ["decoded", area], count, (first, n) =>
    latents.subarray(first * width, (first + n) * width),
  );
  await executor.dispose();
  return decoded;
}

/** The posterior's mean: the first half of each sample's channels. */
export function posteriorMean(moments: Float32Array, width: number): Float32Array {
  const out = new Float32Array(moments.length / 2);
  for (let n = 0; n < out.length / width; n++) out.set(moments.subarray(2 * n * width, (2 * n + 1) * width), n * width);
  return out;
}

/** Peak signal to noise ratio of decode(mean of encode), in dB, over `count` pictures that were never trained on. */
export async function fidelity(
  backend: Backend,
  config: VaeConfig,
  weights: Weights,
  count = 128,
): Promise<{ readonly mean: number; readonly worst: number }> {
  const picture = (i: number): Uint8Array => autoencoderPicture(HELD_OUT + i);
  const moments = await encodePictures(backend, config, weights, count, picture);
  const decoded = await decodeLatents(backend, config, weights, posteriorMean(moments, moments.length / count / 2));
  const area = decoded.length / count;
  const decibels = Array.from({ length: count }, (_, n) => {
    const pixels = stack([picture(n)]);
    let squares = 0;
    for (let i = 0; i < area; i++) {
      const value = Math.min(1, Math.max(-1, decoded[n * area + i] as number));
      squares += ((pixels[i] as number) - value) ** 2;
    }
    return 10 * Math.log10((4 * area) / squares);
  });
  return { mean: decibels.reduce((a, b) => a + b, 0) / count, worst: Math.min(...decibels) };
}

/** Mean and deviation of each latent channel over `count` pictures, as `foldScale` wants them. */
export async function latentScale(
  backend: Backend,
  config: VaeConfig,
  weights: Weights,
  count = 256,
): Promise<readonly (readonly [mean: number, deviation: number])[]> {
  const moments = await encodePictures(backend, config, weights, count, (i) => autoencoderPicture(HELD_OUT + i));
  const channels = config.latent_channels;
  const area = moments.length / count / (2 * channels);
  return Array.from({ length: channels }, (_, c) => {
    let [sum, squares] = [0, 0];
    for (let n = 0; n < count; n++) {
      const start = (2 * n * channels + c) * area;
      for (let i = start; i < start + area; i++) {
        sum += moments[i] as number;
        squares += (moments[i] as number) ** 2;
      }
    }
    const mean = sum / (count * area);
    return [mean, Math.sqrt(squares / (count * area) - mean * mean)] as const;
  });
}

/**
 * The same autoencoder with latents z' = (z - m) / s of each channel:
 *   quant_conv:      mean rows W /= s, b = (b - m) / s; log variance rows b -= 2 ln s;
 *   post_quant_conv: b += W m, then columns W *= s.
 */
export function foldScale(weights: Weights, scale: readonly (readonly [number, number])[]): Weights {
  const folded = new Map(
    [...weights].map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
  );
  const of = (name: string): Float32Array => required(folded.get(name), name).data;
  const [w, b] = [of("quant_conv.weight"), of("quant_conv.bias")];
  const [v, a] = [of("post_quant_conv.weight"), of("post_quant_conv.bias")];
  const channels = scale.length;
  scale.forEach(([m, s], c) => {
    for (let i = 0; i < 2 * channels; i++) w[2 * channels * c + i] = (w[2 * channels * c + i] as number) / s;
    b[c] = ((b[c] as number) - m) / s;
    b[channels + c] = (b[channels + c] as number) - 2 * Math.log(s);
    for (let o = 0; o < channels; o++) {
      const at = channels * o + c;
      a[o] = (a[o] as number) + (v[at] as number) * m;
      v[at] = (v[at] as number) * s;
    }
  });
  return folded;
}

/** @file Trains pocket's text encoder and UNet together on latents of captioned pictures: eps-MSE at uniform t. */
import { draw, order } from "../diffusion/draws.ts";
import { addNoise, scaledLinear } from "../diffusion/noise-schedule.ts";
import { keyOf, normals } from "../diffusion/philox.ts";
import { timestepEmbedding } from "../diffusion/timestep-embedding.ts";
import { required } from "../lib/errors.ts";
import type { TextConfig, UNetConfig } from "../models/config.ts";
import type { LayoutEntry } from "../plan/types.ts";
import { endOfText, reachedRows, startOfText, tokenIds } from "../pocket/tokens.ts";
import type { Course } from "./pretrain-course.ts";
import { cosineRate } from "./pretrain-course.ts";
import type { Examples, Hand } from "./pretrain-hand.ts";
import { lengthOf, PretrainOptimizer } from "./pretrain-optimizer.ts";
import { initialVector, uniforms, type Weights, weightsOf } from "./pretrain-plans.ts";

export const TOKEN_TABLE = "text_model.embeddings.token_embedding.weight";

export interface CaptionedSettings {
  readonly seed: number;
  readonly steps: number;
  readonly batch: number;
  /** peak rates: Muon's for matrices and convolutions, AdamW's for the rest */
  readonly muonRate: number;
  readonly adamRate: number;
  readonly captionDropout: number;
}

/** Pictures as the autoencoder sees them: moments [count, 8, h, w], and each one's caption. */
export interface Pool {
  readonly moments: Float32Array;
  readonly captions: readonly string[];
}

export interface CaptionedCourse extends Course {
  /** The averaged weights of text encoder and UNet, the whole token table among them. */
  weights(): Weights;
}

const PURPOSE = { posterior: 111 };
const WARMUP = 50;
const rowOf = new Map(reachedRows.map((id, row) => [id, row]));

/** A caption's rows in the short table, padded as CLIP's tokenizer pads. */
export function captionRows(caption: string, tokens: number): readonly number[] {
  const ids = (caption.toLowerCase().match(/[a-z]+|,/g) ?? []).map((word) => required(tokenIds[word], `"${word}"`));
  const all = [startOfText, ...ids, endOfText];
  return Array.from({ length: tokens }, (_, i) => rowOf.get(all[i] ?? endOfText) as number);
}

export async function captionedCourse(
  hands: readonly Hand[],
  text: TextConfig,
  unet: UNetConfig,
  pool: Pool,
  settings: CaptionedSettings,
): Promise<CaptionedCourse> {
  const { seed, steps, batch } = settings;
  const width = text.hidden_size;
  const { layout } = required(hands[0], "a hand");
  const length = lengthOf(layout);
  const table = reachedRows.length * width;
  const vector = new Float32Array(length + table);
  vector.set(initialVector(layout, seed));
  vector.set(uniforms(seed, TOKEN_TABLE, table, 0.1 * Math.sqrt(3)), length);
  const optimizer = new PretrainOptimizer(layout, vector, (momentum) => together(hands, momentum));
  const examples = examplesOf(pool, unet, text.max_position_embeddings, settings);
  const each = batch / hands.length;
  const course: CaptionedCourse = {
    steps,
    step: 0,
    state: optimizer.state,
    async advance() {
      const { step } = course;
      const parts = await Promise.all(
        hands.map((hand, i) => hand.learn(vector, examples(step, i * each, each), batch)),
      );
      const gradient = parts[0]?.gradient ?? new Float32Array();
      let loss = 0;
      for (const [i, part] of parts.entries()) {
        if (i > 0)
          for (let k = 0; k < gradient.length; k++)
            gradient[k] = (gradient[k] as number) + (part.gradient[k] as number);
        loss += part.errors.reduce((a, b) => a + b, 0) / batch;
      }
      await optimizer.update(gradient, step, {
        muon: cosineRate(step, steps, settings.muonRate, WARMUP),
        adam: cosineRate(step, steps, settings.adamRate, WARMUP),
      });
      course.step++;
      return loss;
    },
    weights: () => averaged(layout, optimizer.state.average, length, text),
  };
  return course;
}

/** Every hand makes its own matrices of the update. */
async function together(hands: readonly Hand[], momentum: Float32Array): Promise<Float32Array> {
  const update = new Float32Array(momentum.length);
  let start = 0;
  const parts = hands.map(async (hand) => {
    const [from, to] = [start, start + hand.share];
    start = to;
    update.set(await hand.orthogonalize(momentum.slice(from, to)), from);
  });
  await Promise.all(parts);
  return update;
}

/** The layout's tensors, and the table: rows that no caption reaches are copies of the padding's row. */
function averaged(layout: readonly LayoutEntry[], average: Float32Array, length: number, text: TextConfig): Weights {
  const [width, rows] = [text.hidden_size, text.vocab_size];
  const row = (i: number): Float32Array => average.subarray(length + i * width, length + (i + 1) * width);
  const padding = row(rowOf.get(endOfText) as number);
  const data = new Float32Array(rows * width);
  for (let id = 0; id < rows; id++) {
    const known = rowOf.get(id);
    data.set(known === undefined ? padding : row(known), id * width);
  }
  return new Map([...weightsOf(layout, average), [TOKEN_TABLE, { shape: [rows, width], data }]]);
}

/** Rows `first` .. of step number `step`. Epochs over the pool are laid end to end, each in an order of its own. */
function examplesOf(pool: Pool, unet: UNetConfig, tokens: number, settings: CaptionedSettings) {
  const { seed, batch, captionDropout } = settings;
  const key = { seed, iteration: 0 };
  const noise = scaledLinear();
  const numTrainTimesteps = noise.betas.length;
  const count = pool.captions.length;
  const size = unet.in_channels * unet.sample_size ** 2;
  const orders = new Map<number, Uint32Array>();
  const captions = pool.captions.map((caption) => captionRows(caption, tokens));
  const none = captionRows("", tokens);
  return (step: number, first: number, many: number): Examples => {
    const [sample, target] = [new Float32Array(many * size), new Float32Array(many * size)];
    const t: number[] = [];
    const rows: number[] = [];
    for (let i = 0; i < many; i++) {
      const visited = step * batch + first + i;
      const epoch = Math.floor(visited / count);
      const places = orders.get(epoch) ?? order(key, epoch, count);
      orders.set(epoch, places);
      const pair = places[visited % count] as number;
      const drawn = draw(key, { epoch, pair }, { size, numTrainTimesteps, independentNoise: false, captionDropout });
      const x0 = normals({ key: keyOf(seed), place: [PURPOSE.posterior, epoch, pair] }, size);
      const mu = 2 * pair * size;
      for (let k = 0; k < size; k++) {
        const deviation = Math.exp(0.5 * (pool.moments[mu + size + k] as number));
        x0[k] = (pool.moments[mu + k] as number) + deviation * (x0[k] as number);
      }
      addNoise(noise, x0, drawn.eps, drawn.t, sample.subarray(i * size, (i + 1) * size));
      target.set(drawn.eps, i * size);
      t.push(drawn.t);
      rows.push(...(drawn.dropCaption ? none : (captions[pair] as readonly number[])));
    }
    const embedding = { flipSinToCos: unet.flip_sin_to_cos, downscaleFreqShift: unet.freq_shift };
    return {
      sample,
      target,
      rows,
      timestep_proj: timestepEmbedding(t, unet.block_out_channels[0] as number, embedding),
    };
  };
}

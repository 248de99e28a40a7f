/** @file The two streams of pictures: the bundled pairs that show how a fine picture looks, and the mostly plain ones of pre-training. */
import { StudioError } from "../lib/errors.ts";
import { captionOf, drawTrainingScene, spoiled } from "./grammar.ts";
import { hash32, randomOf } from "../lib/random.ts";
import { beta } from "./random.ts";
import { compose, paint, rgbaOf, SIDE } from "./render.ts";

/** A caption and its picture, as the studio takes pairs from a user. */
export interface SamplePair {
  readonly id: string;
  readonly caption: string;
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export const MOST_SAMPLE_PAIRS = 256;
const SAMPLE_FINISH = 0.94;

/** First keys of the streams, so that no two of them ever share a random number. */
const STREAM = { pairs: 1, pretraining: 2, autoencoder: 3 } as const;

/** The first `count` of the bundled set: fine pictures without errors, captions of the training side, no caption twice. */
export function samplePairs(count: number): readonly SamplePair[] {
  if (!Number.isInteger(count) || count < 1 || count > MOST_SAMPLE_PAIRS) {
    throw new StudioError(
      "sample-pairs",
      `There are ${MOST_SAMPLE_PAIRS} sample pairs: expected a count from 1 to ${MOST_SAMPLE_PAIRS}, got ${count}.`,
    );
  }
  const random = randomOf(STREAM.pairs);
  const pairs = new Map<string, SamplePair>();
  while (pairs.size < count) {
    const scene = drawTrainingScene(random);
    const caption = captionOf(scene);
    if (pairs.has(caption)) continue;
    const picture = paint(compose(scene, SAMPLE_FINISH, hash32(STREAM.pairs, pairs.size)));
    pairs.set(caption, {
      id: `sample-${String(pairs.size + 1).padStart(3, "0")}`,
      caption,
      side: SIDE,
      rgba: rgbaOf(picture),
    });
  }
  return [...pairs.values()];
}

export interface PretrainingSample {
  readonly caption: string;
  /** SIDE x SIDE x 3 bytes */
  readonly rgb: Uint8Array<ArrayBuffer>;
  readonly finish: number;
  /** what the picture shows; differs from `caption` where an attribute was drawn wrong */
  readonly shown: string;
}

/** Picture `index` of an endless stream: finish ~ Beta(1.8, 2.6), mean 0.41, and one wrong attribute with p = 0.15 (1 - finish). */
export function pretrainingSample(index: number, seed = 0): PretrainingSample {
  const random = randomOf(STREAM.pretraining, seed, index);
  const scene = drawTrainingScene(random);
  const finish = beta(random, 1.8, 2.6);
  const shown = random() < 0.15 * (1 - finish) ? spoiled(scene, random) : scene;
  const rgb = paint(compose(shown, finish, hash32(STREAM.pretraining, seed, index)));
  return { caption: captionOf(scene), rgb, finish, shown: captionOf(shown) };
}

/** Picture `index` for the autoencoder, which must keep fine pictures as well as plain ones: any finish, all equally often. */
export function autoencoderPicture(index: number, seed = 0): Uint8Array<ArrayBuffer> {
  const random = randomOf(STREAM.autoencoder, seed, index);
  const scene = drawTrainingScene(random);
  return paint(compose(scene, random(), hash32(STREAM.autoencoder, seed, index)));
}

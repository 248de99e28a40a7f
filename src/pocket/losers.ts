/**
 * @file Given losers for Diffusion-DPO: a plainer picture of each pair's caption, every fourth with an attribute wrong. They play
 * Pick-a-Pic's losers, which come from models a little worse than those of the winners and miss the caption more often: better
 * than the base draws on average (finish 0.41), never as fine as a winner (0.94).
 */
import { hash32, randomOf } from "../lib/random.ts";
import { parseCaption, spoiled } from "./grammar.ts";
import type { SamplePair } from "./pairs.ts";
import { uniform } from "./random.ts";
import { compose, paint, rgbaOf } from "./render.ts";

/** First key of this file's own random numbers. */
const LOSERS = 21;
const FINISH = [0.4, 0.7] as const;
const WRONG = 0.25;

/** RGBA, SIDE x SIDE; of pair `index`. */
export function loserOf({ caption }: SamplePair, index: number): Uint8ClampedArray<ArrayBuffer> {
  const random = randomOf(LOSERS, index);
  const finish = uniform(random, ...FINISH);
  const scene = parseCaption(caption);
  const shown = random() < WRONG ? spoiled(scene, random) : scene;
  return rgbaOf(paint(compose(shown, finish, hash32(LOSERS, index))));
}

/**
 * @file The held-out captions in two parts: `development` to choose settings by, `test` to report. What is reported of `test`
 * has then chosen nothing.
 */
import { captionOf, isHeldOut, type Scene, scenes, times, type Thing } from "./grammar.ts";
import { hash32, randomOf } from "../lib/random.ts";

/** First keys of this file's own random numbers. */
const KEY = { part: 11, order: 12 } as const;

/**
 * One number for all wordings of one combination of things and time of day, so that none of them stands in both parts. The
 * order of naming and the layout do not count, as in `isHeldOut`.
 */
function combination({ things, time }: Scene): number {
  const each = things.map(({ colour, shape }: Thing) => hash32(...[...colour, ...shape].map((c) => c.charCodeAt(0))));
  return hash32(KEY.part, times.indexOf(time), ...each.sort((a, b) => a - b));
}

export interface HeldOutSplit {
  readonly development: readonly string[];
  readonly test: readonly string[];
}

/** A quarter of the combinations for development; both parts in a random, fixed order, so that any first n are a fair sample. */
export function heldOutSplit(): HeldOutSplit {
  const [development, test]: [string[], string[]] = [[], []];
  for (const scene of scenes())
    if (isHeldOut(scene)) (combination(scene) % 4 === 0 ? development : test).push(captionOf(scene));
  return { development: shuffled(development), test: shuffled(test) };
}

/** Fisher and Yates' shuffle. */
function shuffled(captions: string[]): readonly string[] {
  const random = randomOf(KEY.order);
  for (let i = captions.length - 1; i > 0; i--) {
    const k = Math.floor(random() * (i + 1));
    [captions[i], captions[k]] = [captions[k] as string, captions[i] as string];
  }
  return captions;
}

/** @file The bytes of a plan set, and what they come to while a step runs. */
import type { Bytes } from "./types.ts";

/** Policy and opponent are two sets of trainable tensors. */
export function predictedPeak({ weights, trainable, gradients, moments, slots, scratch }: Bytes): number {
  return weights + 2 * trainable + gradients + moments + slots + scratch;
}

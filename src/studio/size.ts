/** @file What a large model is: one that is trained by LoRA, cut in blocks, a pair at a time. */

/** Beyond this the activations of a pair are gigabytes, and so are the weights, their moments and their gradient. */
const LARGE = 50e6;

/** By the UNet's parameters. */
export function isLarge(parameters: number): boolean {
  return parameters > LARGE;
}

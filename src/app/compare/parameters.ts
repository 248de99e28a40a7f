/**
 * @file How a picture was made, in the words that AUTOMATIC1111 and its many readers parse: the prompt, a line for the negative
 * prompt, and one of "Name: value". Matches: AUTOMATIC1111 modules/infotext_utils.py, `quote` and `parse_generation_parameters`.
 */

export interface Recipe {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly steps: number;
  readonly guidance: number;
  readonly seed: number;
  /** pixels */
  readonly side: number;
  /** "pocket SPIN 2" */
  readonly model: string;
  /** what else there is to say */
  readonly more?: Readonly<Record<string, string>>;
}

/** The sampler of every picture here. */
export const SAMPLER = "DDIM";

export function parametersText(recipe: Recipe): string {
  const { prompt, negativePrompt, steps, guidance, seed, side, model, more } = recipe;
  const values = {
    Steps: steps,
    Sampler: SAMPLER,
    "CFG scale": guidance,
    Seed: seed,
    Size: `${side}x${side}`,
    Model: model,
    ...more,
    Version: "SPIN Studio",
  };
  const last = Object.entries(values).map(([name, value]) => `${name}: ${quoted(String(value))}`);
  const negative = negativePrompt === "" ? [] : [`Negative prompt: ${negativePrompt}`];
  return [prompt, ...negative, last.join(", ")].join("\n");
}

/** A value that could be read as more than one stands in JSON's quotes. */
function quoted(value: string): string {
  return /[,:\n]/.test(value) ? JSON.stringify(value) : value;
}

/** @file Says in words which kind of file it is, where it is no plain LoRA of Stable Diffusion 1.x. */
import { StudioError } from "../lib/errors.ts";

export function refuseLora(fault: string, hint?: string): never {
  throw new StudioError("lora", `${fault}.`, hint);
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)hada_/, "This is a LoHa (LyCORIS), and a LoRA was expected"],
  [/(^|\.)lokr_/, "This is a LoKr (LyCORIS), and a LoRA was expected"],
  [/\.dora_scale$|\.lora_magnitude_vector(\.|$)/, "This is a DoRA, which also scales weights, and a LoRA was expected"],
  [
    /\.lora_mid\.weight$/,
    "Its convolutions are factored in three (LoCon with CP decomposition), and two were expected",
  ],
  [
    /^lora_te2_|^text_encoder_2\./,
    "This LoRA is for Stable Diffusion XL, and one for Stable Diffusion 1.x was expected",
  ],
];

/** From the names of its tensors alone. */
export function explainKeys(keys: Iterable<string>): void {
  for (const key of keys) {
    const found = kinds.find(([pattern]) => pattern.test(key));
    if (found) refuseLora(`${found[1]} ("${key}")`);
  }
}

const families: { readonly [width: number]: string } = {
  768: "Stable Diffusion 1.x",
  1024: "Stable Diffusion 2.x",
  2048: "Stable Diffusion XL",
};

/** `width`: numbers of a text token that its cross-attention takes. `own`: the model's; null: it is not known. */
export function explainWidth(width: number, own: number | null): void {
  if (width === own || (own === null && width !== 2048)) return;
  const family = families[width];
  const made = family === undefined ? "This LoRA is for another model" : `This LoRA is for ${family}`;
  refuseLora(`${made}: it reads texts of ${width} numbers a token, and ${own ?? 768} were expected`);
}

/**
 * @file Says in words what a file's tensors are that are not Stable Diffusion 1.x, from their names and shapes, in LDM's and in
 * diffusers' names. Matches: diffusers `loaders/single_file_utils.py` (`infer_diffusers_model_type`).
 */
import type { Shapes } from "./expected-tensors.ts";

export interface Kind {
  /** with its article: "a LoRA" */
  readonly words: string;
  readonly hint?: string;
}

/** By the channels that a UNet's first convolution takes. */
export const channelKinds: { readonly [count: number]: string } = {
  5: "a depth model",
  7: "an upscaler",
  8: "an image editing model (InstructPix2Pix)",
  9: "an inpainting model",
};

const firstConvolution = /^(model\.diffusion_model\.)?(input_blocks\.0\.0|conv_in)\.weight$/;
const crossAttention = /attn2\.to_k\.weight$/;

interface Row extends Kind {
  readonly is: (shapes: Shapes) => boolean;
}

const rows: readonly Row[] = [
  {
    words: "a LoRA",
    hint: "A LoRA lies over a model: open the model first.",
    is: named(
      /(^lora_(unet|te\d?)_|\.lora_(A|B|down|up)\b|\.lora\.(down|up)\.|\.(hada_w1_a|hada_w1_b|lokr_w1|lokr_w2)$)/,
    ),
  },
  { words: "a textual inversion (an embedding)", is: isEmbedding },
  { words: "a ControlNet", is: named(/^(control_model\.|controlnet_|input_hint_block\.)/) },
  { words: "a motion module", is: named(/\.motion_modules\./) },
  { words: "a Stable Diffusion 3 model", is: named(/(^|\.)joint_blocks\.\d/) },
  { words: "a Flux model", is: named(/(^|\.)double_blocks\.\d/) },
  { words: "a transformer model (SD 3, Flux or the like)", is: named(/^(single_)?transformer_blocks\.\d/) },
  {
    words: "Stable Diffusion XL's refiner",
    is: (shapes) =>
      some(shapes, /^conditioner\.embedders\.0\.model\./) ||
      (crossWidth(shapes) === 1280 && some(shapes, /(^|\.)(label_emb\.0\.0|add_embedding\.linear_1)\.weight$/)),
  },
  {
    words: "Stable Diffusion XL",
    is: (shapes) =>
      crossWidth(shapes) === 2048 || some(shapes, /(^conditioner\.|(^|\.)label_emb\.0\.0\.|^add_embedding\.)/),
  },
  {
    words: "Stable Diffusion 2",
    is: (shapes) =>
      some(shapes, /^cond_stage_model\.model\./) ||
      (crossWidth(shapes) === 1024 && !some(shapes, /^cond_stage_model\.transformer\./)),
  },
];

/** Null where nothing speaks against Stable Diffusion 1.x. */
export function foreignKind(shapes: Shapes): Kind | null {
  const channels = find(shapes, firstConvolution)?.[1];
  const words = channels === undefined ? undefined : channelKinds[channels];
  const family = rows.find(({ is }) => is(shapes));
  if (words) return { words: family ? `${words} (${family.words})` : words };
  return family ?? null;
}

function named(pattern: RegExp): (shapes: Shapes) => boolean {
  return (shapes) => some(shapes, pattern);
}

function some(shapes: Shapes, pattern: RegExp): boolean {
  return find(shapes, pattern) !== undefined;
}

function find(shapes: Shapes, pattern: RegExp): readonly number[] | undefined {
  for (const [name, shape] of shapes) if (pattern.test(name)) return shape;
  return undefined;
}

/** The width of the text that the UNet attends to. */
function crossWidth(shapes: Shapes): number | undefined {
  return find(shapes, crossAttention)?.[1];
}

/** A few vectors under a token's name, such as `<cat-toy>`, `emb_params`, `clip_l`: no module has a name without a dot. */
function isEmbedding(shapes: Shapes): boolean {
  if (some(shapes, /^(emb_params$|string_to_param\.)/)) return true;
  return (
    shapes.size > 0 &&
    shapes.size <= 4 &&
    [...shapes].every(([name, shape]) => !name.includes(".") && shape.length > 0 && shape.length <= 2)
  );
}

/** @file Models as the pretended engine knows them: pocket, and whatever a person picks as if it were SD-1.5. */
import { StudioError } from "../../lib/errors.ts";
import type { Examined, Fit, MemoryUse, ModelInfo, OwnModel } from "../../studio/api.ts";
import { PRESETS } from "./made-up.ts";
import { SCORING } from "./made-up-scores.ts";

const POCKET_USE: MemoryUse = { bytes: 210e6, weights: 17e6, pairs: 8, recomputes: false };
const PARAMETERS = 859_520_964;
const WEIGHTS = 2_057e6;
/** policy, opponent, what is drawn, gradient and two moments, in float32 */
const WHOLE = 24 * PARAMETERS;
/** of a pair at 512 px; the activations go with the pixels */
const PAIR = 832e6;

export function examineMadeUp({ files, resolution, memory }: OwnModel): Examined {
  const pickle = files.find(({ path }) => path.endsWith(".ckpt"));
  if (pickle)
    throw new StudioError(
      "model",
      `${pickle.path} is a pickle, which can run code when it is read, and safetensors was expected.`,
      "Pick the same model as .safetensors.",
    );
  const side = resolution ?? 512;
  const pair = PAIR * (side / 512) ** 2;
  const fitOf = (held: number): Fit => {
    const fitting = memory === null ? 1 : Math.min(4, Math.floor((memory - held) / pair));
    const pairs = Math.max(1, fitting);
    return { bytes: held + pairs * pair, weights: held, pairs, recomputes: true, fits: fitting > 0 };
  };
  const lora = fitOf(WEIGHTS);
  const full = { ...fitOf(WHOLE), ...(memory === null ? { fits: false } : {}) };
  const sides = { least: 64, most: 1024, step: 8 };
  return { parameters: PARAMETERS, large: true, resolution: side, sides, notes: [], lora, full };
}

/** Its pictures are painted, as pocket's are, at pocket's size. */
export function openMadeUp(model: string | OwnModel, side: number, scored: boolean): ModelInfo {
  const common = { resolution: side, presets: PRESETS };
  if (typeof model === "string") {
    const scoring = scored ? SCORING : null;
    return {
      ...common,
      id: "pocket",
      title: "Pocket",
      memory: POCKET_USE,
      parameters: 4_130_000,
      large: false,
      guidance: 3,
      scoring,
    };
  }
  const { parameters, lora } = examineMadeUp(model);
  if (!lora.fits)
    throw new StudioError(
      "memory",
      "This needs 2.9 GB on the graphics card, and less may be used.",
      "Allow more memory.",
    );
  return {
    ...common,
    id: "own-1",
    title: model.title,
    memory: lora,
    parameters,
    large: true,
    guidance: 7.5,
    scoring: null,
  };
}

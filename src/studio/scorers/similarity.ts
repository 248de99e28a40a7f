/**
 * @file PickScore (Kirstain et al., 2023) and HPS v2 (Wu et al., 2023): CLIP ViT-H/14 tuned on people's choices, which score how well a
 * picture goes with its prompt. PickScore is the cosine times the learnt scale, HPS v2 the cosine alone.
 */
import type { ScorerFiles } from "../../artifacts/scorer-files.ts";
import { StudioError } from "../../lib/errors.ts";
import { clipVision } from "../../models/clip-vision.ts";
import { ClipTexts, floatsOf, openClip, VIT_H_14 } from "./clip.ts";
import { ScorerNetworks } from "./network.ts";
import { inBatches } from "./rows.ts";
import type { PictureScorer, ScorerKind, ScorerParts } from "./scorer.ts";
import { type Square, see } from "./see.ts";

interface Similarity {
  readonly square: Square;
  readonly scaled: boolean;
}

async function openSimilarity(
  files: ScorerFiles,
  { backend, tokenizer, batch }: ScorerParts,
  { square, scaled }: Similarity,
): Promise<PictureScorer> {
  const clip = await openClip(files, VIT_H_14);
  const { vision, projection_dim } = clip.config;
  const scale = scaled ? Math.exp(await logitScale(clip.tensors)) : 1;
  const towers = { image: clipVision(vision, projection_dim, batch), text: ClipTexts.network(clip) };
  const networks = await ScorerNetworks.open(backend, towers, clip.tensors, "a CLIP with both of its towers");
  const texts = await ClipTexts.open(networks, clip, tokenizer);
  return {
    score: async (pictures, prompts) => {
      const seen = pictures.map((picture) => ({ pixel_values: see(picture, vision.image_size, square) }));
      const images = await inBatches(seen, batch, (inputs) => networks.run("image", inputs));
      const scores: number[] = [];
      for (const [i, image] of images.entries()) scores.push(scale * dot(image, await texts.embed(prompts[i] ?? "")));
      return scores;
    },
    dispose: () => networks.dispose(),
  };
}

async function logitScale(tensors: ScorerFiles["tensors"]): Promise<number> {
  const stored = tensors.get("logit_scale");
  if (!stored) throw new StudioError("scorer", 'There is no "logit_scale" among the weights, and a CLIP was expected.');
  return floatsOf(await stored.read())[0] as number;
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);

export const pickScore: ScorerKind = {
  title: "PickScore",
  wants: "PickScore_v1's folder: config.json and model.safetensors, a CLIP ViT-H/14",
  open: (files, parts) => openSimilarity(files, parts, { square: "floor", scaled: true }),
};

export const hpsV2: ScorerKind = {
  title: "HPS v2",
  wants: "HPS v2 or v2.1 as one .safetensors file in open_clip's names, a CLIP ViT-H/14",
  open: (files, parts) => openSimilarity(files, parts, { square: "pad", scaled: false }),
};

/** @file LAION's improved aesthetic predictor (Schuhmann, 2022): a head on the image embedding of OpenAI's CLIP ViT-L/14. It reads no prompt. */
import type { ScorerFiles } from "../../artifacts/scorer-files.ts";
import type { Tensor } from "../../graph/ir.ts";
import { clipVision } from "../../models/clip-vision.ts";
import { scoreHead } from "../../models/score-head.ts";
import type { Network } from "../../models/segment.ts";
import { type Clip, openClip, VIT_L_14 } from "./clip.ts";
import { ScorerNetworks } from "./network.ts";
import { inBatches } from "./rows.ts";
import type { PictureScorer, ScorerKind, ScorerParts } from "./scorer.ts";
import { see } from "./see.ts";

/** Output `score` [N, 1]. */
function judged({ config: { vision, projection_dim } }: Clip, batch: number): Network {
  const tower = clipVision(vision, projection_dim, batch);
  const head = {
    name: "score",
    prefix: "",
    stage: "score",
    reads: [tower.output],
    writes: "score",
    build: (p, [embeds]) => scoreHead(p.at("layers"), embeds as Tensor),
  } satisfies Network["segments"][number];
  return { ...tower, segments: [...tower.segments, head], output: "score" };
}

async function open(files: ScorerFiles, { backend, batch }: ScorerParts): Promise<PictureScorer> {
  const clip = await openClip(files, VIT_L_14);
  const what = "CLIP ViT-L/14 with the aesthetic predictor's head beside it";
  const networks = await ScorerNetworks.open(backend, { image: judged(clip, batch) }, clip.tensors, what);
  const { image_size } = clip.config.vision;
  return {
    score: async (pictures) => {
      const seen = pictures.map((picture) => ({ pixel_values: see(picture, image_size, "round") }));
      const rows = await inBatches(seen, batch, (inputs) => networks.run("image", inputs));
      return rows.map(([score]) => score as number);
    },
    dispose: () => networks.dispose(),
  };
}

export const aesthetic: ScorerKind = {
  title: "Aesthetic",
  wants:
    "a folder with CLIP ViT-L/14 and the improved aesthetic predictor's head (layers.0.weight, …), as .safetensors",
  open,
};

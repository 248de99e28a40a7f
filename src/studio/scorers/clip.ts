/** @file CLIP as the scorers use it: its files, its picture tower and its text tower. */
import type { ModelTensor } from "../../artifacts/model-folder.ts";
import { clipTensors } from "../../artifacts/open-clip-names.ts";
import type { ScorerFiles } from "../../artifacts/scorer-files.ts";
import type { Tokenizer } from "../../artifacts/tokenizer.ts";
import { required, StudioError } from "../../lib/errors.ts";
import { fromFloat16Array } from "../../lib/float16.ts";
import type { TensorData } from "../../lib/tensor.ts";
import { type ClipConfig, readClipConfig, readOpenClipConfig } from "../../models/clip-config.ts";
import { clipTextEmbeds } from "../../models/clip-text.ts";
import type { Json } from "../../models/config.ts";
import type { ScorerNetworks } from "./network.ts";

/** open_clip's ViT-H-14, which is LAION's. */
export const VIT_H_14 = readOpenClipConfig({
  embed_dim: 1024,
  vision_cfg: { image_size: 224, layers: 32, width: 1280, head_width: 80, patch_size: 14 },
  text_cfg: { context_length: 77, vocab_size: 49408, width: 1024, heads: 16, layers: 24 },
});

/** OpenAI's ViT-L/14. */
export const VIT_L_14 = readOpenClipConfig({
  embed_dim: 768,
  quick_gelu: true,
  vision_cfg: { image_size: 224, layers: 24, width: 1024, patch_size: 14 },
  text_cfg: { context_length: 77, vocab_size: 49408, width: 768, heads: 12, layers: 12 },
});

export interface Clip {
  readonly config: ClipConfig;
  /** under transformers' names */
  readonly tensors: ReadonlyMap<string, ModelTensor>;
}

/** The configuration is the one beside the weights, transformers' or open_clip's; else `known`. */
export async function openClip(files: ScorerFiles, known: ClipConfig): Promise<Clip> {
  const own = await files.json("config.json");
  const openClips = (await files.json("open_clip_config.json"))?.["model_cfg"];
  const isClip = typeof own?.["vision_config"] === "object" && own["vision_config"] !== null;
  const other = typeof openClips === "object" && openClips !== null ? readOpenClipConfig(openClips as Json) : known;
  return { config: isClip ? readClipConfig(own) : other, tensors: clipTensors(files.tensors) };
}

export function floatsOf(data: TensorData): Float32Array {
  return data instanceof Uint16Array ? fromFloat16Array(data) : (data as Float32Array);
}

/** Texts to embeddings of length 1, each prompt once; the table of tokens stays on the host. */
export class ClipTexts {
  readonly #networks: ScorerNetworks;
  readonly #tokenizer: Tokenizer;
  readonly #table: TensorData;
  readonly #width: number;
  readonly #known = new Map<string, Float32Array>();

  private constructor(networks: ScorerNetworks, tokenizer: Tokenizer, table: TensorData, width: number) {
    this.#networks = networks;
    this.#tokenizer = tokenizer;
    this.#table = table;
    this.#width = width;
  }

  static network({ config: { text, projection_dim } }: Clip) {
    return clipTextEmbeds(text, projection_dim, 1, text.max_position_embeddings);
  }

  /** `networks` has `network` as "text". @throws StudioError `scorer` for another vocabulary than CLIP's. */
  static async open(networks: ScorerNetworks, { config, tensors }: Clip, tokenizer: Tokenizer): Promise<ClipTexts> {
    const { hidden_size, vocab_size, max_position_embeddings } = config.text;
    const table = tensors.get("text_model.embeddings.token_embedding.weight");
    const fits = table?.shape[0] === 49408 && vocab_size === 49408 && max_position_embeddings === tokenizer.length;
    if (!table || !fits || table.shape[1] !== hidden_size)
      throw new StudioError(
        "scorer",
        `The text encoder takes ${max_position_embeddings} of ${vocab_size} tokens, and CLIP's ${tokenizer.length} of 49408 were expected.`,
      );
    return new ClipTexts(networks, tokenizer, await table.read(), hidden_size);
  }

  async embed(prompt: string): Promise<Float32Array> {
    const known = this.#known.get(prompt);
    if (known) return known;
    const { ids } = this.#tokenizer.encode(prompt);
    const inputs_embeds = new Float32Array(ids.length * this.#width);
    for (const [i, id] of ids.entries())
      inputs_embeds.set(floatsOf(this.#table.slice(id * this.#width, (id + 1) * this.#width)), i * this.#width);
    const last_token = new Float32Array(ids.length);
    // the end mark has the largest id, and padding repeats it
    last_token[ids.indexOf(required(ids.at(-1), "the end mark"))] = 1;
    const embeds = await this.#networks.run("text", { inputs_embeds, last_token });
    this.#known.set(prompt, embeds);
    return embeds;
  }
}

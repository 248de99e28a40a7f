/** @file ImageReward (Xu et al., 2023): BLIP reads the prompt while it looks at the picture, and a head says what people would. */
import type { ScorerFiles } from "../../artifacts/scorer-files.ts";
import { wordPieces, type WordPieces } from "../../artifacts/word-piece.ts";
import { StudioError } from "../../lib/errors.ts";
import type { TensorData } from "../../lib/tensor.ts";
import { type BlipConfig, imageReward as rewardNetwork, readBlipConfig } from "../../models/blip.ts";
import { floatsOf } from "./clip.ts";
import { ScorerNetworks } from "./network.ts";
import { inBatches } from "./rows.ts";
import type { PictureScorer, ScorerKind, ScorerParts } from "./scorer.ts";
import { see } from "./see.ts";

/** Of a prompt, its marks among them. */
const TOKENS = 35;

/** Of the rewards of the pictures that it was trained on. */
const MEAN = 0.16717362830052426;
const STD = 1.0333394966054072;

/** Added to the score of what is padding. */
const UNSEEN = -10_000;

class Prompts {
  readonly #pieces: WordPieces;
  readonly #table: TensorData;
  readonly #width: number;

  private constructor(pieces: WordPieces, table: TensorData, width: number) {
    this.#pieces = pieces;
    this.#table = table;
    this.#width = width;
  }

  static async open(files: ScorerFiles, { text: { vocab_size, hidden_size } }: BlipConfig): Promise<Prompts> {
    const vocabulary = await files.text("vocab.txt");
    if (vocabulary === null)
      throw new StudioError(
        "scorer",
        "There is no vocab.txt beside the weights, and bert-base-uncased's was expected.",
      );
    const table = files.tensors.get("blip.text_encoder.embeddings.word_embeddings.weight");
    if (table?.shape[0] !== vocab_size || table.shape[1] !== hidden_size)
      throw new StudioError(
        "scorer",
        `There is no table of ${vocab_size} words among the weights, as ImageReward has.`,
      );
    return new Prompts(wordPieces(vocabulary), await table.read(), hidden_size);
  }

  encode(prompt: string): { readonly inputs_embeds: Float32Array; readonly attention_bias: Float32Array } {
    const { ids, count } = this.#pieces.encode(prompt, TOKENS);
    const inputs_embeds = new Float32Array(TOKENS * this.#width);
    for (const [i, id] of ids.entries())
      inputs_embeds.set(floatsOf(this.#table.slice(id * this.#width, (id + 1) * this.#width)), i * this.#width);
    return { inputs_embeds, attention_bias: new Float32Array(TOKENS).fill(UNSEEN, count) };
  }
}

async function open(files: ScorerFiles, { backend, batch }: ScorerParts): Promise<PictureScorer> {
  const config = readBlipConfig(
    (await files.json("vision_config.json")) ?? {},
    (await files.json("med_config.json")) ?? {},
  );
  const network = rewardNetwork(config, batch, TOKENS);
  const networks = await ScorerNetworks.open(backend, { reward: network }, files.tensors, "ImageReward");
  const texts = await Prompts.open(files, config);
  const { image_size } = config.vision;
  return {
    score: async (pictures, prompts) => {
      const seen = pictures.map((picture, i) => ({
        pixel_values: see(picture, image_size, "round"),
        ...texts.encode(prompts[i] ?? ""),
      }));
      const rows = await inBatches(seen, batch, (inputs) => networks.run("reward", inputs));
      return rows.map(([reward]) => ((reward as number) - MEAN) / STD);
    },
    dispose: () => networks.dispose(),
  };
}

export const imageReward: ScorerKind = {
  title: "ImageReward",
  wants: "ImageReward as one .safetensors file, with bert-base-uncased's vocab.txt beside it",
  open,
};

/** @file A whole model in miniature as a folder in memory: SD-1.5's classes, some thousand weights by rule, letters for tokens. */
import type { FileSystem } from "../src/artifacts/model-folder.ts";
import { bytesAccess } from "../src/artifacts/random-access.ts";
import { type FileTensor, writeSafetensors } from "../src/artifacts/safetensors.ts";
import { seededTensor } from "../src/artifacts/seeded.ts";
import { graphOf, inputName } from "../src/graph/ir.ts";
import { clipText } from "../src/models/clip-text.ts";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../src/models/config.ts";
import { compose, type Network } from "../src/models/segment.ts";
import { unet } from "../src/models/unet.ts";
import { vaeDecoder, vaeEncoder } from "../src/models/vae.ts";

const letters = "abcdefghijklmnopqrstuvwxyz";
const words = [...letters].flatMap((c) => [c, `${c}</w>`]);
const vocab = Object.fromEntries([...words, "<|startoftext|>", "<|endoftext|>"].map((token, id) => [token, id]));

/** `levels` of the VAE: 8 px pictures with two, 64 px (pocket's size) with three and latents of 16. */
export const nanoConfigs = (levels: 2 | 3) => ({
  unet: {
    _class_name: "UNet2DConditionModel",
    in_channels: 4,
    out_channels: 4,
    sample_size: levels === 2 ? 4 : 16,
    block_out_channels: [8, 8],
    down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
    up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
    layers_per_block: 1,
    attention_head_dim: 2,
    cross_attention_dim: 8,
    norm_num_groups: 4,
  },
  vae: {
    _class_name: "AutoencoderKL",
    block_out_channels: levels === 2 ? [4, 8] : [4, 4, 8],
    down_block_types: new Array<string>(levels).fill("DownEncoderBlock2D"),
    up_block_types: new Array<string>(levels).fill("UpDecoderBlock2D"),
    layers_per_block: 1,
    norm_num_groups: 4,
    latent_channels: 4,
    scaling_factor: 0.5,
    sample_size: 8,
  },
  text_encoder: {
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    max_position_embeddings: 12,
    vocab_size: words.length + 2,
    hidden_act: "quick_gelu",
  },
});

function weights(networks: readonly Network[]): Map<string, FileTensor> {
  const tensors = new Map<string, FileTensor>();
  for (const network of networks) {
    const { inputs } = graphOf({
      out: compose(network)[network.output] as NonNullable<ReturnType<typeof compose>[string]>,
    });
    for (const tensor of inputs) {
      if (tensor.source.kind !== "input" || tensor.source.role !== "weight") continue;
      const name = inputName(tensor);
      tensors.set(name, { dtype: "F32", shape: tensor.shape, data: seededTensor(name, tensor.shape) });
    }
  }
  return tensors;
}

export function nanoFiles(levels: 2 | 3 = 2): ReadonlyMap<string, Uint8Array> {
  const configs = nanoConfigs(levels);
  const [u, v, t] = [readUNetConfig(configs.unet), readVaeConfig(configs.vae), readTextConfig(configs.text_encoder)];
  const text = weights([clipText(t, 1, t.max_position_embeddings)]);
  const table = "text_model.embeddings.token_embedding.weight";
  const shape = [t.vocab_size, t.hidden_size];
  text.set(table, { dtype: "F32", shape, data: seededTensor(table, shape) });
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  return new Map<string, Uint8Array>([
    ["unet/config.json", json(configs.unet)],
    ["vae/config.json", json(configs.vae)],
    ["text_encoder/config.json", json(configs.text_encoder)],
    [
      "unet/diffusion_pytorch_model.safetensors",
      writeSafetensors(weights([unet(u, { batch: 1, height: 4, width: 4, tokens: 12 })])),
    ],
    [
      "vae/diffusion_pytorch_model.safetensors",
      writeSafetensors(weights([vaeEncoder(v, 1, 8, 8), vaeDecoder(v, 1, 4, 4)])),
    ],
    ["text_encoder/model.safetensors", writeSafetensors(text)],
    ["scheduler/scheduler_config.json", json({ beta_start: 0.00085, beta_end: 0.012, num_train_timesteps: 1000 })],
    ["tokenizer/vocab.json", json(vocab)],
    ["tokenizer/merges.txt", new TextEncoder().encode("#version: 0.2\n")],
  ]);
}

export function nanoModel(): FileSystem {
  const files = nanoFiles();
  return {
    list: async () => [...files.keys()],
    open: async (path) => bytesAccess(files.get(path) as Uint8Array),
  };
}

/**
 * @file The names of a checkpoint in one file (LDM's, CompVis) and diffusers' names for the same tensors, both ways. A table pairs
 * the modules, made from the network's layout: LDM numbers its blocks through, diffusers by level. What follows a module is kept.
 * Matches: diffusers `loaders/single_file_utils.py` and `scripts/convert_diffusers_to_original_stable_diffusion.py`.
 */
import { readUNetConfig, readVaeConfig, type UNetConfig } from "../models/config.ts";
import type { JsonObject } from "./json-object.ts";
import type { Component } from "./model-folder.ts";

export const ldmPrefix: { readonly [C in Component]: string } = {
  unet: "model.diffusion_model.",
  vae: "first_stage_model.",
  text_encoder: "cond_stage_model.transformer.",
};

/** One component's tensors, without the prefix. Null for a name that is not in the table. */
export interface LdmNames {
  toDiffusers(ldm: string): string | null;
  toLdm(diffusers: string): string | null;
}

export type UNetLayout = Pick<UNetConfig, "layers_per_block" | "down_block_types" | "up_block_types">;

export interface VaeLayout {
  readonly levels: number;
  readonly layers_per_block: number;
}

/** LDM's module and diffusers'. */
type Pair = readonly [ldm: string, diffusers: string];

const unetEnds: readonly Pair[] = [
  ["time_embed.0", "time_embedding.linear_1"],
  ["time_embed.2", "time_embedding.linear_2"],
  ["input_blocks.0.0", "conv_in"],
  ["out.0", "conv_norm_out"],
  ["out.2", "conv_out"],
];

const unetResnet: readonly Pair[] = [
  ["in_layers.0", "norm1"],
  ["in_layers.2", "conv1"],
  ["emb_layers.1", "time_emb_proj"],
  ["out_layers.0", "norm2"],
  ["out_layers.3", "conv2"],
  ["skip_connection", "conv_shortcut"],
];

const vaeResnet: readonly Pair[] = [
  ["norm1", "norm1"],
  ["conv1", "conv1"],
  ["norm2", "norm2"],
  ["conv2", "conv2"],
  ["nin_shortcut", "conv_shortcut"],
];

const vaeAttention: readonly Pair[] = [
  ["norm", "group_norm"],
  ["q", "to_q"],
  ["k", "to_k"],
  ["v", "to_v"],
  ["proj_out", "to_out.0"],
];

const within = (ldm: string, diffusers: string, parts: readonly Pair[]): Pair[] =>
  parts.map(([a, b]) => [`${ldm}.${a}`, `${diffusers}.${b}`]);

export function unetNames({ layers_per_block, down_block_types, up_block_types }: UNetLayout): LdmNames {
  const pairs: Pair[] = [...unetEnds];
  const levels = layers_per_block.length;
  let block = 1;
  for (const [level, layers] of layers_per_block.entries()) {
    const stage = `down_blocks.${level}`;
    for (let i = 0; i < layers; i++, block++) {
      pairs.push(...within(`input_blocks.${block}.0`, `${stage}.resnets.${i}`, unetResnet));
      if (down_block_types[level] === "CrossAttnDownBlock2D")
        pairs.push([`input_blocks.${block}.1`, `${stage}.attentions.${i}`]);
    }
    if (level < levels - 1) pairs.push([`input_blocks.${block++}.0.op`, `${stage}.downsamplers.0.conv`]);
  }
  pairs.push(
    ...within("middle_block.0", "mid_block.resnets.0", unetResnet),
    ["middle_block.1", "mid_block.attentions.0"],
    ...within("middle_block.2", "mid_block.resnets.1", unetResnet),
  );
  block = 0;
  for (const [up, layers] of [...layers_per_block].reverse().entries()) {
    const stage = `up_blocks.${up}`;
    const attends = up_block_types[up] === "CrossAttnUpBlock2D";
    for (let i = 0; i <= layers; i++, block++) {
      pairs.push(...within(`output_blocks.${block}.0`, `${stage}.resnets.${i}`, unetResnet));
      if (attends) pairs.push([`output_blocks.${block}.1`, `${stage}.attentions.${i}`]);
    }
    // the last block of the level upsamples too, in the place after its own modules
    if (up < levels - 1)
      pairs.push([`output_blocks.${block - 1}.${attends ? 2 : 1}.conv`, `${stage}.upsamplers.0.conv`]);
  }
  return namesOf(pairs);
}

export function vaeNames({ levels, layers_per_block }: VaeLayout): LdmNames {
  const pairs: Pair[] = [
    ["quant_conv", "quant_conv"],
    ["post_quant_conv", "post_quant_conv"],
  ];
  for (const half of ["encoder", "decoder"]) {
    pairs.push(
      [`${half}.conv_in`, `${half}.conv_in`],
      [`${half}.norm_out`, `${half}.conv_norm_out`],
      [`${half}.conv_out`, `${half}.conv_out`],
      ...within(`${half}.mid.block_1`, `${half}.mid_block.resnets.0`, vaeResnet),
      ...within(`${half}.mid.attn_1`, `${half}.mid_block.attentions.0`, vaeAttention),
      ...within(`${half}.mid.block_2`, `${half}.mid_block.resnets.1`, vaeResnet),
    );
  }
  for (let level = 0; level < levels; level++) {
    // LDM numbers the decoder's levels by size, as the encoder's; diffusers in the order in which they run
    const [down, up] = [`encoder.down_blocks.${level}`, `decoder.up_blocks.${levels - 1 - level}`];
    for (let i = 0; i < layers_per_block; i++)
      pairs.push(...within(`encoder.down.${level}.block.${i}`, `${down}.resnets.${i}`, vaeResnet));
    for (let i = 0; i <= layers_per_block; i++)
      pairs.push(...within(`decoder.up.${level}.block.${i}`, `${up}.resnets.${i}`, vaeResnet));
    if (level < levels - 1) pairs.push([`encoder.down.${level}.downsample.conv`, `${down}.downsamplers.0.conv`]);
    if (level > 0) pairs.push([`decoder.up.${level}.upsample.conv`, `${up}.upsamplers.0.conv`]);
  }
  return namesOf(pairs);
}

/** CLIP has the same names in both, all below `text_model.`. */
export const textNames: LdmNames = namesOf([["text_model", "text_model"]]);

/** By a component's configuration. */
export const ldmNames: { readonly [C in Component]: (config: JsonObject) => LdmNames } = {
  unet: (config) => unetNames(readUNetConfig(config)),
  vae: (config) => {
    const { block_out_channels, layers_per_block } = readVaeConfig(config);
    return vaeNames({ levels: block_out_channels.length, layers_per_block });
  },
  text_encoder: () => textNames,
};

/** The autoencoder's attention is of 1x1 convolutions in LDM, of linear layers in diffusers: [out, in] -> [out, in, 1, 1]. */
export function ldmShape(ldm: string, shape: readonly number[]): readonly number[] {
  return /\.mid\.attn_1\.(q|k|v|proj_out)\.weight$/.test(ldm) && shape.length === 2 ? [...shape, 1, 1] : shape;
}

function namesOf(pairs: readonly Pair[]): LdmNames {
  const toDiffusers = new Map(pairs);
  const toLdm = new Map(pairs.map(([ldm, diffusers]) => [diffusers, ldm]));
  return {
    toDiffusers: (name) => rename(name, toDiffusers),
    toLdm: (name) => rename(name, toLdm),
  };
}

/** The longest module of the table that the name begins with, replaced. */
function rename(name: string, modules: ReadonlyMap<string, string>): string | null {
  for (let dot = name.lastIndexOf("."); dot > 0; dot = name.lastIndexOf(".", dot - 1)) {
    const module = modules.get(name.slice(0, dot));
    if (module !== undefined) return module + name.slice(dot);
  }
  return null;
}

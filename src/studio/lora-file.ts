/** @file A node's LoRA as a file for other programs: its names, what its metadata tell, and what it is called. */
import { kohyaFile, type LoraFile, peftFile } from "../artifacts/lora-write.ts";
import { loraModules } from "../artifacts/lora-merge.ts";
import type { ModelFolder } from "../artifacts/model-folder.ts";
import { modelSpec } from "../artifacts/model-spec.ts";
import { nodeName } from "../lib/node-name.ts";
import type { NodeRecord } from "../storage/nodes.ts";
import type { Network } from "./networks.ts";

/** A node's own weights at a step. */
export interface Trained {
  readonly node: NodeRecord;
  readonly project: string;
  readonly step: number;
  readonly vector: Float32Array;
}

/** kohya's names in float16, which A1111, ComfyUI and diffusers read; or PEFT's as diffusers saves them, with every bit. */
export function loraFileOf(
  { choices, set }: Pick<Network, "choices" | "set">,
  trained: Trained,
  names: "kohya" | "diffusers",
  now: Date,
): LoraFile & { readonly name: string } {
  const modules = loraModules(set.layout, trained.vector, choices.alpha);
  if (names === "diffusers") {
    // the name that `load_lora_weights` looks for in a folder
    const name = "pytorch_lora_weights.safetensors";
    return { name, ...peftFile({ spelling: { prefix: "unet.", adapter: null }, modules }) };
  }
  const metadata = kohyaMetadata(choices, trained, now);
  return { name: loraFileName(trained, choices.rank), ...kohyaFile({ modules }, "F16", metadata) };
}

const LONGEST = 120;

/** "studio_spin2_r16_s200.safetensors", or with the name that a person gave the node. */
export function loraFileName(
  { node, project, step }: Pick<Trained, "node" | "project" | "step">,
  rank: number,
): string {
  const end = `_r${rank}_s${step}.safetensors`;
  const named = node.name === null ? "" : sanitised(node.name);
  const start = `${sanitised(project) || "studio"}_${named || `spin${node.iteration}`}`;
  return start.slice(0, LONGEST - end.length) + end;
}

/** Letters, digits and dashes of ASCII. */
const sanitised = (name: string): string =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

/**
 * What kohya's trainer writes of a run, and the model specification; all of it text.
 * Fields: https://github.com/kohya-ss/sd-scripts `library/sai_model_spec.py`, https://github.com/Stability-AI/ModelSpec
 */
export function kohyaMetadata(
  { configs, rank, alpha, height }: Network["choices"],
  { node, step }: Pick<Trained, "node" | "step">,
  now: Date,
): Record<string, string> {
  const known = configs as ModelFolder["configs"];
  const { cross_attention_dim, _name_or_path } = known.unet ?? {};
  const levels = known.vae?.["block_out_channels"];
  const side = height * 2 ** ((Array.isArray(levels) ? levels.length : 4) - 1);
  const told: Record<string, unknown> = {
    ss_network_module: "networks.lora",
    ss_network_dim: rank,
    ss_network_alpha: alpha,
    // without the folder, which is only its owner's business
    ss_sd_model_name: typeof _name_or_path === "string" ? _name_or_path.replace(/^.*[\\/]/, "") : null,
    ss_steps: step,
    ss_seed: node.settings["seed"],
    ss_learning_rate: node.settings["learningRate"],
    ss_training_comment: `SPIN iteration ${node.iteration}`,
    ...modelSpec(known, "lora", { title: nodeName(node), side, now }),
    ...(cross_attention_dim === 768 ? { ss_base_model_version: "sd_v1" } : {}),
  };
  const there = Object.entries(told).filter(([, value]) => (value ?? "") !== "");
  return Object.fromEntries(there.map(([key, value]) => [key, String(value)]));
}

/** @file Options that several commands have. */
import { samplerNames } from "../diffusion/samplers.ts";
import { presets } from "../plan/targets.ts";
import { integer, number, oneOf, type Option, refuse, text } from "./options.ts";

export const loraOptions = {
  rank: integer("rank of a fresh LoRA", { min: 1, max: 4096 }, 16),
  alpha: number("its alpha; the rank by default"),
  targets: text("NAMES", `its modules: ${Object.keys(presets).join(", ")}, or ends of names with commas`, "attention"),
};

export interface LoraGiven {
  readonly path: string;
  readonly multiplier: number;
}

/** Empty where none is named; `which` says what they are for. */
export function lorasOption(which: string): Option<readonly LoraGiven[]> {
  const help = `${which}: LoRAs in any spelling, with commas; FILE:0.6 for a weight other than 1`;
  const read = (name: string, given = ""): readonly LoraGiven[] =>
    given === "" ? [] : given.split(",").map((each) => loraGiven(name, each));
  return { placeholder: "FILES", help, required: false, read };
}

function loraGiven(name: string, given: string): LoraGiven {
  const [, path = "", weight = "1"] = /^(.*?)(?::([^:/\\]*))?$/.exec(given.trim()) ?? [];
  const multiplier = Number(weight);
  if (path !== "" && weight.trim() !== "" && Number.isFinite(multiplier)) return { path, multiplier };
  return refuse(`--${name} has "${given}", and FILE or FILE:WEIGHT was expected.`);
}

export const compileOptions = {
  cut: oneOf(
    ["auto", "whole", "stage", "block"],
    "how the network is cut: smaller pieces keep less and compute more; auto is block for large models",
    "auto",
  ),
  weights: oneOf(["float32", "float16"], "how frozen weights are stored", "float32"),
};

export const vaeTileOption = integer(
  "latents along the side of a tile of the VAE, a multiple of 4: less memory, diffusers' enable_tiling; pictures whole by default",
  { min: 4, max: 512 },
);

/** Undefined where none is named; `which` says what it is then. */
export const samplerOption = (which: string) => oneOf(samplerNames, `how the noise is taken away; ${which}`);

/** @file A player of the game: a model folder and perhaps an adapter, compiled and loaded as one network with its trainable vector. */
import { buildArtifactSet } from "../artifacts/artifact-set.ts";
import type { Lora } from "../artifacts/lora-names.ts";
import { loraKey } from "../artifacts/lora-names.ts";
import type { ModelFolder } from "../artifacts/model-folder.ts";
import type { LoraTargets } from "../graph/passes/lora.ts";
import { required, StudioError } from "../lib/errors.ts";
import { type Shape, sizeOf } from "../lib/tensor.ts";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../models/config.ts";
import { compile } from "../plan/compile.ts";
import type { LayoutEntry } from "../plan/types.ts";
import type { Backend } from "../runtime/backend.ts";
import type { SampleShape } from "../spin/pair.ts";
import { adamWDefaults } from "../spin/adamw.ts";
import { explainLimit } from "./limits.ts";
import { asFloat32, type InitialLora, loadModel, type Model } from "./model.ts";

export interface Player {
  readonly folder: ModelFolder;
  readonly lora: Lora | null;
}

export interface NetworkChoices {
  readonly shape: SampleShape;
  /** rows of one run */
  readonly samples: number;
  readonly train: "full" | "lora";
  /** LoRA: what each module gets; read where `train` is "lora" */
  readonly targets: LoraTargets;
  readonly initial: InitialLora;
  readonly cut: "whole" | "stage" | "block";
  readonly weights: "float32" | "float16";
  /** latents along the side of a tile of the VAE; pictures whole by default */
  readonly vaeTile?: number | null;
  /** where AdamW runs; on the host by default */
  readonly optimizer?: "device";
}

/** The modules of an adapter file, with the file's ranks and alphas. */
export const targetsOf =
  ({ modules }: Lora): LoraTargets =>
  (module) =>
    modules.get(module) ?? null;

/** Whether one compiled network serves both adapters. */
export function sameTargets(a: Lora, b: Lora): boolean {
  return (
    a.modules.size === b.modules.size &&
    [...a.modules].every(([name, { rank, alpha }]) => {
      const other = b.modules.get(name);
      return other?.rank === rank && other.alpha === alpha;
    })
  );
}

/** All that the folder was opened with, and the base vector: a LoRA with B = 0, or the folder's own weights. */
export async function loadNetwork(backend: Backend, folder: ModelFolder, choices: NetworkChoices): Promise<Model> {
  const { shape, samples, train, targets, cut, weights, vaeTile = null, optimizer } = choices;
  const [, height, width] = shape.latents;
  const { configs } = folder;
  const options = { height, width, samples, drawSamples: samples, tokens: shape.text[0], cut, weights, vaeTile };
  const compiled = await explainLimit(() =>
    compile(
      {
        unet: readUNetConfig(required(configs.unet, "the UNet's configuration")),
        ...(configs.vae ? { vae: readVaeConfig(configs.vae) } : {}),
        ...(configs.text_encoder ? { text: readTextConfig(configs.text_encoder) } : {}),
      },
      {
        ...options,
        training:
          train === "full"
            ? { kind: "full", ...(optimizer === "device" ? { optimizer: adamWDefaults } : {}) }
            : { kind: "lora", targets },
        // only WebGPU has such a limit
        ...(backend.name.endsWith("webgpu") ? {} : { maxBindingBytes: Infinity }),
      },
    ),
  );
  if (compiled.set.layout.length === 0)
    throw new StudioError("targets", "This UNet has none of the modules that LoRA was to adapt, and one was expected.");
  const device = optimizer ? { optimizer } : {};
  const trained = { train, rank: 0, alpha: 0, targets: "", ...device };
  const set = await buildArtifactSet(compiled, { ...options, configs, ...trained });
  return loadModel(backend, set, folder, choices.initial);
}

/** An adapter file's flat vector. @throws StudioError `adapter` where it does not fit this network. */
export function loraVector(layout: readonly LayoutEntry[], lora: Lora, what: string): Float32Array {
  const expected = new Map(layout.map(({ name, shape }) => [name, shape]));
  const found = new Map<string, Float32Array>();
  for (const [module, { a, b }] of lora.modules) {
    for (const [side, { shape, data }] of [["A", a] as const, ["B", b] as const]) {
      const name = loraKey({ prefix: "", adapter: null }, module, side);
      const own = expected.get(name);
      if (!own)
        throw new StudioError(
          "adapter",
          `${what} adapts "${module}", and this UNet has no linear or convolution there.`,
        );
      if (!sameButForOnes(own, shape)) {
        const shapes = `[${shape.join(",")}], and [${own.join(",")}]`;
        throw new StudioError("adapter", `${what} has "${name}" as ${shapes} was expected.`);
      }
      found.set(name, data);
    }
  }
  return flat(layout, (name) => {
    const data = found.get(name);
    if (!data) throw new StudioError("adapter", `${what} has no "${name}", which this network trains.`);
    return data;
  });
}

/** A 1x1 convolution is a linear: [r, in, 1, 1] is [r, in]. */
function sameButForOnes(a: Shape, b: Shape): boolean {
  const trimmed = (shape: Shape) => shape.join().replace(/(,1)+$/, "");
  return trimmed(a) === trimmed(b);
}

/** A folder's own weights as the flat vector of full training. */
export async function weightsVector(
  layout: readonly LayoutEntry[],
  folder: ModelFolder,
  what: string,
): Promise<Float32Array> {
  const found = new Map<string, Float32Array>();
  for (const { name, shape } of layout) {
    const tensor = folder.tensors.unet?.get(name);
    if (!tensor) throw new StudioError("model", `${what} has no "${name}", which the model has.`);
    if (!sameButForOnes(tensor.shape, shape)) {
      const shapes = `[${tensor.shape.join(",")}], and [${shape.join(",")}]`;
      throw new StudioError("model", `${what} has "${name}" as ${shapes} was expected.`);
    }
    found.set(name, asFloat32(await tensor.read()));
  }
  return flat(layout, (name) => required(found.get(name), name));
}

/** Tensors laid end to end as the layout says. */
function flat(layout: readonly LayoutEntry[], find: (name: string) => Float32Array): Float32Array {
  const vector = new Float32Array(layout.reduce((end, { offset, shape }) => Math.max(end, offset + sizeOf(shape)), 0));
  for (const { name, offset } of layout) vector.set(find(name), offset);
  return vector;
}

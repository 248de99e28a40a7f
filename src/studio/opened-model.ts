/** @file A model, opened: which one it is, its networks on a backend, and what the page is told of it. */
import { type FileSystem, type ModelFolder, openModel } from "../artifacts/model-folder.ts";
import { required, StudioError } from "../lib/errors.ts";
import { readUNetConfig } from "../models/config.ts";
import type { Backend, Float16 } from "../runtime/backend.ts";
import type { Trains } from "../storage/nodes.ts";
import type { Examined, Fit, MemoryUse, ModelInfo, OwnModel } from "./api.ts";
import { blobFiles } from "./blob-files.ts";
import { withVocabulary } from "./clip-vocabulary.ts";
import { parameterCount } from "./cut.ts";
import { type MemoryPlan, planMemory } from "./memory-plan.ts";
import { modelIdentity } from "./model-identity.ts";
import { resolutionOf, sidesOf } from "./model.ts";
import { homeOf, Networks } from "./networks.ts";
import { presetsFor } from "./presets.ts";
import { scoringOf } from "./scoring.ts";
import { isLarge } from "./size.ts";

const GUIDANCE: Readonly<Record<string, number>> = { pocket: 3 };
const TITLES: Readonly<Record<string, string>> = { pocket: "Pocket" };
const AUTOMATIC = { resolution: null, memory: null };
const LORA: Trains = { train: "lora", rank: 16 };
const FULL: Trains = { train: "full", rank: 0 };
const VOCABULARY_OF = "pocket";
/** hex digits of an identity that tell a person's models apart */
const SHORT = 16;

export interface OpenedModel {
  readonly info: ModelInfo;
  readonly networks: Networks;
  /** which model this is, and how it runs: what decides the bits of its pictures */
  readonly identity: Promise<string>;
}

/** `builtIn`: the files of a model of ours by its id. */
export async function openStudioModel(
  model: string | OwnModel,
  backend: Backend,
  builtIn: (id: string) => FileSystem,
): Promise<OpenedModel> {
  const own = typeof model === "string" ? null : model;
  const found = await openModel(own ? blobFiles(own.files) : builtIn(model as string));
  const folder = await withVocabulary(found, builtIn(VOCABULARY_OF));
  const parameters = parametersOf(folder);
  if (isLarge(parameters) && backend.name === "wasm")
    throw new StudioError(
      "no-gpu",
      "This model is too large for the processor of a page, and this browser gives it no GPU.",
      "Open this page in a browser with WebGPU.",
    );
  const home = homeOf(parameters);
  const plan = await planMemory(folder, parameters, home, { ...(own ?? AUTOMATIC), float16: backend.float16 });
  const large = isLarge(parameters);
  // nobody can ask a browser for its card's memory: the whole of a large model only where a person allows what it takes
  const wanted = own !== null && large && own.memory !== null ? { ...own, float16: backend.float16 } : null;
  const whole = wanted && (await planWithin(folder, parameters, FULL, wanted));
  const networks = new Networks(backend, folder, home, plan, whole);
  const { side } = await networks.of(home);
  const id = own ? `${(await modelIdentity(folder)).slice(0, SHORT)}-${side}` : (model as string);
  const guidance = GUIDANCE[id] ?? 7.5;
  const info: ModelInfo = {
    id,
    title: own?.title ?? TITLES[id] ?? id,
    memory: memoryUse(plan),
    resolution: side,
    parameters,
    large,
    guidance,
    presets: presetsFor({ parameters, guidance, whole: whole !== null }),
    scoring: scoringOf(id),
  };
  return { info, networks, identity: modelIdentity(folder, plan.choices) };
}

/** Reads headers only; `float16`: of the device that would run it. @throws StudioError `model`, `safetensors` or `config` in words for what is not SD 1.x. */
export async function examineModel(model: OwnModel, float16: Float16): Promise<Examined> {
  const folder = await openModel(blobFiles(model.files));
  const parameters = parametersOf(folder);
  const fit = async (trains: Trains): Promise<Fit> => {
    const plan = await planWithin(folder, parameters, trains, { ...model, float16 });
    const fits = plan !== null;
    const least = plan ?? (await planMemory(folder, parameters, trains, { ...model, float16, memory: null }));
    return { ...memoryUse(least), fits };
  };
  const large = isLarge(parameters);
  const full = await fit(FULL);
  return {
    parameters,
    large,
    resolution: model.resolution ?? resolutionOf(folder.configs),
    sides: sidesOf(folder.configs),
    notes: folder.notes ?? [],
    lora: await fit(LORA),
    full: large && model.memory === null ? { ...full, fits: false } : full,
  };
}

/** Null where it does not fit. */
async function planWithin(...wanted: Parameters<typeof planMemory>): Promise<MemoryPlan | null> {
  try {
    return await planMemory(...wanted);
  } catch (error) {
    if (error instanceof StudioError && error.code === "memory") return null;
    throw error;
  }
}

const parametersOf = ({ configs }: ModelFolder): number =>
  parameterCount(readUNetConfig(required(configs.unet, "the UNet's configuration")));

function memoryUse({ bytes, choices, built }: MemoryPlan): MemoryUse {
  const { weights, trainable } = built.artifact.set.bytes;
  const whole = built.artifact.choices.train === "full";
  return {
    bytes,
    weights: whole ? weights + trainable : weights,
    pairs: choices.samples / 2,
    recomputes: choices.cut !== "whole",
  };
}

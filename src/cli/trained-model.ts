/** @file A model with what a run made of it: a run's folder, one of its checkpoints, or a LoRA's file over the model. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expectedTensors, fitTensors } from "../artifacts/expected-tensors.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../artifacts/json-object.ts";
import { mergedInto, type ReadWeight } from "../artifacts/lora-merge.ts";
import type { LoraComponent } from "../artifacts/lora-names.ts";
import type { ModelFolder } from "../artifacts/model-folder.ts";
import { modelTensors, type Source } from "../artifacts/model-tensors.ts";
import { openSafetensors } from "../artifacts/safetensors.ts";
import { ownWeights, type TrainedModel } from "../artifacts/saved-weights.ts";
import { streamedCopy } from "../artifacts/streamed-file.ts";
import { required, StudioError } from "../lib/errors.ts";
import { makeArtifacts } from "../studio/model.ts";
import { startedFrom } from "../studio/started-lora.ts";
import { openFile, readText } from "./files.ts";
import { openLora, openLoras } from "./model-files.ts";
import { runRecord } from "./run-record.ts";

export interface RunModel extends TrainedModel {
  /** "SPIN 2" */
  readonly title: string;
}

/** `iteration`: of a run's folder; its newest where none is named. @throws StudioError `run`, `checkpoint`, `lora` or `model`. */
export async function openRun(path: string, folder: ModelFolder, iteration?: number): Promise<RunModel> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new StudioError("run", `${path} does not exist.`);
  if (found.isFile()) return { folder, trained: await withLora(path, folder), title: "LoRA" };
  return openCheckpoint(await checkpointIn(path, iteration), folder);
}

async function checkpointIn(path: string, iteration: number | undefined): Promise<string> {
  if (existsSync(join(path, "state.json"))) return path;
  const checkpoints = join(path, "checkpoints");
  if (!existsSync(checkpoints))
    throw new StudioError("run", `${path} has no checkpoints, and the folder of a run was expected.`);
  const iterations = (await readdir(checkpoints)).filter((name) => /^\d+$/.test(name)).map(Number);
  const wanted = iteration ?? Math.max(...iterations);
  if (iterations.includes(wanted)) return join(checkpoints, String(wanted));
  const there = iterations.length > 0 ? `it has ${iterations.sort((a, b) => a - b).join(", ")}` : "it has none yet";
  throw new StudioError("run", `${path} has no checkpoint of iteration ${iteration ?? 1}: ${there}.`);
}

async function openCheckpoint(path: string, folder: ModelFolder): Promise<RunModel> {
  const state = parseJsonObject(await readText(join(path, "state.json")), "state.json");
  const files = isJsonObject(state["files"]) ? state["files"] : {};
  // weights that are too large for one file are in parts
  const names = Object.keys(files).filter((name) => /^(adapter|weights)\b.*\.safetensors$/.test(name));
  for (const name of names) await checkHash(join(path, name), files[name]);
  const [first] = names.map((name) => join(path, name));
  if (first === undefined) throw new StudioError("checkpoint", `${path} holds no weights.`);
  const title = `SPIN ${String(state["iteration"])}`;
  const { under, text_encoder } = await begun(dirname(dirname(path)), folder);
  const own =
    state["train"] === "lora" ? await withLora(first, under) : { unet: await wholeWeights(path, names, folder) };
  return { folder: under, trained: { ...(text_encoder ? { text_encoder } : {}), ...own }, title };
}

interface Begun {
  readonly under: ModelFolder;
  /** where a LoRA adapts it */
  readonly text_encoder: ReadWeight | null;
}

/** The model as a run began with it: LoRAs that the run was laid over are in its weights. */
async function begun(run: string, folder: ModelFolder): Promise<Begun> {
  const record = existsSync(join(run, "run.json")) ? await runRecord(run) : null;
  if (!record || record.loras.length === 0) return { under: folder, text_encoder: null };
  const loras = await openLoras(record.loras, folder, () => {});
  const set = await makeArtifacts(folder, { ...record, samples: 2, drawSamples: 2 });
  const { folder: under } = startedFrom(folder, loras, set.artifact, record.seed);
  const adapted = under !== folder && loras.some(({ lora }) => lora.textEncoder.size > 0);
  return { under, text_encoder: adapted ? ownWeights(under, "text_encoder") : null };
}

async function checkHash(path: string, told: unknown): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of streamedCopy(await openFile(path)).chunks()) hash.update(chunk);
  const { sha256 } = (isJsonObject(told) ? told : {}) as JsonObject;
  if (hash.digest("hex") !== sha256)
    throw new StudioError("checkpoint", `${path} is not what its state.json was written with: its sha256 differs.`);
}

async function withLora(path: string, folder: ModelFolder): Promise<TrainedModel["trained"]> {
  const lora = await openLora(path, folder);
  const [left] = lora.leftOut;
  if (left !== undefined)
    throw new StudioError("lora", `${path}: ${left}`, "What is exported has a LoRA whole or not at all.");
  const merged = (component: LoraComponent): ReadWeight =>
    mergedInto(ownWeights(folder, component), component, [{ lora, multiplier: 1 }]);
  return { unet: merged("unet"), ...(lora.textEncoder.size > 0 ? { text_encoder: merged("text_encoder") } : {}) };
}

async function wholeWeights(path: string, names: readonly string[], folder: ModelFolder): Promise<ReadWeight> {
  const sources: Source[] = [];
  for (const name of names)
    sources.push({ path: name, file: await openSafetensors(await openFile(join(path, name)), name) });
  const config = required(folder.configs.unet, "the UNet's configuration");
  const unet = fitTensors(
    path,
    modelTensors(sources, (name) => name),
    expectedTensors("unet", config),
  );
  return ownWeights({ tensors: { unet } }, "unet");
}

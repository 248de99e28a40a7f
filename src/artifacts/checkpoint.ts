/**
 * @file A checkpoint as three files, the same in the page, on disk and in Python:
 *
 *   adapter.safetensors     what is trained, by name (weights.safetensors where the whole model is)
 *   optimizer.safetensors   AdamW's m/<name> and v/<name>, ema/<name> where an average of the weights is kept; absent where an
 *                           iteration is finished
 *   state.json              where the run stands, what decides its bits, and the sha256 of the other files
 *
 * What is too large for that is kept in parts (checkpoint-parts.ts).
 * Draws are keyed by (seed, step, pair), so there is no generator's state to keep. Decoding gives the very bits that were encoded.
 */
import { StudioError } from "../lib/errors.ts";
import { sha256 } from "../lib/sha256.ts";
import type { LayoutEntry } from "../plan/types.ts";
import { joinVector, splitVector } from "./flat-vector.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "./json-object.ts";
import { type FileTensor, parseSafetensors, writeSafetensors } from "./safetensors.ts";

/** Whatever changes bits: a run that goes on with other values is not bit-equal to one that was not interrupted. */
export interface Numerics {
  readonly backend: string;
  /** the device in words */
  readonly device: string;
  readonly cut: string;
  readonly batch: number;
  readonly optimizationLevel: string;
  readonly runtimeVersion: string;
}

export interface CheckpointState {
  readonly uuid: string;
  /** the checkpoint that the iteration started from; null for the base model */
  readonly parent: string | null;
  readonly iteration: number;
  /** optimizer steps done */
  readonly step: number;
  readonly seed: number;
  readonly train: "lora" | "full";
  readonly settings: JsonObject;
  readonly numerics: Numerics;
}

export interface Checkpoint extends CheckpointState {
  readonly vector: Float32Array;
  readonly optimizer: OptimizerVectors | null;
}

/** AdamW's moments and the average of the weights, each as long as the vector. */
export interface OptimizerVectors {
  readonly m: Float32Array;
  readonly v: Float32Array;
  readonly ema?: Float32Array;
}

export const schema = 1;
export const stateName = "state.json";
const optimizerName = "optimizer.safetensors";
const vectorName = { lora: "adapter.safetensors", full: "weights.safetensors" } as const;

/** Names, shapes and places of what is trained. Equal hashes: the vectors mean the same. */
export async function layoutHash(layout: readonly LayoutEntry[]): Promise<string> {
  const entries = layout.map(({ name, shape, offset }) => [name, shape, offset]);
  return sha256(new TextEncoder().encode(JSON.stringify(entries)));
}

export async function encodeCheckpoint(
  checkpoint: Checkpoint,
  layout: readonly LayoutEntry[],
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { vector, optimizer, ...state } = checkpoint;
  checkFinite(vector, "the weights");
  if (vector.every((x) => x === 0)) refuse("all weights are zero, which is what a lost device reads as");
  const files = new Map([
    [vectorName[state.train] as string, writeSafetensors(splitVector(layout, vector), { format: "pt" })],
  ]);
  if (optimizer) {
    const moments = vectorsOf(optimizer).flatMap(([name, vector]) => {
      checkFinite(vector, "the optimizer");
      return [...splitVector(layout, vector, `${name}/`)];
    });
    files.set(optimizerName, writeSafetensors(new Map(moments)));
  }
  const parts: { [name: string]: { bytes: number; sha256: string } } = {};
  for (const [name, bytes] of files) parts[name] = { bytes: bytes.length, sha256: await sha256(bytes) };
  const json = JSON.stringify({ schema, ...state, layout: await layoutHash(layout), files: parts }, null, 2);
  return files.set(stateName, new TextEncoder().encode(`${json}\n`));
}

/**
 * @throws StudioError `checkpoint` with what does not fit: schema, sizes, hashes, layout, numbers that are not finite;
 * `newer` where a later version wrote it.
 */
export async function decodeCheckpoint(
  files: ReadonlyMap<string, Uint8Array>,
  layout: readonly LayoutEntry[],
): Promise<Checkpoint> {
  const json = parseJsonObject(new TextDecoder().decode(fileOf(files, stateName)), stateName);
  const state = parseState(json);
  await checkFiles(json, files);
  if (json.layout !== (await layoutHash(layout))) {
    refuse("it holds other tensors than the model trains now, so rank, targets or model differ");
  }
  const vector = joinVector(layout, parseSafetensors(fileOf(files, vectorName[state.train])).tensors);
  checkFinite(vector, "the weights");
  const moments = files.get(optimizerName);
  return { ...state, vector, optimizer: moments ? parseMoments(layout, parseSafetensors(moments).tensors) : null };
}

const vectorsOf = ({ m, v, ema }: OptimizerVectors): readonly (readonly [string, Float32Array])[] => [
  ["m", m],
  ["v", v],
  ...(ema ? [["ema", ema] as const] : []),
];

function parseMoments(layout: readonly LayoutEntry[], tensors: ReadonlyMap<string, FileTensor>): OptimizerVectors {
  const moments = { m: joinVector(layout, tensors, "m/"), v: joinVector(layout, tensors, "v/") };
  const averaged = [...tensors.keys()].some((name) => name.startsWith("ema/"));
  const optimizer = averaged ? { ...moments, ema: joinVector(layout, tensors, "ema/") } : moments;
  for (const [, vector] of vectorsOf(optimizer)) checkFinite(vector, "the optimizer");
  return optimizer;
}

export function refuse(fault: string): never {
  throw new StudioError("checkpoint", `The checkpoint cannot be used: ${fault}.`);
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  return files.get(name) ?? refuse(`${name} is missing`);
}

/** A lost device reads as zeros or worse, so nothing goes in or out unseen. x - x is 0 for finite x alone. */
export function checkFinite(values: Float32Array, what: string): void {
  for (const x of values) if (x - x !== 0) refuse(`a number in ${what} is not finite`);
}

export function parseState(json: JsonObject): CheckpointState {
  if (typeof json.schema === "number" && json.schema > schema) {
    throw new StudioError("newer", "The checkpoint was written by a newer version of the studio.");
  }
  if (json.schema !== schema) refuse(`${stateName} has no schema ${schema}`);
  const { uuid, parent, iteration, step, seed, train, settings, numerics } = json;
  const text = typeof uuid === "string" && (parent === null || typeof parent === "string");
  const counts = isCount(iteration) && isCount(step) && typeof seed === "number";
  if (!text || !counts || (train !== "lora" && train !== "full") || !isJsonObject(settings) || !isNumerics(numerics)) {
    return refuse(`${stateName} lacks a field or has one of another type`);
  }
  return { uuid, parent, iteration, step, seed, train, settings, numerics };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isNumerics(value: unknown): value is Numerics & JsonObject {
  if (!isJsonObject(value) || !isCount(value.batch)) return false;
  const texts = [value.backend, value.device, value.cut, value.optimizationLevel, value.runtimeVersion];
  return texts.every((text) => typeof text === "string");
}

/** The files that state.json names, no other, each with its size and hash. */
async function checkFiles(json: JsonObject, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const named = isJsonObject(json.files) ? json.files : refuse(`${stateName} names no files`);
  for (const [name, part] of Object.entries(named)) {
    const bytes = fileOf(files, name);
    if (!isJsonObject(part)) return refuse(`${stateName} does not describe ${name}`);
    if (bytes.length !== part.bytes)
      refuse(`${name} has ${bytes.length} bytes, and ${String(part.bytes as number)} were expected`);
    if ((await sha256(bytes)) !== part.sha256) refuse(`${name} has changed (its sha256 differs)`);
  }
  for (const name of files.keys()) {
    if (name !== stateName && !Object.hasOwn(named, name)) refuse(`${name} is not named by ${stateName}`);
  }
}

/** In which respects a run would go on otherwise than it began; none: bit-equal. */
export function numericsDifferences(before: Numerics, now: Numerics): readonly (keyof Numerics)[] {
  return (Object.keys(before) as (keyof Numerics)[]).filter((key) => before[key] !== now[key]);
}

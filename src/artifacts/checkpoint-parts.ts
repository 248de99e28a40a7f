/**
 * @file A checkpoint of what is too large for one file, or to be held at once: a part for each group of tensors, which is written
 * and read by itself.
 *
 *   weights-00001-of-00046.safetensors   what is trained, by name, in float32 or float16
 *   m-…, v-…, ema-…                      AdamW's moments and the average of the weights, in float32; absent where an iteration is finished
 *   state.json                           as of a checkpoint in one piece (checkpoint.ts), written last
 */
import { fromFloat16Array, toFloat16Array } from "../lib/float16.ts";
import { sha256 } from "../lib/sha256.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { LayoutEntry } from "../plan/types.ts";
import { type CheckpointState, checkFinite, layoutHash, parseState, refuse, schema, stateName } from "./checkpoint.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "./json-object.ts";
import { type FileTensor, parseSafetensors, writeSafetensors } from "./safetensors.ts";

export type Layout = readonly LayoutEntry[];

/** What a state consists of: the weights, AdamW's moments, and the average where one is kept. */
export type StateVector = "vector" | "m" | "v" | "ema";

/** A trainable vector, a group of its tensors at a time, flat and in the layout's order. */
export type Parts = (group: string) => Promise<Float32Array>;

export interface StateInParts {
  /** optimizer steps done */
  readonly step: number;
  readonly vectors: readonly StateVector[];
  read(vector: StateVector, group: string): Promise<Float32Array>;
}

/** What an iteration that ends here leaves. */
export const keptPartsOf = (state: StateInParts): Parts => {
  const kept = state.vectors.includes("ema") ? "ema" : "vector";
  return (group) => state.read(kept, group);
};

/** How the weights are stored; the optimizer's numbers do not fit into float16. */
export type StoredAs = "float32" | "float16";

/** Files by name, read when they are asked for. */
export interface Files {
  readonly names: readonly string[];
  read(name: string): Promise<Uint8Array>;
}

export const groupsOf = (layout: Layout): readonly string[] => [...new Set(layout.map(({ group }) => group))];

const fileStems: { readonly [V in StateVector]: string } = { vector: "weights", m: "m", v: "v", ema: "ema" };

function fileName(vector: StateVector, index: number, of: number): string {
  const number = (n: number): string => String(n).padStart(5, "0");
  return `${fileStems[vector]}-${number(index + 1)}-of-${number(of)}.safetensors`;
}

/** Whether these are the files of a checkpoint in parts. */
export const isInParts = (names: readonly string[]): boolean => names.some((name) => /^weights-\d+-of-/.test(name));

/**
 * The files one after the other; each may be forgotten before the next is made. A finished one has its weights only.
 * @throws StudioError `checkpoint` for numbers that are not finite, or all zero.
 */
export async function* encodeParts(
  state: Omit<CheckpointState, "step">,
  source: StateInParts,
  layout: Layout,
  { complete, storedAs }: { readonly complete: boolean; readonly storedAs: StoredAs },
): AsyncGenerator<readonly [name: string, bytes: Uint8Array<ArrayBuffer>], void, void> {
  const groups = groupsOf(layout);
  const files: { [name: string]: { bytes: number; sha256: string } } = {};
  const kept = keptPartsOf(source);
  let weighted = false;
  for (const vector of complete ? (["vector"] as const) : source.vectors) {
    for (const [index, group] of groups.entries()) {
      const values = complete ? await kept(group) : await source.read(vector, group);
      checkFinite(values, vector === "vector" ? "the weights" : "the optimizer");
      weighted ||= vector === "vector" && values.some((x) => x !== 0);
      const half = vector === "vector" && storedAs === "float16";
      const bytes = writeSafetensors(tensorsOf(layout, group, half ? toFloat16Array(values) : values), {
        format: "pt",
      });
      const name = fileName(vector, index, groups.length);
      files[name] = { bytes: bytes.length, sha256: await sha256(bytes) };
      yield [name, bytes];
    }
    if (!weighted) refuse("all weights are zero, which is what a lost device reads as");
  }
  const about = { schema, ...state, step: source.step, layout: await layoutHash(layout), files };
  yield [stateName, new TextEncoder().encode(`${JSON.stringify(about, null, 2)}\n`)];
}

function tensorsOf(layout: Layout, group: string, values: Float32Array | Uint16Array): Map<string, FileTensor> {
  let start = 0;
  return new Map(
    layout
      .filter((entry) => entry.group === group)
      .map(({ name, shape }) => {
        const data = values.subarray(start, (start += sizeOf(shape)));
        return [name, { dtype: data instanceof Uint16Array ? "F16" : "F32", shape, data }];
      }),
  );
}

/**
 * Reads state.json, and a part when it is asked for.
 * @throws StudioError `checkpoint` with what does not fit, also when a part is read; `newer`.
 */
export async function openParts(files: Files, layout: Layout): Promise<CheckpointState & StateInParts> {
  const json = parseJsonObject(new TextDecoder().decode(await files.read(stateName)), stateName);
  const state = parseState(json);
  if (json.layout !== (await layoutHash(layout)))
    refuse("it holds other tensors than the model trains now, so the model or its cut differs");
  const groups = groupsOf(layout);
  const has = (vector: StateVector): boolean => files.names.includes(fileName(vector, 0, groups.length));
  if (!has("vector")) refuse("its weights are missing");
  return {
    ...state,
    vectors: (Object.keys(fileStems) as StateVector[]).filter(has),
    read: async (vector, group) => {
      const name = fileName(vector, groups.indexOf(group), groups.length);
      if (!files.names.includes(name)) refuse(`${name} is missing`);
      const bytes = await files.read(name);
      await checkPart(json, name, bytes);
      const values = joinPart(layout, group, parseSafetensors(bytes, name).tensors);
      checkFinite(values, name);
      return values;
    },
  };
}

async function checkPart({ files }: JsonObject, name: string, bytes: Uint8Array): Promise<void> {
  const part = isJsonObject(files) ? files[name] : undefined;
  if (!isJsonObject(part)) return refuse(`${stateName} does not describe ${name}`);
  if (bytes.length !== part.bytes || (await sha256(bytes)) !== part.sha256)
    refuse(`${name} has changed (its size or its sha256 differs)`);
}

function joinPart(layout: Layout, group: string, tensors: ReadonlyMap<string, FileTensor>): Float32Array {
  const entries = layout.filter((entry) => entry.group === group);
  const values = new Float32Array(entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  let at = 0;
  for (const { name, shape } of entries) {
    const tensor = tensors.get(name);
    if (!tensor || tensor.shape.join() !== shape.join()) return refuse(`its part for "${name}" has another shape`);
    const { data } = tensor;
    values.set(data instanceof Uint16Array ? fromFloat16Array(data) : (data as Float32Array), at);
    at += sizeOf(shape);
  }
  return values;
}

/** Weights that are read by name, as parts. */
export function partsOfWeights(layout: Layout, read: (name: string) => Promise<Float32Array>): Parts {
  return async (group) => {
    const entries = layout.filter((entry) => entry.group === group);
    const values = new Float32Array(entries.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
    let at = 0;
    for (const { name, shape } of entries) {
      values.set(await read(name), at);
      at += sizeOf(shape);
    }
    return values;
  };
}

/** The other way round; of a part that was read the tensors are kept until another is asked for. */
export function weightsOfParts(layout: Layout, parts: Parts): (name: string) => Promise<Float32Array> {
  const groups = new Map(layout.map(({ name, group }) => [name, group]));
  let held: { readonly group: string; readonly tensors: ReadonlyMap<string, FileTensor> } | null = null;
  return async (name) => {
    const group = groups.get(name) ?? refuse(`it has no "${name}"`);
    if (held?.group !== group) held = { group, tensors: tensorsOf(layout, group, await parts(group)) };
    return held.tensors.get(name)?.data as Float32Array;
  };
}

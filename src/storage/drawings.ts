/**
 * @file Pictures that were drawn, so that they need not be drawn again: a picture is a function of the weights that drew it and of
 * what was asked. Only to the last bit it is one of the backend too, and here any backend's picture will do. They are a cache: what
 * cannot be read was not there, the oldest used make room, all of them do where the disk is full, and no export takes them along.
 */
import * as v from "valibot";
import { StudioError } from "../lib/errors.ts";
import { sha256 } from "../lib/sha256.ts";
import type { KeyValue } from "./key-value.ts";
import { count, drawingsPrefix, keysOf, refuseNewer, schema } from "./keys.ts";

/** Whatever decides a picture. */
export interface Asked {
  readonly node: string;
  /** which of the node's states: its checkpoint; "" where it has none */
  readonly version: string;
  /** the model under `base`, by its content */
  readonly model: string;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seed: number;
  readonly steps: number;
  readonly guidance: number;
}

/** RGBA bytes, side x side, opaque. */
export interface Drawing {
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export interface Drawings {
  get(asked: Asked): Promise<Drawing | null>;
  /** Keeps what was drawn, and notes what was used; all of it or none. Callers hold the project's lock. */
  put(drawn: readonly (readonly [Asked, Drawing])[], used?: readonly Asked[]): Promise<void>;
}

/** Of a project: thousands of pictures at 64 px, 85 at 512. */
const MOST_BYTES = 64 * 2 ** 20;

/** Names with their bytes, the oldest used first. What it does not name does not count. */
const indexSchema = v.object({ schema: v.literal(schema), rows: v.array(v.tuple([v.string(), count])) });
const drawingSchema = v.object({ side: count, rgb: v.instance(Uint8Array) });

export function drawings(store: KeyValue, project: string, mostBytes = MOST_BYTES): Drawings {
  const { drawings: prefix, drawingIndex } = keysOf(project);

  const read = async (key: string): Promise<Drawing | null> => {
    const value = v.safeParse(drawingSchema, await store.get(key));
    if (!value.success) return null;
    const { side, rgb } = value.output;
    return rgb.length === 3 * side * side ? { side, rgba: withAlpha(rgb) } : null;
  };

  const put = async (drawn: readonly (readonly [Asked, Drawing])[], used: readonly Asked[] = []): Promise<void> => {
    const value = await store.get(drawingIndex);
    refuseNewer(value, project);
    const index = v.safeParse(indexSchema, value);
    const there = new Set((await store.keys()).filter((key) => key.startsWith(prefix)));
    // a map keeps the order in which its keys were set
    const kept = new Map((index.success ? index.output.rows : []).filter(([name]) => there.has(prefix + name)));
    for (const asked of used) {
      const name = await nameOf(asked);
      const bytes = kept.get(name);
      if (bytes !== undefined && kept.delete(name)) kept.set(name, bytes);
    }
    const fresh = new Map<string, { readonly side: number; readonly rgb: Uint8Array<ArrayBuffer> }>();
    for (const [asked, { side, rgba }] of drawn) {
      const [name, rgb] = [await nameOf(asked), withoutAlpha(rgba)];
      fresh.set(name, { side, rgb });
      kept.delete(name);
      kept.set(name, rgb.length);
    }
    let total = [...kept.values()].reduce((sum, bytes) => sum + bytes, 0);
    for (const [name, bytes] of kept) {
      if (total <= mostBytes) break;
      kept.delete(name);
      total -= bytes;
    }
    const entries = [...fresh].filter(([name]) => kept.has(name)).map(([name, one]) => [prefix + name, one] as const);
    const gone = [...there].filter((key) => !kept.has(key.slice(prefix.length)));
    await store.setMany([...entries, [drawingIndex, { schema, rows: [...kept] }]], gone);
  };

  return { get: async (asked) => read(prefix + (await nameOf(asked))).catch(() => null), put };
}

/**
 * The same store, in which drawings make way: a write that finds the disk full is tried once more without them, since whatever else
 * is written cannot be made again so easily.
 */
export function beforeDrawings(store: KeyValue): KeyValue {
  const isDrawing = (key: string): boolean => key.startsWith(drawingsPrefix);
  return {
    ...store,
    setMany: async (entries, gone) => {
      try {
        await store.setMany(entries, gone);
      } catch (error) {
        const full = error instanceof StudioError && error.code === "quota";
        const drawn = full && !entries.some(([key]) => isDrawing(key)) ? (await store.keys()).filter(isDrawing) : [];
        if (drawn.length === 0) throw error;
        await store.deleteMany(drawn);
        await store.setMany(entries, gone);
      }
    },
  };
}

/** By the node, so that they go with it. */
async function nameOf({ node, ...asked }: Asked): Promise<string> {
  const { version, model, prompt, negativePrompt, seed, steps, guidance } = asked;
  const told = JSON.stringify([version, model, prompt, negativePrompt, seed, steps, guidance]);
  return `${node}/${await sha256(new TextEncoder().encode(told))}`;
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; to < rgb.length; from++) if (from % 4 !== 3) rgb[to++] = rgba[from] as number;
  return rgb;
}

function withAlpha(rgb: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray((rgb.length / 3) * 4).fill(255);
  for (let from = 0, to = 0; from < rgb.length; to++) if (to % 4 !== 3) rgba[to] = rgb[from++] as number;
  return rgba;
}

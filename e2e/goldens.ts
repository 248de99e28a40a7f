/** @file The goldens on disk, as Node's tests read them. What is in them: e2e/goldens/models/README.md. */
import { readFileSync } from "node:fs";
import type { TensorData } from "../src/lib/tensor.ts";
import { parseSafetensors } from "../src/artifacts/safetensors.ts";
import type { Json } from "../src/models/config.ts";

export interface Golden {
  readonly metadata: ReadonlyMap<string, string>;
  /** @throws when there is none of that name. */
  data(name: string): TensorData;
  floats(name: string): Float32Array;
  shape(name: string): readonly number[];
  /** All but the named ones: in a golden, the gradients. */
  except(...names: string[]): Map<string, Float32Array>;
}

const place = (path: string): URL => new URL(`goldens/models/${path}`, import.meta.url);

export function readConfig(path: string): Json {
  return JSON.parse(readFileSync(place(`${path}/config.json`), "utf8")) as Json;
}

export function readGolden(path: string): Golden {
  return golden(new Uint8Array(readFileSync(place(`${path}.safetensors`))), path);
}

export function golden(bytes: Uint8Array, label: string): Golden {
  const { tensors, metadata } = parseSafetensors(bytes, label);
  const tensor = (name: string) => {
    const found = tensors.get(name);
    if (!found) throw new Error(`${label} has no ${name}`);
    return found;
  };
  return {
    metadata,
    data: (name) => tensor(name).data,
    floats: (name) => tensor(name).data as Float32Array,
    shape: (name) => tensor(name).shape,
    except: (...names) =>
      new Map([...tensors].flatMap(([name, { data }]) => (names.includes(name) ? [] : [[name, data as Float32Array]]))),
  };
}

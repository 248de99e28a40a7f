/**
 * @file The folders that e2e/oracle/scorers.py describes: the .safetensors files of published scorers with weights by rule, made where they
 * are read, so that gigabytes need no disk; and the pictures with their prompts.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { FileSystem } from "../src/artifacts/model-folder.ts";
import { bytesAccess, type RandomAccess } from "../src/artifacts/random-access.ts";
import { seededTensor } from "../src/artifacts/seeded.ts";
import { writeSafetensors } from "../src/artifacts/safetensors.ts";
import { createTokenizer, type Tokenizer } from "../src/artifacts/tokenizer.ts";
import { decodeImage } from "../src/cli/images.ts";
import { sizeOf } from "../src/lib/tensor.ts";
import type { Pixels } from "../src/pairs/pixels.ts";

export const scorerGoldens = fileURLToPath(new URL("goldens/scorers", import.meta.url));

/** Name -> shape, or the value of a tensor that has but one. */
type Shapes = Readonly<Record<string, readonly number[] | number>>;

const shapeOf = (told: readonly number[] | number): readonly number[] => (typeof told === "number" ? [] : told);

function filesOf(folder: string) {
  const weights = JSON.parse(readFileSync(path.join(folder, "files.json"), "utf8")) as Record<string, Shapes>;
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return { weights, others: all.filter((file) => /config\.json$|\.txt$/.test(file)) };
}

const tensorOf = (name: string, told: Shapes[string]): Float32Array<ArrayBuffer> =>
  typeof told === "number" ? Float32Array.of(told) : seededTensor(name, shapeOf(told));

/** A float32 file whose tensors come from the rule when they are read. */
export function seededFile(shapes: Shapes): RandomAccess {
  const at = new Map<number, string>();
  let end = 0;
  const entries = Object.entries(shapes).map(([name, told]) => {
    const start = end;
    at.set(start, name);
    end += 4 * sizeOf(shapeOf(told));
    return [name, { dtype: "F32", shape: shapeOf(told), data_offsets: [start, end] }] as const;
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const head = new Uint8Array(8 + text.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(text.length), true);
  head.set(text, 8);
  return {
    size: head.length + end,
    read: async (offset, length) => {
      if (offset < head.length) return head.slice(offset, offset + length);
      const name = at.get(offset - head.length);
      if (name === undefined) throw new Error(`no tensor begins at ${offset}`);
      return new Uint8Array(tensorOf(name, shapes[name] as Shapes[string]).buffer).slice(0, length);
    },
  };
}

/** The same folder as bytes, to be written to a disk: path -> contents. */
export function writeScorer(folder: string): ReadonlyMap<string, Uint8Array> {
  const { weights, others } = filesOf(folder);
  const made = Object.entries(weights).map(([file, shapes]): readonly [string, Uint8Array] => {
    const tensors = Object.entries(shapes).map(
      ([name, told]) => [name, { dtype: "F32", shape: shapeOf(told), data: tensorOf(name, told) }] as const,
    );
    return [file, writeSafetensors(new Map(tensors))];
  });
  return new Map([...made, ...others.map((file) => [file, readFileSync(path.join(folder, file))] as const)]);
}

/** A scorer's folder: what lies there, and the weights that its files.json names. */
export function scorerFolder(folder: string): FileSystem {
  const { weights, others } = filesOf(folder);
  return {
    list: async () => [...Object.keys(weights), ...others],
    open: async (file) => {
      const shapes = weights[file];
      return shapes ? seededFile(shapes) : bytesAccess(new Uint8Array(readFileSync(path.join(folder, file))));
    },
  };
}

export interface Judged {
  readonly pictures: readonly Pixels[];
  readonly prompts: readonly string[];
}

/** The pictures in the order of the expected scores. */
export function judgedPictures(root = scorerGoldens): Judged {
  const file = (name: string) => readFileSync(path.join(root, "pictures", name));
  const names = ["square", "wide", "tall"];
  return {
    pictures: names.map((name) => decodeImage(file(`${name}.png`), name)),
    prompts: names.map((name) => file(`${name}.txt`).toString("utf8").replace(/\n$/, "")),
  };
}

export function clipTokenizer(): Tokenizer {
  const read = (name: string) =>
    readFileSync(fileURLToPath(new URL(`../public/pocket/tokenizer/${name}`, import.meta.url)), "utf8");
  return createTokenizer(read("vocab.json"), read("merges.txt"));
}

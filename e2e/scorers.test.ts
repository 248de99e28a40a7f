/**
 * @file The scorers against transformers and open_clip on small models: what they see of a picture and what they score, from files with
 * the published names. On the backend `node`; the published configurations: `npm run oracle`.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { bytesAccess } from "../src/artifacts/random-access.ts";
import { parseSafetensors, toFloat32 } from "../src/artifacts/safetensors.ts";
import { openScorerFiles } from "../src/artifacts/scorer-files.ts";
import { nodeBackend } from "../src/runtime/node.ts";
import { scorerKinds } from "../src/studio/scorers/kinds.ts";
import { type ScorerId, scorerIds } from "../src/studio/scorers/scorer.ts";
import { resize, see, type Square } from "../src/studio/scorers/see.ts";
import { clipTokenizer, judgedPictures, scorerFolder, scorerGoldens } from "./scorer-files.ts";

const backend = nodeBackend();
afterAll(() => backend.dispose());

const tokenizer = clipTokenizer();
const { pictures, prompts } = judgedPictures();
const folderOf = (id: ScorerId): string => path.join(scorerGoldens, id);

function expected(id: ScorerId, name: string): Float32Array {
  const { tensors } = parseSafetensors(new Uint8Array(readFileSync(path.join(folderOf(id), "expected.safetensors"))));
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`${id} has no ${name}`);
  return toFloat32(tensor);
}

async function scores(id: ScorerId, from: ScorerId, batch = 2): Promise<readonly number[]> {
  const files = await openScorerFiles(scorerFolder(folderOf(from)));
  const scorer = await scorerKinds[id].open(files, { backend, tokenizer, batch });
  try {
    return await scorer.score(pictures, prompts);
  } finally {
    await scorer.dispose();
  }
}

const apart = (got: ArrayLike<number>, wanted: ArrayLike<number>): number =>
  Math.max(...Array.from(wanted, (v, i) => Math.abs(v - (got[i] ?? NaN))));

interface Resized {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly sha256: string;
}
const resized = JSON.parse(readFileSync(path.join(scorerGoldens, "resized.json"), "utf8")) as Resized[];

test.each(resized)("$from to $to is Pillow's bicubic, bit for bit", ({ from: [width, height], to, sha256 }) => {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height * 3; i++) rgba[Math.floor(i / 3) * 4 + (i % 3)] = Math.imul(i, 2654435761) >>> 24;
  const got = resize({ width, height, rgba }, ...to);
  expect(createHash("sha256").update(got).digest("hex")).toBe(sha256);
});

const squares: { readonly [I in ScorerId]: readonly [side: number, square: Square] } = {
  pickscore: [28, "floor"],
  hpsv2: [28, "pad"],
  aesthetic: [28, "round"],
  imagereward: [32, "round"],
};

describe.each(scorerIds)("%s", (id) => {
  it("sees what the original sees of a square, a wide and a tall picture", () => {
    const seen = pictures.map((picture) => see(picture, ...squares[id]));
    const wanted = expected(id, "pixel_values");
    for (const [i, one] of seen.entries())
      expect(apart(one, wanted.subarray(i * one.length, (i + 1) * one.length))).toBeLessThan(1e-6);
  });

  it("scores as the original", async () => {
    expect(apart(await scores(id, id), expected(id, "scores"))).toBeLessThan(1e-4);
  });
});

describe("either naming of CLIP", () => {
  const square = (values: ArrayLike<number>): number => values[0] as number;
  it("makes a PickScore of open_clip's names, and an HPS v2 of transformers'", async () => {
    expect(square(await scores("pickscore", "hpsv2"))).toBeCloseTo(100 * square(expected("hpsv2", "scores")), 3);
    expect(square(await scores("hpsv2", "pickscore"))).toBeCloseTo(square(expected("pickscore", "scores")) / 100, 5);
  });
});

it("gives each picture its score whatever the batch", async () => {
  expect(apart(await scores("pickscore", "pickscore", 3), await scores("pickscore", "pickscore", 1))).toBeLessThan(
    1e-4,
  );
});

describe("in words", () => {
  const fs = (files: Readonly<Record<string, string>>) => ({
    list: async () => Object.keys(files),
    open: async (file: string) => bytesAccess(new TextEncoder().encode(files[file])),
  });
  it("a pickle is refused by its name and by its bytes, and a folder without weights", async () => {
    await expect(openScorerFiles(fs({ "HPS_v2_compressed.pt": "", "README.md": "" }))).rejects.toThrow(
      /HPS_v2_compressed\.pt is a pickle/,
    );
    await expect(openScorerFiles(fs({ "HPS_v2.safetensors": `PK\x03\x04${" ".repeat(90)}` }))).rejects.toThrow(
      /HPS_v2\.safetensors is a pickle/,
    );
    await expect(openScorerFiles(fs({ "README.md": "", "a.png": "" }))).rejects.toThrow(/no \.safetensors file/);
  });
  it("another model is told by the first tensor that lacks or has another shape", async () => {
    await expect(scores("aesthetic", "pickscore")).rejects.toThrow(
      /no "layers\.0\.weight" among the weights, and CLIP/,
    );
    const whole = scorerFolder(folderOf("hpsv2"));
    const bare = { ...whole, list: async () => ["HPS_v2.safetensors"] };
    await expect(scorerKinds.hpsv2.open(await openScorerFiles(bare), { backend, tokenizer, batch: 1 })).rejects.toThrow(
      /has the shape \[.*\] and not \[.*\]: a CLIP/,
    );
  });
});

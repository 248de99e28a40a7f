import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openModel } from "../artifacts/model-folder.ts";
import { createTokenizer } from "../artifacts/tokenizer.ts";
import { keyOf, normals } from "../diffusion/philox.ts";
import { interpret } from "../graph/interpret.ts";
import { graphOf, input } from "../graph/ir.ts";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../models/config.ts";
import * as pocket from "../pocket/config.ts";
import { heldOutCaptions } from "../pocket/grammar.ts";
import { autoencoderPicture } from "../pocket/pairs.ts";
import { reachedRows } from "../pocket/tokens.ts";
import { nodeBackend } from "../runtime/node.ts";
import { workerHands } from "./node-pretrain-hands.ts";
import {
  autoencoderCourse,
  decodeLatents,
  encodePictures,
  foldScale,
  latentScale,
  posteriorMean,
} from "./pretrain-autoencoder.ts";
import { captionedCourse, captionRows, TOKEN_TABLE } from "./pretrain-captioned.ts";
import { type Course, cosineRate, follow, type Shelf } from "./pretrain-course.ts";
import { handOf } from "./pretrain-hand.ts";
import { modelFolder } from "./pretrain-folder.ts";
import { autoencoderNetwork } from "./pretrain-networks.ts";
import { lengthOf, orthogonal } from "./pretrain-optimizer.ts";
import { initialVector, learner, type Weights, weightsOf } from "./pretrain-plans.ts";

const backend = nodeBackend({ threads: 1 });
const levels = (block: string) => [block, block];
const vae = readVaeConfig({
  ...pocket.vae,
  block_out_channels: [4, 8],
  down_block_types: levels("DownEncoderBlock2D"),
  up_block_types: levels("UpDecoderBlock2D"),
});
/** pocket's own in miniature */
const textEncoder = { ...pocket.textEncoder, hidden_size: 16, intermediate_size: 32 };
const unet = {
  ...pocket.unet,
  block_out_channels: [8, 16],
  cross_attention_dim: 16,
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["CrossAttnUpBlock2D", "UpBlock2D"],
};
const text = readTextConfig(textEncoder);
const denoiser = readUNetConfig(unet);
const pool = {
  moments: normals({ key: keyOf(1), place: [0, 0, 0] }, 4 * 2048),
  captions: ["a red circle at night", "a blue star by day", "a white heart at sunset", "a green square at night"],
};
const autoencoder = () =>
  autoencoderCourse(backend, vae, { seed: 3, cropSteps: 3, wholeSteps: 1, muonRate: 2e-3, adamRate: 2e-3 });
const captionedBy = async (count: number) => {
  const hand = (index: number) => handOf(backend, { text, unet: denoiser, rows: 4 / count, index, count });
  const hands = await Promise.all(Array.from({ length: count }, (_, index) => hand(index)));
  const settings = { seed: 3, steps: 4, batch: 4, muonRate: 2e-3, adamRate: 1.2e-3, captionDropout: 0.1 };
  const course = await captionedCourse(hands, text, denoiser, pool, settings);
  const dispose = async () => {
    for (const made of hands) await made.dispose();
  };
  return Object.assign(course, { dispose });
};
const captioned = () => captionedBy(1);
const courses: readonly (readonly [string, () => Promise<Course & { dispose(): Promise<void> }>])[] = [
  ["autoencoder", autoencoder],
  ["text encoder and UNet", captioned],
];

function memoryShelf(): Shelf & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    read: async (name) => files.get(name) ?? null,
    write: async (name, bytes) => {
      files.set(name, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes.slice());
    },
  };
}

describe.each(courses)("%s", (_name, make) => {
  test("a step lowers the loss of the batch that it was made on", async () => {
    const course = await make();
    const before = await course.advance();
    course.step = 0; // the same pictures, noise and captions again
    expect(await course.advance()).toBeLessThan(before);
    await course.dispose();
  });

  test("stopped in the middle and resumed, it ends in the same bits and the same log", async () => {
    const [straight, first, second] = [await make(), await make(), await make()];
    const [whole, halves] = [memoryShelf(), memoryShelf()];
    const run = { settings: { seed: 3 }, logSteps: 2 };
    const losses = (shelf: { files: Map<string, Uint8Array> }) =>
      new TextDecoder()
        .decode(shelf.files.get("log.jsonl"))
        .match(/"loss":[\d.]+/g)
        ?.join();
    await follow(straight, { shelf: whole, ...run });
    const abort = new AbortController();
    const report = () => abort.abort(new Error("stopped"));
    await expect(follow(first, { shelf: halves, ...run, signal: abort.signal, report })).rejects.toThrow("stopped");
    expect(first.step).toBe(2);
    await follow(second, { shelf: halves, ...run });
    expect(second.step).toBe(4);
    expect(second.state).toEqual(straight.state);
    expect(losses(halves)).toBe(losses(whole));
    await expect(follow(second, { shelf: halves, settings: { seed: 4 } })).rejects.toThrow("other settings");
    for (const course of [straight, first, second]) await course.dispose();
  });
});

test("two hands make the step that one makes", async () => {
  const [one, two] = [await captionedBy(1), await captionedBy(2)];
  expect(await two.advance()).toBeCloseTo(await one.advance(), 5);
  const before = (await captionedBy(1)).state.vector as Float32Array;
  const [a, b] = [one.state.vector as Float32Array, two.state.vector as Float32Array];
  const apart = Math.max(...a.map((v, i) => Math.abs(v - (b[i] as number))));
  const moved = Math.max(...a.map((v, i) => Math.abs(v - (before[i] as number))));
  expect(apart).toBeLessThan(0.05 * moved);
  await one.dispose();
  await two.dispose();
});

test("a hand in a worker thread learns the same bits, and its errors arrive", async () => {
  const here = await handOf(backend, { text, unet: denoiser, rows: 2, index: 0, count: 1 });
  const [there] = await workerHands({ text, unet: denoiser }, 2, 1);
  if (!there) throw new Error("no hand");
  const numbers = (count: number, place: number) => normals({ key: keyOf(9), place: [place, 0, 0] }, count);
  const vector = Float32Array.from(numbers(lengthOf(here.layout) + 26 * 16, 0), (v) => 0.1 * v);
  const rows = [...captionRows("a red star by day", 77), ...captionRows("", 77)];
  const examples = { sample: numbers(2048, 1), target: numbers(2048, 2), timestep_proj: numbers(16, 3), rows };
  expect(there.layout).toEqual(here.layout);
  expect(await there.learn(vector, examples, 2)).toEqual(await here.learn(vector, examples, 2));
  const momentum = numbers(here.share, 4);
  expect(await there.orthogonalize(momentum)).toEqual(await here.orthogonalize(momentum));
  await expect(there.orthogonalize(momentum.subarray(1))).rejects.toThrow("momentum");
  await here.dispose();
  await there.dispose();
});

test("folding the latents' scale changes latents to mean 0 and deviation 1, and no picture", async () => {
  const { layout, executor } = await learner(backend, autoencoderNetwork(vae, 1, 32));
  await executor.dispose();
  const weights = weightsOf(layout, initialVector(layout, 5));
  const folded = foldScale(weights, await latentScale(backend, vae, weights, 16));
  for (const [mean, deviation] of await latentScale(backend, vae, folded, 16)) {
    expect(mean).toBeCloseTo(0, 4);
    expect(deviation).toBeCloseTo(1, 4);
  }
  const through = async (w: Weights) => {
    const moments = await encodePictures(backend, vae, w, 2, (i) => autoencoderPicture(i));
    const width = moments.length / 4;
    const logvar = moments.slice(width, 2 * width);
    return { decoded: await decodeLatents(backend, vae, w, posteriorMean(moments, width)), logvar };
  };
  const [before, after] = [await through(weights), await through(folded)];
  const apart = before.decoded.map((v, i) => Math.abs(v - (after.decoded[i] as number)));
  expect(Math.max(...apart)).toBeLessThan(1e-5);
  expect(after.logvar).not.toEqual(before.logvar);
});

test.each([
  [6, 20],
  [20, 6],
  [6, 8],
] as const)("five Newton-Schulz iterations bring every singular value near 1: [%i, %i]", (rows, columns) => {
  const x = input("x", { dtype: "float32", shape: [rows, columns] });
  const data = Float64Array.from(normals({ key: keyOf(2), place: [0, 0, 0] }, rows * columns));
  const y = interpret(graphOf({ y: orthogonal(x) }), { x: data }).y?.data ?? [];
  const wide = rows < columns;
  const at = (i: number, k: number): number => (wide ? y[i * columns + k] : y[k * columns + i]) as number;
  for (let i = 0; i < 6; i++) {
    for (let j = 0; j < 6; j++) {
      let product = 0;
      for (let k = 0; k < Math.max(rows, columns); k++) product += at(i, k) * at(j, k);
      expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(0.5);
    }
  }
});

test("the rate warms up from the first step, peaks, and ends at the floor", () => {
  expect(cosineRate(0, 100, 1, 10)).toBeCloseTo(0.1);
  expect(cosineRate(10, 100, 1, 10)).toBeCloseTo(1);
  expect(cosineRate(100, 100, 1, 10)).toBeCloseTo(0.03);
});

test("the folder opens as a model, with every token that no caption reaches as the padding's row", async () => {
  const course = await captioned();
  const weights = course.weights();
  const table = weights.get(TOKEN_TABLE)?.data as Float32Array;
  expect(table.slice(5 * 16, 6 * 16)).toEqual(table.slice(49407 * 16, 49408 * 16));
  expect(table.slice(736 * 16, 737 * 16)).not.toEqual(table.slice(49407 * 16, 49408 * 16));
  const files = modelFolder(weights)
    .set("unet/config.json", JSON.stringify(unet))
    .set("text_encoder/config.json", JSON.stringify(textEncoder));
  const bytes = (path: string) => {
    const content = files.get(path) ?? new Uint8Array();
    return typeof content === "string" ? new TextEncoder().encode(content) : (content as Uint8Array<ArrayBuffer>);
  };
  const folder = await openModel(
    {
      list: async () => [...files.keys()],
      open: async (path) => ({
        size: bytes(path).length,
        read: async (offset, length) => bytes(path).slice(offset, offset + length),
      }),
    },
    ["unet", "text_encoder"],
  );
  expect(folder.tensors.unet?.get("conv_in.weight")?.shape).toEqual([8, 4, 3, 3]);
  expect(folder.tensors.text_encoder?.get(TOKEN_TABLE)?.shape).toEqual([49408, 16]);
  await course.dispose();
});

test("captions become the ids that CLIP's own tokenizer gives, and a word that no caption has is refused", () => {
  const read = (name: string) => readFileSync(`public/pocket/tokenizer/${name}`, "utf8");
  const { encode } = createTokenizer(read("vocab.json"), read("merges.txt"));
  for (const caption of ["", ...heldOutCaptions().filter((_, i) => i % 40 === 0)])
    expect(captionRows(caption, 77).map((row) => reachedRows[row])).toEqual(encode(caption).ids);
  expect(() => captionRows("a pink circle", 77)).toThrow("pink");
});

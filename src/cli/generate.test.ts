/** @file `studio generate` against diffusers' StableDiffusionPipeline, from the prompt to the pixels. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { decode } from "fast-png";
import { afterAll, describe, expect, test } from "vitest";
import { diffusersFiles, ldmCheckpoint, ldmConfigs } from "../../e2e/ldm-model.ts";
import { toFloat32, writeSafetensors } from "../artifacts/safetensors.ts";
import { decodeImage } from "./images.ts";
import { goldens, readTensors, scratch, studio, studioJson } from "./test-support.ts";

const dir = scratch();
afterAll(() => dir.remove());

const model = ["--model", `${goldens}/generate`];
const adapter = `${goldens}/step/policy-adapter.safetensors`;
const made = [
  "--prompt",
  "A red circle",
  "--negative",
  "blue",
  "--seed",
  "42",
  "--guidance",
  "7.5",
  "--resolution",
  "16",
];
const floats = (path: string, name: string): Float32Array => {
  const tensor = readTensors(path).get(name);
  return tensor ? toFloat32(tensor) : new Float32Array(0);
};
const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (v, i) => Math.abs(v - (b[i] as number))).reduce(
    (x, y) => Math.max(x, y),
    a.length === b.length ? 0 : Infinity,
  );

describe("the picture is diffusers'", () => {
  test.each([
    ["base", []],
    ["adapted", ["--adapter", adapter]],
  ])("%s", async (golden, more) => {
    const [out, latents] = [dir.path(`${golden}.png`), dir.path(`${golden}.safetensors`)];
    await studioJson("generate", ...model, ...made, "--steps", "50", ...more, "--out", out, "--latents", latents);
    const expected = `${goldens}/generate/${golden}.safetensors`;
    expect(readTensors(latents).get("latents")?.shape).toEqual([1, 4, 8, 8]);
    expect(worst(floats(latents, "latents"), floats(expected, "latents"))).toBeLessThan(2e-3);
    const { width, height, rgba } = decodeImage(new Uint8Array(readFileSync(out)));
    expect([width, height]).toEqual([16, 16]);
    const rgb = rgba.filter((_, i) => i % 4 !== 3);
    expect(worst(rgb, floats(expected, "pixels"))).toBeLessThanOrEqual(1);
  });
});

describe("--lora", () => {
  const drawn = async (...more: readonly string[]) => {
    const latents = dir.path("lora-latents.safetensors");
    const out = ["--out", dir.path("lora.png"), "--latents", latents];
    await studioJson("generate", ...model, ...made, "--steps", "4", ...more, ...out);
    return floats(latents, "latents");
  };

  test("draws as the adapter does, merged; weights scale it, and several add up", async () => {
    const [base, adapted] = [await drawn(), await drawn("--adapter", adapter)];
    expect(worst(base, adapted)).toBeGreaterThan(1e-2);
    expect(worst(await drawn("--lora", adapter), adapted)).toBeLessThan(1e-4);
    expect(worst(await drawn("--lora", `${adapter}:0.25,${adapter}:0.75`), adapted)).toBeLessThan(1e-4);
    expect(worst(await drawn("--lora", `${adapter}:0`), base)).toBe(0);
  });

  test("takes the text encoder's part too, which an adapter may not have", async () => {
    const both = join(goldens, "../lora/diffusers.safetensors");
    expect(worst(await drawn("--lora", both), await drawn())).toBeGreaterThan(1e-3);
    const refused = await studio("generate", ...model, ...made, "--adapter", both, "--out", dir.path("never.png"));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/adapts the text encoder.*--lora merges both/s);
  });

  test.each([
    [`${adapter}:much`, /FILE or FILE:WEIGHT was expected/],
    ["nowhere.safetensors", /nowhere\.safetensors/],
    [join(goldens, "step/batch.safetensors"), /batch\.safetensors: .*no LoRA/],
  ])("%s ends in a sentence", async (given, sentence) => {
    const { code, stderr } = await studio(
      "generate",
      ...model,
      ...made,
      "--lora",
      given,
      "--out",
      dir.path("never.png"),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
  });
});

test("with tiles of the VAE the latents stay as they are, and are decoded in pieces", async () => {
  const drawn = async (name: string, more: readonly string[]) => {
    const [out, latents] = [dir.path(`${name}.png`), dir.path(`${name}.safetensors`)];
    await studioJson("generate", ...model, ...made, "--steps", "2", ...more, "--out", out, "--latents", latents);
    return { latents: floats(latents, "latents"), ...decodeImage(new Uint8Array(readFileSync(out))) };
  };
  const [whole, tiled] = [await drawn("in-one", []), await drawn("tiled", ["--vae-tile", "4"])];
  expect(tiled.latents).toEqual(whole.latents);
  expect([tiled.width, tiled.height]).toEqual([16, 16]);
  expect(tiled.rgba).not.toEqual(whole.rgba);
  const refused = await studio("generate", ...model, ...made, "--vae-tile", "6", "--out", dir.path("no.png"));
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("a tile of the VAE has 6 latents a side, and a multiple of 4 was expected");
});

test("a checkpoint in one file draws what its folder does, with CLIP's vocabulary", async () => {
  const configs = ldmConfigs(49408);
  const [file, folder] = [dir.path("one.safetensors"), dir.path("folder")];
  writeFileSync(file, writeSafetensors(ldmCheckpoint(configs)));
  for (const [path, bytes] of diffusersFiles(configs)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  cpSync("public/pocket/tokenizer", join(folder, "tokenizer"), { recursive: true });
  const drawn = async (from: string): Promise<Float32Array> => {
    const latents = dir.path("latents.safetensors");
    await studioJson(
      "generate",
      "--model",
      from,
      ...made,
      "--steps",
      "2",
      "--out",
      dir.path("x.png"),
      "--latents",
      latents,
    );
    return floats(latents, "latents");
  };
  const own = await drawn(file);
  expect(own.length).toBe(4 * 8 * 8);
  expect(own).toEqual(await drawn(folder));
});

test("the PNG carries what made it; without a word the model's own size and no negative prompt", async () => {
  const out = dir.path("own.png");
  await studioJson("generate", ...model, "--prompt", "a b", "--steps", "2", "--guidance", "1", "--out", out);
  const { width, height, text } = decode(readFileSync(out));
  expect([width, height]).toEqual([12, 12]);
  expect(text).toEqual({
    parameters: "a b\nSteps: 2, Sampler: DDIM, CFG scale: 1, Seed: 0, Size: 12x12, Model: generate",
  });
});

describe("refused in one sentence, with nothing written", () => {
  const out = dir.path("refused.png");
  test.each([
    ["no prompt", model, /^--prompt P is missing/],
    ["a model without a VAE", ["--model", `${goldens}/step/policy`, "--prompt", "a"], /no vae\/config\.json/],
    ["too many steps", [...model, "--prompt", "a", "--steps", "1000"], /1 to 999/],
    [
      "a resolution between latents",
      [...model, "--prompt", "a", "--resolution", "15"],
      /is 15, and a multiple of 2 was/,
    ],
    [
      "a broken adapter",
      [...model, "--prompt", "a", "--adapter", `${goldens}/step/batch.safetensors`],
      /no LoRA.s factors/,
    ],
    ["a prompt without end", [...model, "--prompt", "a ".repeat(6000)], /at most 10000 are read\.$/],
  ])("%s", async (_, argv, sentence) => {
    const { code, stdout, stderr } = await studio("generate", ...argv, "--out", out);
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect({ code, stdout, written: existsSync(out) }).toEqual({ code: 2, stdout: "", written: false });
  });
});

/** @file `studio artifacts`, `inspect`, `ops`, `tokenize`. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nanoFiles } from "../../e2e/nano-model.ts";
import { opNames } from "../graph/ops.ts";
import { goldens, scratch, studio, studioJson } from "./test-support.ts";

const dir = scratch();
afterAll(() => dir.remove());

const nano = dir.path("nano");
beforeAll(() => {
  for (const [path, bytes] of nanoFiles()) {
    mkdirSync(dirname(`${nano}/${path}`), { recursive: true });
    writeFileSync(`${nano}/${path}`, bytes);
  }
});

/** The configurations alone: an artifact set has no weights, and needs none. */
function configsOnly(): string {
  const folder = dir.path("configs");
  for (const part of ["unet", "vae", "text_encoder"]) {
    mkdirSync(`${folder}/${part}`, { recursive: true });
    copyFileSync(`${nano}/${part}/config.json`, `${folder}/${part}/config.json`);
  }
  return folder;
}

interface Inspected {
  readonly choices: Record<string, unknown>;
  readonly programs: readonly { name: string; file: string; nodes: number; bytes: number; scratch: number }[];
  readonly plans: readonly { name: string; calls: number }[];
  readonly bytes: Record<"weights" | "trainable" | "gradients" | "slots" | "scratch", number>;
  readonly peak: number;
}

describe("an artifact set", () => {
  test("is made from configurations and told by inspect", async () => {
    const out = dir.path("set");
    const lora = ["--train", "lora", "--rank", "2", "--alpha", "4", "--targets", "to_q,to_v"];
    const made = await studioJson(
      "artifacts",
      "--model",
      configsOnly(),
      "--batch",
      "2",
      "--cut",
      "stage",
      ...lora,
      "--out",
      out,
    );
    const seen = (await studioJson("inspect", out)) as unknown as Inspected;
    expect(seen.choices).toMatchObject({
      height: 4,
      width: 4,
      samples: 4,
      drawSamples: 4,
      tokens: 12,
      rank: 2,
      alpha: 4,
    });
    const names = ["predict", "errors", "forward", "backward", "encodeText", "encodeImage", "decode"];
    expect(seen.plans.map(({ name }) => name)).toEqual(names);
    expect(seen.programs).toHaveLength(made["programs"] as number);
    for (const { file, bytes } of seen.programs) expect(statSync(`${out}/${file}`).size).toBe(bytes);
    const { weights, trainable, gradients, slots, scratch: inside } = seen.bytes;
    expect(seen.peak).toBe(weights + 2 * trainable + gradients + slots + inside);
    expect(readdirSync(out).sort()).toEqual(["artifact.json", "programs"]);
    const people = await studio("inspect", out);
    for (const { name, nodes } of seen.programs)
      expect(people.stdout).toMatch(new RegExp(`^${name} +${nodes} +\\d+`, "m"));
    expect(people.stdout).toContain(`peak      ${seen.peak} bytes`);
  });

  test("has the UNet's plans alone where the folder has nothing else; the resolution is in pixels", async () => {
    const out = dir.path("unet-only");
    const model = [
      "--model",
      `${goldens}/step/policy`,
      "--resolution",
      "64",
      "--train",
      "full",
      "--weights",
      "float16",
    ];
    await studioJson("artifacts", ...model, "--out", out);
    const seen = (await studioJson("inspect", out)) as unknown as Inspected;
    expect(seen.plans.map(({ name }) => name)).toEqual(["predict", "errors", "forward", "backward"]);
    expect(seen.choices).toMatchObject({ height: 8, width: 8, samples: 2, train: "full", weights: "float16" });
  });

  test("has the VAE in tiles where they are asked for", async () => {
    const out = dir.path("tiled");
    await studioJson("artifacts", "--model", configsOnly(), "--resolution", "16", "--vae-tile", "4", "--out", out);
    const seen = (await studioJson("inspect", out)) as unknown as Inspected;
    expect(seen.choices).toMatchObject({ height: 8, width: 8, vaeTile: 4 });
    expect(seen.plans.map(({ name }) => name)).toContain("decode.4x2");
  });

  test("a program that was changed is found", async () => {
    const out = dir.path("tampered");
    await studioJson("artifacts", "--model", `${goldens}/step/policy`, "--out", out);
    const [program] = readdirSync(`${out}/programs`);
    const path = `${out}/programs/${program}`;
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    writeFileSync(path, bytes);
    const { code, stderr } = await studio("inspect", out);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^programs\/[0-9a-f]{64}\.onnx .+ its sha256 differs\.\n$/);
  });

  const model = ["--model", `${goldens}/step/policy`];
  test.each([
    ["no such model", ["--model", dir.path("nowhere")], /nowhere does not exist\.$/],
    ["a folder without a model", ["--model", goldens], /no unet\/config\.json, and diffusers' folder layout/],
    ["a resolution between latents", [...model, "--resolution", "60"], /is 60, expected a multiple of 8\.$/],
    ["no module", [...model, "--targets", "nothing"], /No module of this model is called "nothing"/],
    ["a folder that exists", [...model, "--out", goldens], /exists already, and a new folder was expected\.$/],
  ])("%s is refused, with nothing written", async (_, argv, sentence) => {
    const out = dir.path("refused");
    const { code, stdout, stderr } = await studio("artifacts", "--out", out, ...argv);
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect({ code, stdout, written: existsSync(out) }).toEqual({ code: 2, stdout: "", written: false });
  });

  test.each([[[]], [[goldens]], [[dir.path("nowhere")]]])("inspect %j ends in a sentence", async (argv) => {
    const { code, stderr } = await studio("inspect", ...argv);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^[^\n]+\.\n$/);
  });
});

test("ops lists every operator", async () => {
  const rows = (await studioJson("ops")) as unknown as readonly {
    operator: string;
    gradient: string;
    tested: string[];
  }[];
  expect(rows.map(({ operator }) => operator)).toEqual(opNames);
  const { stdout } = await studio("ops");
  expect(stdout).toMatch(/^Attention +by a composite +webgpu, wasm, node, node-webgpu$/m);
  expect(stdout).toMatch(/^Less +no +webgpu/m);
});

describe("tokenize", () => {
  test("gives the text encoder's ids, by model or by files", async () => {
    // letters only: "a</w>" is 1, "b" is 2, "c</w>" is 5; 52 and 53 are start and end
    const expected = { ids: [52, 1, 2, 5, 53, 53, 53, 53, 53, 53, 53, 53], count: 3, cut: "" };
    expect(await studioJson("tokenize", "A bc", "--model", nano)).toEqual(expected);
    const files = ["--vocab", `${nano}/tokenizer/vocab.json`, "--merges", `${nano}/tokenizer/merges.txt`];
    expect(await studioJson("tokenize", "A bc", ...files, "--length", "12")).toEqual(expected);
    expect((await studioJson("tokenize", "A bc", ...files))["ids"]).toHaveLength(77);
  });

  test("tells what was cut off", async () => {
    const { stdout } = await studio("tokenize", "a b c d e f g h i j k l", "--model", nano);
    expect(stdout).toMatch(/\n12 of 10 tokens\ncut off: k l\n$/);
  });

  test.each([[["a"]], [["a", "--model", goldens]], [["a", "--vocab", "x"]]])("%j ends in a sentence", async (argv) => {
    const { code, stderr } = await studio("tokenize", ...argv);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^[^\n]+\.\n$/);
  });
});

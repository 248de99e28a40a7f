/** @file `studio export` and `artifacts --bind`: files on disk, and what is refused. What the forms hold: artifacts/export-forms.test.ts. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readOnnx } from "../artifacts/onnx-proto.ts";
import { bytesAccess } from "../artifacts/random-access.ts";
import { writeSafetensors } from "../artifacts/safetensors.ts";
import { goldens, readTensors, scratch, studio, studioJson } from "./test-support.ts";

const dir = scratch();
afterAll(() => dir.remove());
const model = join(goldens, "generate");
const adapter = join(goldens, "step/policy-adapter.safetensors");
const weights = "diffusion_pytorch_model.safetensors";

/** A run's folder with one checkpoint of whole weights. */
function run(name: string): string {
  const folder = join(dir.path(name), "checkpoints/3");
  mkdirSync(folder, { recursive: true });
  const tensors = readTensors(join(model, "unet", weights));
  const bytes = writeSafetensors(
    new Map([...tensors].map(([key, each]) => [key, { ...each, data: each.data.slice().fill(2 as never) }])),
  );
  const files = {
    "weights.safetensors": { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") },
  };
  writeFileSync(join(folder, "weights.safetensors"), bytes);
  writeFileSync(join(folder, "state.json"), JSON.stringify({ iteration: 3, train: "full", files }));
  return dir.path(name);
}

test("a LoRA is added up, and a run's newest checkpoint is taken", async () => {
  const out = dir.path("merged");
  const told = await studioJson(
    "export",
    adapter,
    "--model",
    model,
    "--as",
    "unet",
    "--dtype",
    "float32",
    "--out",
    out,
  );
  expect(told).toMatchObject({ form: "unet", title: "LoRA", files: ["config.json", weights] });
  const [base, merged] = [readTensors(join(model, "unet", weights)), readTensors(join(out, weights))];
  expect(new Set(merged.keys())).toEqual(new Set(base.keys()));
  const changed = [...base].filter(
    ([name, { data }]) => Buffer.compare(bytesOf(data), bytesOf(merged.get(name)?.data)) !== 0,
  );
  expect(changed.length).toBeGreaterThan(0);
  expect(changed.every(([name]) => /attn[12]\.to_/.test(name))).toBe(true);

  const whole = dir.path("whole");
  expect(await studioJson("export", run("run"), "--model", model, "--as", "unet", "--out", whole)).toMatchObject({
    title: "SPIN 3",
  });
  // 2 as float16
  for (const { data } of readTensors(join(whole, weights)).values())
    expect(data.every((bits) => bits === 0x4000)).toBe(true);
});

const bytesOf = (data: ArrayBufferView | undefined): Uint8Array =>
  data ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(0);

test("LoRAs that a run was laid over are in what it exports, of the text encoder too", async () => {
  const kohya = join(goldens, "../lora/exports/kohya-f32.safetensors");
  const folder = run("over");
  const record = {
    train: "full",
    rank: 2,
    targets: "attention",
    cut: "whole",
    weights: "float32",
    seed: 1,
    guidance: 3,
  };
  const loras = [{ path: kohya, multiplier: 1 }];
  writeFileSync(join(folder, "run.json"), JSON.stringify({ ...record, base: "", loras }));
  const exported = ["--model", model, "--dtype", "float32", "--out"];
  await studioJson("export", folder, ...exported, dir.path("over-run"));
  await studioJson("export", kohya, ...exported, dir.path("over-lora"));
  const text = (name: string) => readFileSync(join(dir.path(name), "text_encoder/model.safetensors"));
  expect(text("over-run").equals(text("over-lora"))).toBe(true);
  expect(text("over-run").equals(readFileSync(join(model, "text_encoder/model.safetensors")))).toBe(false);
  // the run trained all of the UNet
  for (const { data } of readTensors(join(dir.path("over-run"), "unet", weights)).values())
    expect(data.every((value) => value === 2)).toBe(true);
});

test("a bound set points into the model's own file, and says where it cannot", async () => {
  const copy = dir.path("model");
  cpSync(model, copy, { recursive: true });
  const made = ["artifacts", "--model", copy, "--resolution", "16", "--rank", "2"];
  await studioJson(...made, "--out", dir.path("set"), "--bind", join(copy, "unet.onnx"));
  const { initializers } = await readOnnx(bytesAccess(readFileSync(join(copy, "unet.onnx"))), "unet.onnx");
  const outside = initializers.flatMap(({ external }) => (external ? [external.get("location")] : []));
  expect(outside).toHaveLength(readTensors(join(copy, "unet", weights)).size);
  expect(new Set(outside)).toEqual(new Set([`unet/${weights}`]));
  const away = await studio(...made, "--out", dir.path("set2"), "--bind", dir.path("elsewhere/unet.onnx"));
  expect(away.code).toBe(2);
  expect(away.stderr).toMatch(/cannot point to .*ONNX files read weights in their own folder or below/);
  expect(existsSync(dir.path("set2"))).toBe(false);
});

test.each([
  ["no run", [dir.path("nowhere")], /nowhere does not exist/],
  ["no run's folder", [goldens], /has no checkpoints, and the folder of a run was expected/],
  ["an iteration that is not there", [run("short"), "--iteration", "2"], /no checkpoint of iteration 2: it has 3\./],
  ["a form that cannot hold the model", [adapter, "--as", "single-file"], /does not tell the UNet's groups and heads/],
  [
    "no multiple of the VAE's factor",
    [adapter, "--resolution", "17"],
    /The resolution is 17, expected a multiple of 2/,
  ],
])("%s is refused in a sentence, with nothing written", async (_, argv, sentence) => {
  const out = dir.path("refused");
  const { code, stderr } = await studio("export", ...argv, "--model", model, "--out", out);
  expect(stderr).toMatch(sentence);
  expect({ code, written: existsSync(out) }).toEqual({ code: 2, written: false });
});

test("a checkpoint that was changed is refused", async () => {
  const folder = run("damaged");
  const path = join(folder, "checkpoints/3/weights.safetensors");
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  writeFileSync(path, bytes);
  const { stderr } = await studio("export", folder, "--model", model, "--out", dir.path("never"));
  expect(stderr).toMatch(/is not what its state\.json was written with/);
});

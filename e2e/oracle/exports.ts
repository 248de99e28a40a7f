/** @file Everything that the studio exports, drawn by diffusers and run by onnxruntime beside the studio's own pictures. */
import path from "node:path";
import { studioJson } from "../../src/cli/test-support.ts";
import type { Python } from "./python.ts";
import type { Row } from "./row.ts";

const picture = [
  "--prompt",
  "A red circle",
  "--negative",
  "blue",
  "--steps",
  "20",
  "--guidance",
  "7.5",
  "--seed",
  "42",
];
const side = ["--resolution", "16"];

/** `out`: an empty folder. The numbers of prompt, seed and size stand in exports.py too. */
export async function exportRows(python: Python, out: string): Promise<Row[]> {
  const at = (name: string): string => path.join(out, name);
  await python.run("exports.py", ["model", out]);
  const [model, adapter] = [at("model"), at("adapter.safetensors")];
  const draw = (name: string, ...of: string[]) =>
    studioJson(
      "generate",
      ...of,
      ...picture,
      ...side,
      "--out",
      at(`${name}.png`),
      "--latents",
      at(`studio-${name}.safetensors`),
    );
  const write = (as: string, dtype: string, to: string) =>
    studioJson("export", adapter, "--model", model, "--as", as, "--dtype", dtype, ...side, "--out", at(to));
  for (const dtype of ["float32", "float16"]) {
    await write("pipeline", dtype, `pipeline-${dtype}`);
    await write("single-file", dtype, `single-${dtype}.safetensors`);
  }
  await write("onnx", "float32", "onnx");
  await draw("float32", "--model", model, "--adapter", adapter);
  await draw("float16", "--model", at("pipeline-float16"));
  const lora = ["lora", adapter, "--model", model, "--dtype", "float32"];
  await studioJson(...lora, "--out", at("kohya.safetensors"));
  await studioJson(...lora, "--names", "diffusers", "--out", at("pytorch_lora_weights.safetensors"));
  const bound = {
    [model]: "model/unet.onnx",
    [at("pipeline-float16")]: "pipeline-float16/unet/model.onnx",
    [at("single-float16.safetensors")]: "single.onnx",
  };
  for (const [index, [of, file]] of Object.entries(bound).entries())
    await studioJson(
      "artifacts",
      "--model",
      of,
      ...side,
      "--rank",
      "2",
      "--out",
      at(`set-${index}`),
      "--bind",
      at(file),
    );
  const told = await python.run("exports.py", ["read", out]);
  type Gaps = Readonly<Record<string, number>>;
  const { pictures, programs } = JSON.parse(told.trim().split("\n").at(-1) ?? "") as { pictures: Gaps; programs: Gaps };
  return [
    ...Object.entries(pictures).map(([what, worst]) => ({
      what: `${what}, drawn by diffusers: latents`,
      worst,
      allowed: 2e-3,
    })),
    ...Object.entries(programs).map(([what, worst]) => ({
      what: `the UNet as ONNX, ${what}: eps in Python's onnxruntime`,
      worst,
      allowed: 1e-5,
    })),
  ];
}

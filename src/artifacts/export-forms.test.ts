/** @file What is exported is read back bit for bit, by our own readers; diffusers and onnxruntime read it in e2e/oracle. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { diffusersFiles, ldmConfigs } from "../../e2e/ldm-model.ts";
import { nanoFiles } from "../../e2e/nano-model.ts";
import { loraShapes } from "../graph/passes/lora.ts";
import { fromFloat16Array, toFloat16Array } from "../lib/float16.ts";
import { exportedFiles, type ExportForm } from "./export-forms.ts";
import { parseJsonObject } from "./json-object.ts";
import { ldmPrefix, ldmShape } from "./ldm-names.ts";
import { mergedInto, type ReadWeight } from "./lora-merge.ts";
import type { LoraModule } from "./lora-names.ts";
import { type Component, type FileSystem, type ModelFolder, type ModelTensor, openModel } from "./model-folder.ts";
import { readOnnx } from "./onnx-proto.ts";
import { bytesAccess } from "./random-access.ts";
import { openSafetensors } from "./safetensors.ts";
import { ownWeights, type SavedDType, type TrainedModel } from "./saved-weights.ts";
import { seededTensor } from "./seeded.ts";
import { singleFile, singleFileFault } from "./single-file-write.ts";
import type { StreamedFile, StreamedFiles } from "./streamed-file.ts";

type Files = ReadonlyMap<string, Uint8Array>;

const inMemory = (files: Files): FileSystem => ({
  list: async () => [...files.keys()],
  open: async (path) => bytesAccess(files.get(path) as Uint8Array),
});

async function written(file: StreamedFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(file.size);
  let at = 0;
  for await (const chunk of file.chunks()) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  expect(at).toBe(file.size);
  return bytes;
}

async function allWritten(files: StreamedFiles): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const bytes = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [path, file] of files) bytes.set(path, await written(file));
  return bytes;
}

const titled = { title: "SPIN 2", side: 512, now: new Date("2026-02-03T04:05:06.000Z") };
const size = { batch: 2, height: 8, width: 8, tokens: 7 };
const exported = async (form: ExportForm, model: TrainedModel, dtype: SavedDType, picked: FileSystem) =>
  allWritten(await exportedFiles(form, model, { dtype, titled, size, picked }));

/** With a LoRA over a linear and a convolution. */
function trained(folder: ModelFolder): TrainedModel {
  const adapted = ["conv_in", "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"];
  const modules = adapted.map((name): [string, LoraModule] => {
    const { a, b } = loraShapes(folder.tensors.unet?.get(`${name}.weight`)?.shape ?? [], 2);
    const factor = (side: string, shape: readonly number[]) => ({ shape, data: seededTensor(name + side, shape) });
    return [name, { rank: 2, alpha: 3, a: factor("A", a), b: factor("B", b) }];
  });
  const lora = { modules: new Map(modules), textEncoder: new Map() };
  return { folder, trained: { unet: mergedInto(ownWeights(folder, "unet"), "unet", [{ lora, multiplier: 1 }]) } };
}

const halved = (values: Float32Array): Float32Array => fromFloat16Array(toFloat16Array(values));
const same = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(
    Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

async function floats(tensor: ModelTensor | undefined): Promise<Float32Array> {
  const data = await tensor?.read();
  return data instanceof Uint16Array ? fromFloat16Array(data) : (data as Float32Array);
}

/** How many of a component's tensors are not the model's own, rounded where that was asked for. */
async function wrong(
  back: ModelFolder,
  model: TrainedModel,
  component: Component,
  rounded: boolean,
): Promise<string[]> {
  const off: string[] = [];
  const [ours, theirs] = [model.folder.tensors[component] ?? new Map(), back.tensors[component] ?? new Map()];
  expect(new Set(theirs.keys())).toEqual(new Set(ours.keys()));
  for (const name of ours.keys()) {
    const data = component === "unet" ? await model.trained.unet?.(name) : await ours.get(name)?.read();
    const expected = rounded ? halved(data as Float32Array) : (data as Float32Array);
    if (!same(await floats(theirs.get(name)), expected)) off.push(name);
  }
  return off;
}

const small = inMemory(diffusersFiles(ldmConfigs(12)));
const nano = inMemory(nanoFiles());

describe.each(["F32", "F16"] as const)("as %s", (dtype) => {
  const rounded = dtype === "F16";

  test("one file is the model that was exported, and tells what it is", async () => {
    const model = trained(await openModel(small));
    const files = await exported("single-file", model, dtype, small);
    const back = await openModel(inMemory(files));
    for (const component of ["unet", "vae", "text_encoder"] as const)
      expect(await wrong(back, model, component, rounded)).toEqual([]);
    expect(await model.trained.unet?.("conv_in.weight")).not.toEqual(
      await ownWeights(model.folder, "unet")("conv_in.weight"),
    );
    const { metadata, tensors } = await openSafetensors(bytesAccess(files.get("model.safetensors") as Uint8Array));
    expect(metadata.get("modelspec.title")).toBe("SPIN 2");
    expect(new Set([...tensors.values()].map((tensor) => tensor.dtype))).toEqual(new Set([dtype, "I64"]));
  });

  test("a pipeline is the model with another UNet, and the other parts' bytes", async () => {
    const model = trained(await openModel(nano));
    const files = await exported("pipeline", model, dtype, nano);
    const back = await openModel(inMemory(files));
    expect(await wrong(back, model, "unet", rounded)).toEqual([]);
    const parts = [...nanoFiles()].filter(([path]) => !path.startsWith("unet/"));
    for (const [path, bytes] of parts)
      expect([path, Buffer.compare(files.get(path) ?? Buffer.alloc(0), bytes)]).toEqual([path, 0]);
    const index = parseJsonObject(new TextDecoder().decode(files.get("model_index.json")), "model_index.json");
    expect(index).toMatchObject({ unet: ["diffusers", "UNet2DConditionModel"], safety_checker: [null, null] });
    expect(index["requires_safety_checker"]).toBe(false);
  });

  test("ONNX points at the bytes of its own weights", async () => {
    const model = trained(await openModel(nano));
    const files = await exported("onnx", model, dtype, nano);
    const weights = files.get("diffusion_pytorch_model.safetensors") as Uint8Array;
    const stored = await openSafetensors(bytesAccess(weights));
    const { initializers } = await readOnnx(bytesAccess(files.get("model.onnx") as Uint8Array), "model.onnx");
    const outside = initializers.filter(({ external }) => external);
    expect(new Set(outside.map(({ name }) => name))).toEqual(new Set(stored.tensors.keys()));
    for (const { name, external, dims } of outside) {
      const at = stored.tensors.get(name);
      const told = { location: "diffusion_pytorch_model.safetensors", offset: `${at?.offset}`, length: `${at?.bytes}` };
      expect([name, Object.fromEntries(external ?? [])]).toEqual([name, told]);
      expect(dims).toEqual(at?.shape);
    }
  });
});

test("a pipeline out of one file has its parts from the tensors", async () => {
  const model = trained(await openModel(small));
  const one = inMemory(await exported("single-file", model, "F32", small));
  const { tokenizer } = await openModel(nano);
  const opened = { ...(await openModel(one)), tokenizer };
  const again: TrainedModel = { folder: opened, trained: {} };
  const back = await openModel(inMemory(await exported("pipeline", again, "F32", one)));
  for (const component of ["unet", "vae", "text_encoder"] as const)
    expect(await wrong(back, model, component, false)).toEqual([]);
  expect(back.tokenizer).toEqual(tokenizer);
  const without = { ...again, folder: { ...opened, tokenizer: null } };
  await expect(exported("pipeline", without, "F32", one)).rejects.toThrow("no tokenizer");
});

test("weights are read one at a time", async () => {
  const model = trained(await openModel(small));
  const { folder } = model;
  let [now, most] = [0, 0];
  const counted: TrainedModel = {
    folder,
    trained: {
      unet: async (name) => {
        most = Math.max(most, ++now);
        const data = await (model.trained.unet as ReadWeight)(name);
        now--;
        return data;
      },
    },
  };
  const file = (await exportedFiles("unet", counted, { dtype: "F16", titled, size, picked: small })).get(
    "diffusion_pytorch_model.safetensors",
  );
  const chunks: number[] = [];
  for await (const chunk of (file as StreamedFile).chunks()) chunks.push(chunk.length);
  expect(most).toBe(1);
  expect(chunks).toHaveLength(1 + (folder.tensors.unet?.size ?? 0));
});

test("numbers that float16 cannot hold are named", async () => {
  const folder = await openModel(small, ["unet"]);
  const unet = async (name: string) =>
    Float32Array.from((await ownWeights(folder, "unet")(name)) as Float32Array, () => 1e5);
  await expect(exported("unet", { folder, trained: { unet } }, "F16", small)).rejects.toThrow(
    /has numbers above 65504/,
  );
});

describe("SD-1.5 in one file", () => {
  type Row = readonly [ldm: string, diffusers: string, shape: readonly number[], bias: 0 | 1];
  const golden = (path: string): unknown =>
    JSON.parse(readFileSync(new URL(`../../e2e/goldens/${path}`, import.meta.url), "utf8"));
  const rows = golden("models/single-file/names.json") as Record<Component, readonly Row[]>;
  const components = ["unet", "vae", "text_encoder"] as const;
  const empty = (shape: readonly number[]): ModelTensor => ({
    dtype: "float32",
    shape,
    read: async () => new Float32Array(0),
  });
  const folder: ModelFolder = {
    configs: Object.fromEntries(components.map((part) => [part, golden(`fullsize/${part}/config.json`)])),
    tensors: Object.fromEntries(
      components.map((part) => [
        part,
        new Map(
          rows[part].flatMap(([, name, shape, bias]) => [
            [`${name}.weight`, empty(shape)] as const,
            ...(bias ? [[`${name}.bias`, empty(shape.slice(0, 1))] as const] : []),
          ]),
        ),
      ]),
    ),
    tokenizer: null,
  };
  const file = singleFile({ folder, trained: {} }, "F16", titled);

  test("has exactly the names and shapes that diffusers' converters read", () => {
    const expected = components.flatMap((part) =>
      rows[part].flatMap(([ldm, , shape, bias]) => [
        [`${ldmPrefix[part]}${ldm}.weight`, ldmShape(`${ldm}.weight`, shape)] as const,
        ...(bias ? [[`${ldmPrefix[part]}${ldm}.bias`, shape.slice(0, 1)] as const] : []),
      ]),
    );
    const ids = ["cond_stage_model.transformer.text_model.embeddings.position_ids", [1, 77]] as const;
    expect(new Map([...file.tensors].map(([name, { shape }]) => [name, shape]))).toEqual(new Map([...expected, ids]));
    expect(file.size).toBeGreaterThan(2.1e9);
  });

  /** By which ComfyUI (`model_detection.py`, `sd.py`) and A1111 (`sd_models.py`, `sd_models_config.py`) tell that a file is SD 1.x. */
  test.each([
    ["model.diffusion_model.input_blocks.0.0.weight", [320, 4, 3, 3]],
    ["model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", [320, 768]],
    ["model.diffusion_model.input_blocks.1.1.proj_in.weight", [320, 320, 1, 1]],
    ["model.diffusion_model.input_blocks.3.0.op.weight", [320, 320, 3, 3]],
    ["model.diffusion_model.middle_block.1.proj_in.weight", [1280, 1280, 1, 1]],
    ["model.diffusion_model.output_blocks.11.1.transformer_blocks.0.attn2.to_k.weight", [320, 768]],
    ["model.diffusion_model.out.2.weight", [4, 320, 3, 3]],
    ["first_stage_model.encoder.down.2.downsample.conv.weight", [512, 512, 3, 3]],
    ["first_stage_model.decoder.conv_in.weight", [512, 4, 3, 3]],
    ["first_stage_model.decoder.mid.attn_1.q.weight", [512, 512, 1, 1]],
    ["first_stage_model.quant_conv.weight", [8, 8, 1, 1]],
    ["cond_stage_model.transformer.text_model.embeddings.token_embedding.weight", [49408, 768]],
    ["cond_stage_model.transformer.text_model.encoder.layers.11.mlp.fc1.weight", [3072, 768]],
    ["cond_stage_model.transformer.text_model.final_layer_norm.weight", [768]],
  ])("has %s", (name, shape) => expect(file.tensors.get(name)?.shape).toEqual(shape));

  test.each([
    ["unet", { attention_head_dim: 10 }, /the UNet's heads/],
    ["vae", { scaling_factor: 0.5 }, /the VAE's scaling_factor/],
    ["text_encoder", { hidden_act: "gelu" }, /the text encoder's hidden_act/],
    ["scheduler", { beta_end: 0.02 }, /the scheduler's beta_end/],
  ] as const)("cannot tell another %s, and is not written", (part, change, sentence) => {
    const other = { ...folder, configs: { ...folder.configs, [part]: { ...folder.configs[part], ...change } } };
    expect(singleFileFault(other)).toMatch(sentence);
    expect(singleFileFault(folder)).toBeNull();
  });
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ldmCheckpoint, ldmConfigs, seeded } from "../../e2e/ldm-model.ts";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../models/config.ts";
import { expectedTensors } from "./expected-tensors.ts";
import { ldmPrefix } from "./ldm-names.ts";
import { type Component, type FileSystem, type ModelFolder, openModel } from "./model-folder.ts";
import { bytesAccess, type RandomAccess } from "./random-access.ts";
import { type FileTensor, writeSafetensors } from "./safetensors.ts";

const configs = ldmConfigs(12);
const components = Object.keys(configs) as Component[];
const whole = ldmCheckpoint(configs);
const scalar: FileTensor = { dtype: "F32", shape: [], data: Float32Array.of(1) };
const vectors = (...shape: number[]) => seeded("x", shape);

function files(entries: Record<string, Uint8Array>, reads: number[] = []): FileSystem {
  const open = async (path: string): Promise<RandomAccess> => {
    const source = bytesAccess(entries[path] as Uint8Array);
    const read: RandomAccess["read"] = (offset, length) => {
      reads.push(length);
      return source.read(offset, length);
    };
    return { size: source.size, read };
  };
  return { list: async () => Object.keys(entries), open };
}
const open = (tensors: ReadonlyMap<string, FileTensor>, metadata = {}, asked = components) =>
  openModel(files({ "model.safetensors": writeSafetensors(tensors, metadata) }), asked);
const changed = (change: (tensors: Map<string, FileTensor>) => void) => {
  const tensors = new Map(whole);
  change(tensors);
  return tensors;
};

async function expectWhole(model: ModelFolder): Promise<void> {
  for (const component of components) {
    const expected = expectedTensors(component, configs[component]);
    expect(new Set(model.tensors[component]?.keys())).toEqual(new Set(expected.keys()));
    for (const [name, shape] of expected) {
      const tensor = model.tensors[component]?.get(name);
      expect(tensor?.shape).toEqual(shape);
      expect(tensor && Buffer.compare(await raw(tensor), bytesOf(seeded(name, shape).data))).toBe(0);
    }
  }
}

describe("a checkpoint in one file", () => {
  test("is the model that its folder is", async () => {
    const model = await open(whole);
    await expectWhole(model);
    const { unet, vae, text_encoder, scheduler } = model.configs;
    expect(readUNetConfig(unet ?? {})).toEqual(readUNetConfig(configs.unet));
    expect(readVaeConfig(vae ?? {})).toEqual(readVaeConfig(configs.vae));
    expect(readTextConfig(text_encoder ?? {})).toEqual(readTextConfig(configs.text_encoder));
    expect(scheduler).toMatchObject({ beta_start: 0.00085, beta_end: 0.012, prediction_type: "epsilon" });
    expect(model.tokenizer).toBeNull();
  });

  test("says what its tensors do not tell, for sizes that are not SD-1.5's", async () => {
    expect((await open(whole)).notes).toEqual([
      expect.stringMatching(/^model.safetensors carries no configuration.*8 heads/),
    ]);
  });

  test("may hold averages, tables and ids, which are passed over, and lie in a folder", async () => {
    const more = changed((tensors) => {
      for (const [name, tensor] of whole) {
        const key = `model_ema.${name.slice(6).replaceAll(".", "")}`;
        if (name.startsWith("model.")) tensors.set(key, { ...tensor, data: new Float32Array(tensor.data.length) });
      }
      tensors.set("model_ema.decay", scalar).set("betas", vectors(1000)).set("first_stage_model.loss.logvar", scalar);
      tensors.set("cond_stage_model.logit_scale", scalar);
      tensors.set("cond_stage_model.transformer.text_model.embeddings.position_ids", {
        dtype: "I64",
        shape: [1, 1],
        data: BigInt64Array.of(0n),
      });
    });
    expect(more.size).toBeGreaterThan(whole.size + 100);
    const entries = {
      "sd/model.safetensors": writeSafetensors(more),
      "sd/model.yaml": new Uint8Array(1),
      "sd/a.bin": new Uint8Array(1),
    };
    await expectWhole(await openModel(files(entries)));
  });

  test("may keep the autoencoder's attention as linear layers, and the text encoder without text_model.", async () => {
    const older = new Map(
      [...whole].map(([name, tensor]) => {
        const flat =
          name.includes(".mid.attn_1.") && tensor.shape.length === 4 ? tensor.shape.slice(0, 2) : tensor.shape;
        return [name.replace(".transformer.text_model.", ".transformer."), { ...tensor, shape: flat }];
      }),
    );
    await expectWhole(await open(older));
  });

  test("is read in pieces: the header, then the tensor that is asked for", async () => {
    const bytes = writeSafetensors(whole);
    const reads: number[] = [];
    const model = await openModel(files({ "model.safetensors": bytes }, reads));
    const header = new DataView(bytes.buffer).getUint32(0, true);
    expect(reads.sort((a, b) => a - b)).toEqual([24, header]);
    await model.tensors.unet?.get("conv_in.bias")?.read();
    expect(reads.at(-1)).toBe(32 * 4);
  });

  test("may hold only what is asked for", async () => {
    const unet = changed((tensors) => {
      for (const name of tensors.keys()) if (!name.startsWith(ldmPrefix.unet)) tensors.delete(name);
    });
    expect((await open(unet, {}, ["unet"])).tensors.vae).toBeUndefined();
    await expect(open(unet)).rejects.toThrow("model.safetensors holds a UNet, and lacks a VAE and a text encoder.");
  });

  test.each([
    ["by its metadata", whole, { "modelspec.prediction_type": "v" }],
    ["by a tensor", changed((tensors) => tensors.set("v_pred", scalar)), {}],
  ])("that predicts v, %s, is what a folder with such a scheduler is", async (_, tensors, metadata) => {
    const error = await open(tensors, metadata).then(
      ({ configs: { scheduler } }) => scheduler?.prediction_type,
      (refusal: Error) => refusal.message,
    );
    expect(error).toMatch(/v_prediction/);
  });
});

describe("checkpoints with faults", () => {
  const { unet, vae } = ldmPrefix;
  const cases: readonly [string, (tensors: Map<string, FileTensor>) => void, RegExp][] = [
    [
      "without a tensor",
      (t) => t.delete(`${unet}out.2.bias`),
      /UNet in model.safetensors .* lacks 1 of \d+ tensors \("conv_out.bias"\)/,
    ],
    [
      "without one that gives a size",
      (t) => t.delete(`${unet}out.2.weight`),
      /no "out.2.weight", and its size was to be read/,
    ],
    [
      "with one of another shape",
      (t) => t.set(`${vae}quant_conv.bias`, vectors(3)),
      /VAE .*"quant_conv.bias" is \[3\], not \[8\]/,
    ],
    [
      "with another rank where a size is read",
      (t) => t.set(`${unet}out.2.weight`, vectors(4)),
      /has 1 dimensions, and 4 were expected/,
    ],
    [
      "with a strange module in the UNet",
      (t) => t.set(`${unet}extra.weight`, vectors(3)),
      /not asked for \("extra.weight"\)/,
    ],
    [
      "with a block numbered beyond all others",
      (t) => t.set(`${unet}input_blocks.999999999.0.op.weight`, vectors(1)),
      /input_blocks break off before block/,
    ],
    [
      "with a width of zero",
      (t) => t.set(`${unet}input_blocks.1.0.out_layers.3.weight`, vectors(0, 32, 3, 3)),
      /block_out_channels/,
    ],
    [
      "with whole numbers",
      (t) => t.set(`${unet}out.2.bias`, { dtype: "I32", shape: [4], data: new Int32Array(4) }),
      /as I32/,
    ],
  ];
  test.each(cases)("%s", async (_, change, message) => {
    await expect(open(changed(change))).rejects.toMatchObject({
      name: "StudioError",
      message: expect.stringMatching(message),
    });
  });
});

const python = process.env.SPIN_PYTHON;
describe.skipIf(!python)("diffusers' own files (set SPIN_PYTHON)", () => {
  const folder = mkdtempSync(join(tmpdir(), "single-file-"));
  const below = (part: string): FileSystem => {
    const root = join(folder, part);
    const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => /\.[a-z]+$/.test(path));
    return {
      list: async () => paths,
      open: async (path) => bytesAccess(readFileSync(join(root, path))),
    };
  };
  beforeAll(() => {
    const script = new URL("../../e2e/oracle/single_file.py", import.meta.url).pathname;
    execFileSync(python as string, [script, "write", folder], { stdio: "ignore" });
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  test("one file, a folder, its variant and its shards are one model", async () => {
    const single = await openModel({
      list: async () => ["single.safetensors"],
      open: async (path) => bytesAccess(readFileSync(join(folder, path))),
    });
    for (const part of ["whole", "fp16", "sharded"]) {
      const model = await openModel(below(part));
      expect(readUNetConfig(single.configs.unet ?? {})).toEqual(readUNetConfig(model.configs.unet ?? {}));
      expect(readVaeConfig(single.configs.vae ?? {})).toEqual(readVaeConfig(model.configs.vae ?? {}));
      expect(readTextConfig(single.configs.text_encoder ?? {})).toEqual(
        readTextConfig(model.configs.text_encoder ?? {}),
      );
      expect(model.tokenizer).not.toBeNull();
      for (const component of components) {
        const [one, other] = [single.tensors[component] ?? new Map(), model.tensors[component] ?? new Map()];
        expect(new Set(one.keys())).toEqual(new Set(other.keys()));
        for (const [name, tensor] of other) {
          expect([name, one.get(name).shape]).toEqual([name, tensor.shape]);
          expect(Buffer.compare(await raw(one.get(name)), await raw(tensor))).toBe(0);
        }
      }
    }
  });
});

async function raw(tensor: { read(): Promise<ArrayBufferView> }): Promise<Buffer> {
  return bytesOf(await tensor.read());
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

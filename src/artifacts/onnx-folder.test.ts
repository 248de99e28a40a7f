import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ProtoWriter } from "../graph/onnx/protobuf.ts";
import { toFloat16Array } from "../lib/float16.ts";
import { sizeOf } from "../lib/tensor.ts";
import { expectedTensors } from "./expected-tensors.ts";
import { type FileSystem, type ModelFolder, openModel } from "./model-folder.ts";
import { sd15Config } from "./sd15-config.ts";
import { onnxNames } from "./onnx-names.ts";
import { type OnnxNode, type OnnxTensor, readOnnx } from "./onnx-proto.ts";
import { onnxTensor } from "./onnx-tensors.ts";
import { bytesAccess, type RandomAccess } from "./random-access.ts";

type Files = Record<string, Uint8Array | undefined>;
type Read = { path: string; offset: number; length: number };
const goldens = join(import.meta.dirname, "../../e2e/goldens");
const read = (path: string) => new Uint8Array(readFileSync(join(goldens, path)));
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const onnxFiles = [
  ...["unet", "text_encoder", "vae_encoder", "vae_decoder"].flatMap((part) => [
    `${part}/model.onnx`,
    `${part}/config.json`,
  ]),
  "unet/model.onnx_data",
];
const shared = ["tokenizer/vocab.json", "tokenizer/merges.txt", "scheduler/scheduler_config.json"];
const weightFiles = [
  "unet/config.json",
  "vae/config.json",
  "text_encoder/config.json",
  "unet/diffusion_pytorch_model.safetensors",
  "vae/diffusion_pytorch_model.safetensors",
  "text_encoder/model.safetensors",
];
const from = (folder: string, paths: readonly string[]): Files =>
  Object.fromEntries(paths.map((path) => [path, read(`${folder}/${path}`)]));
const originals = { ...from("models/generate", weightFiles), ...from("models/generate", shared) };
const exported = (): Files => ({ ...from("onnx", onnxFiles), ...from("models/generate", shared) });

const dynamo = (): Files => ({ "vae_decoder/model.onnx": read("onnx/dynamo/vae_decoder/model.onnx") });

function folder(files: Files, reads: Read[] = []): FileSystem {
  const open = async (path: string): Promise<RandomAccess> => {
    const source = bytesAccess(files[path] as Uint8Array);
    return {
      size: source.size,
      read: (offset, length) => {
        reads.push({ path, offset, length });
        return source.read(offset, length);
      },
    };
  };
  return { list: async () => Object.keys(files).filter((path) => files[path]), open };
}

async function contents({ tensors }: ModelFolder) {
  const all = Object.entries(tensors).flatMap(([component, own]) =>
    [...own].map(([name, tensor]) => [`${component} ${name}`, tensor] as const),
  );
  const rows = all.map(async ([name, tensor]) => [name, [tensor.dtype, tensor.shape, await tensor.read()]] as const);
  return Object.fromEntries(await Promise.all(rows));
}

/** A tensor as TensorProto, in an export of nothing else. */
type Build = (tensor: ProtoWriter) => void;
const model = (tensors: readonly Build[], nodes: readonly Build[] = []) => {
  const writer = new ProtoWriter().int(1, 8);
  return writer
    .message(7, (graph) => {
      for (const node of nodes) graph.message(1, node);
      for (const tensor of tensors) graph.message(5, tensor);
    })
    .finish();
};
const external = (location: string): Build => {
  const entries = { location, offset: "0", length: "16" };
  return (tensor) => {
    tensor.int(1, 4).int(2, 1).string(8, "conv_in.bias").int(14, 1);
    for (const [key, value] of Object.entries(entries))
      tensor.message(13, (entry) => void entry.string(1, key).string(2, value));
  };
};

describe("an ONNX export in Optimum's layout", () => {
  test("is the model that its diffusers folder is", async () => {
    const [onnx, diffusers] = [await openModel(folder(exported())), await openModel(folder(originals))];
    const wanted = await contents(diffusers);
    expect(Object.keys(wanted).length).toBeGreaterThan(300);
    expect(await contents(onnx)).toEqual(wanted);
    expect(onnx.configs).toEqual(diffusers.configs);
    expect(onnx.tokenizer).toEqual(diffusers.tokenizer);
    expect(onnx.notes).toBeUndefined();
  });

  test("may lie in a folder below, without the halves' own configuration", async () => {
    const { "vae_encoder/config.json": vae, "vae_decoder/config.json": _, ...rest } = exported();
    const files = Object.entries({ ...rest, "vae/config.json": vae });
    const below = Object.fromEntries(files.map(([path, bytes]) => [`sd/${path}`, bytes]));
    const opened = await openModel(folder(below), ["vae"]);
    const whole = await openModel(folder(originals), ["vae"]);
    expect(await contents(opened)).toEqual(await contents(whole));
  });

  test("may be of torch's newer exporter, which numbers its nodes", async () => {
    const opened = openModel(folder({ ...exported(), ...dynamo() }), ["vae"]);
    const whole = await openModel(folder(originals), ["vae"]);
    expect(await contents(await opened)).toEqual(await contents(whole));
  });

  test("opening reads no weights, and a weight is read alone from the external data", async () => {
    const reads: Read[] = [];
    const opened = await openModel(folder(exported(), reads), ["unet"]);
    expect(reads.filter(({ path }) => path.endsWith("_data"))).toEqual([]);
    await opened.tensors.unet?.get("conv_in.weight")?.read();
    expect(reads.at(-1)).toMatchObject({ path: "unet/model.onnx_data", length: 4 * 4 * 9 * 4 });
  });

  test("a tensor of megabytes within the file is skipped by its length", async () => {
    const big: Build = (tensor) =>
      void tensor
        .int(1, 2 ** 21)
        .int(2, 1)
        .string(8, "a.weight")
        .bytes(9, new Uint8Array(2 ** 23));
    const small: Build = (tensor) => void tensor.int(1, 1).int(2, 1).string(8, "b.bias").bytes(9, new Uint8Array(4));
    const reads: Read[] = [];
    const fs = folder({ x: model([big, small]) }, reads);
    const { initializers } = await readOnnx(await fs.open("x"), "x");
    expect(initializers.map(({ name, dims }) => [name, dims])).toEqual([
      ["a.weight", [2 ** 21]],
      ["b.bias", [1]],
    ]);
    expect(reads.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(2 ** 18);
  });
});

const unetWith = (tensors: readonly Build[], nodes: readonly Build[] = []): Files => ({
  ...exported(),
  "unet/model.onnx": model(tensors, nodes),
});
const openUNet = (files: Files) => openModel(folder(files), ["unet"]);

test("SD-1.5's UNet without a configuration, 3.4 GB of external data, is read at its offsets", async () => {
  let end = 0;
  const tensors = [...expectedTensors("unet", sd15Config.unet)].map(([name, shape]): Build => {
    const length = 4 * sizeOf(shape);
    const entries = { location: "weights.pb", offset: String(end), length: String(length) };
    end += length;
    return (tensor) => {
      for (const dim of shape) tensor.int(1, dim);
      tensor.int(2, 1).string(8, `unet.${name}`).int(14, 1);
      for (const [key, value] of Object.entries(entries))
        tensor.message(13, (entry) => void entry.string(1, key).string(2, value));
    };
  });
  const proto = model(tensors);
  const reads: number[] = [];
  const weights: RandomAccess = {
    size: end,
    read: async (offset, length) => {
      reads.push(offset);
      return new Uint8Array(length);
    },
  };
  const fs: FileSystem = {
    list: async () => ["unet/model.onnx", "unet/weights.pb"],
    open: async (path) => (path === "unet/weights.pb" ? weights : bytesAccess(proto)),
  };
  const opened = await openModel(fs, ["unet"]);
  expect(opened.configs.unet).toEqual(sd15Config.unet);
  expect(opened.notes).toEqual([expect.stringMatching(/no configuration for unet, and SD-1.5's was taken/)]);
  expect(reads).toEqual([]);
  const [last] = [...(opened.tensors.unet ?? [])].slice(-1);
  expect(await last?.[1].read()).toEqual(new Float32Array(sizeOf(last?.[1].shape ?? [])));
  expect(reads).toEqual([end - 4 * sizeOf(last?.[1].shape ?? [])]);
  expect(end).toBeGreaterThan(3.4e9);
});

test("a file that is cut off anywhere is refused", async () => {
  const whole = read("onnx/text_encoder/model.onnx");
  for (let length = 0; length < whole.length; length += 997) {
    const cut = readOnnx(bytesAccess(whole.slice(0, length)), "x");
    await expect(cut).rejects.toMatchObject({ name: "StudioError", code: "model" });
  }
});

describe("what is refused, in words", () => {
  const weight: Build = (tensor) =>
    void tensor.int(1, 2).int(2, 3).string(8, "conv_in.weight_quantized").bytes(9, new Uint8Array(2));
  const node: Build = (writer) => void writer.string(1, "x").string(3, "q").string(4, "DequantizeLinear");
  const wide = (width: number): Build => {
    const name = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight";
    return (tensor) =>
      void tensor
        .int(1, 1)
        .int(1, width)
        .int(2, 1)
        .string(8, name)
        .bytes(9, new Uint8Array(4 * width));
  };
  const cases: [string, Files, RegExp][] = [
    ["quantized weights", unetWith([weight]), /quantized export \(it has "conv_in.weight_quantized" in 8 bits/],
    ["nodes that undo quantizing", unetWith([], [node]), /quantized export \(it has a DequantizeLinear node/],
    ["SDXL by its width", unetWith([wide(2048)]), /unet\/model.onnx is Stable Diffusion XL/],
    ["SD 2 and turbo by their width", unetWith([wide(1024)]), /unet\/model.onnx is Stable Diffusion 2/],
    [
      "missing external data",
      { ...exported(), "unet/model.onnx_data": undefined },
      /model.onnx_data, which the folder does not/,
    ],
    [
      "external data that is cut off",
      { ...exported(), "unet/model.onnx_data": new Uint8Array(9) },
      /and the file has 9/,
    ],
    ["a path out of the folder", unetWith([external("../vae_encoder/model.onnx")]), /not a path below its folder/],
    ["a path from the root", unetWith([external("/etc/passwd")]), /not a path below its folder/],
    ["a path with a drive", unetWith([external("C:\\data")]), /not a path below its folder/],
    [
      "a file that is cut off",
      { ...exported(), "unet/model.onnx": exported()["unet/model.onnx"]?.slice(0, -9) },
      /not a valid ONNX file/,
    ],
    ["a file of something else", { ...exported(), "unet/model.onnx": text({}) }, /not a valid ONNX file/],
    ["a missing file", { ...exported(), "unet/model.onnx": undefined }, /ONNX export has no unet\/model.onnx/],
    ["an ONNX file alone", { "model.onnx": new Uint8Array(1) }, /ONNX file alone/],
    [
      "a small UNet without a configuration",
      { ...exported(), "unet/config.json": undefined },
      /not as its configuration says/,
    ],
  ];
  test.each(cases)("%s", async (_, files, message) => {
    await expect(openUNet(files)).rejects.toThrow(message);
    await expect(openUNet(files)).rejects.toMatchObject({ name: "StudioError", code: "model" });
  });

  test("an initializer that no node names is named where weights are missing", async () => {
    const matrix: Build = (tensor) =>
      void tensor.int(1, 4).int(1, 4).int(2, 1).string(8, "onnx::MatMul_7").bytes(9, new Uint8Array(64));
    await expect(openUNet(unetWith([matrix]))).rejects.toThrow(/lacks \d+ of .* could not be named.*"onnx::MatMul_7"/);
  });
});

/** One weight of 2 by 3 and what takes it, opened as its file says. */
async function openOne(tensor: Build, nodes: readonly Build[] = [], files: Files = {}) {
  const path = "unet/model.onnx";
  const all = { ...files, [path]: model([tensor], nodes) };
  const fs = folder(all);
  const source = await fs.open(path);
  const graph = await readOnnx(source, path);
  const file = { path, source, fs, files: new Set(await fs.list()) };
  return { graph, tensor: await onnxTensor(file, graph.initializers[0] as OnnxTensor) };
}

describe("a tensor's numbers", () => {
  const values = Float32Array.of(1, -2, 0.5, 3, 4, -0.25);
  const bits = toFloat16Array(values);
  const bytes = new Uint8Array(values.buffer);
  const shape =
    (dataType: number): Build =>
    (tensor) =>
      void tensor.int(1, 2).int(1, 3).int(2, dataType).string(8, "w");
  const varints = Uint8Array.from(
    [...bits].flatMap((value) => [(value & 127) | 128, ((value >> 7) & 127) | 128, value >> 14]),
  );
  const cases: [string, Build, Float32Array | Uint16Array][] = [
    ["raw_data", (tensor) => (shape(1)(tensor), void tensor.bytes(9, bytes)), values],
    ["float_data", (tensor) => (shape(1)(tensor), void tensor.bytes(4, bytes)), values],
    ["float16 in raw_data", (tensor) => (shape(10)(tensor), void tensor.bytes(9, new Uint8Array(bits.buffer))), bits],
    ["float16 in int32_data", (tensor) => (shape(10)(tensor), void tensor.bytes(5, varints)), bits],
  ];
  test.each(cases)("are read from %s", async (_, tensor, expected) => {
    const opened = await openOne(tensor);
    expect(opened.tensor.shape).toEqual([2, 3]);
    expect(await opened.tensor.read()).toEqual(expected);
  });
  test("are read from weights.pb, at their offset, without a length", async () => {
    const tensor: Build = (writer) => {
      shape(1)(writer);
      writer.int(14, 1).message(13, (entry) => void entry.string(1, "location").string(2, "weights.pb"));
      writer.message(13, (entry) => void entry.string(1, "offset").string(2, "8"));
    };
    const data = new Uint8Array(8 + bytes.length);
    data.set(bytes, 8);
    expect(await (await openOne(tensor, [], { "unet/weights.pb": data })).tensor.read()).toEqual(values);
  });
  test("that are as many as the shape says, or it is refused", async () => {
    const short: Build = (tensor) => (shape(1)(tensor), void tensor.bytes(9, bytes.subarray(4)));
    await expect(openOne(short)).rejects.toThrow('"w" has 20 bytes in unet/model.onnx, and its shape [2,3] needs 24');
    const halves: Build = (tensor) => (shape(10)(tensor), void tensor.bytes(5, varints.subarray(0, 2)));
    await expect(openOne(halves)).rejects.toThrow("has 2 bytes for 6 numbers");
  });
  test("that are NaN are refused when they are read, by name", async () => {
    const nan: Build = (tensor) => (shape(1)(tensor), void tensor.bytes(9, new Uint8Array(24).fill(0xff)));
    await expect((await openOne(nan)).tensor.read()).rejects.toThrow(/holds "w" with values that are NaN/);
  });
});

describe("an initializer's name", () => {
  const expected = new Map([
    ["a.0.weight", [3, 2]],
    ["b.weight", [3, 2]],
  ]);
  const tensor = (name: string, dims: readonly number[]): OnnxTensor => ({
    name,
    dims,
    dataType: 1,
    raw: null,
    int32: null,
    external: null,
  });
  const node = (op: string, name: string, inputs: readonly string[], more: Partial<OnnxNode> = {}): OnnxNode => ({
    name,
    op,
    inputs,
    outputs: [],
    scope: "",
    transB: false,
    ...more,
  });
  const names = (initializers: readonly OnnxTensor[], nodes: readonly OnnxNode[]) => {
    const { named, unnamed } = onnxNames({ initializers, nodes }, expected, (stored) => stored);
    return {
      named: Object.fromEntries(
        [...named].map(
          ([
            name,
            {
              tensor: { name: from },
              transposed,
            },
          ]) => [name, [from, transposed]],
        ),
      ),
      unnamed,
    };
  };
  test("is its node's path, and Gemm's transB tells how it lies", () => {
    const made = names(
      [tensor("onnx::MatMul_1", [2, 3]), tensor("onnx::Gemm_2", [3, 2]), tensor("val_3", [9])],
      [
        node("MatMul", "/a.0/MatMul", ["x", "onnx::MatMul_1"]),
        node("Gemm", "/b/Gemm", ["x", "onnx::Gemm_2"], { transB: true }),
      ],
    );
    expect(made).toEqual({
      named: { "a.0.weight": ["onnx::MatMul_1", true], "b.weight": ["onnx::Gemm_2", false] },
      unnamed: ["val_3"],
    });
  });
  test("may stand for two that are equal, through an Identity", () => {
    const made = names(
      [tensor("a.0.weight", [3, 2])],
      [
        node("Gemm", "/a.0/Gemm", ["x", "a.0.weight"], { transB: true }),
        node("Identity", "Identity_1", ["a.0.weight"], { outputs: ["same"] }),
        node("Gemm", "/b/Gemm", ["x", "same"], { transB: true }),
      ],
    );
    expect(made.named).toEqual({ "a.0.weight": ["a.0.weight", false], "b.weight": ["a.0.weight", false] });
  });
});

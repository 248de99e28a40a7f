/**
 * @file LoRA files of peft, diffusers and kohya's naming against the rule that made their factors, and our exports against the bytes
 * that diffusers has read: python e2e/oracle/lora.py --check.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { expectedTensors } from "../src/artifacts/expected-tensors.ts";
import { type JsonObject, parseJsonObject } from "../src/artifacts/json-object.ts";
import { loraModel } from "../src/artifacts/lora-model.ts";
import { kohyaName, type LoraComponent, type LoraModule, type LoraModules } from "../src/artifacts/lora-names.ts";
import { readLora } from "../src/artifacts/lora-read.ts";
import { kohyaFile } from "../src/artifacts/lora-write.ts";
import type { ModelTensor } from "../src/artifacts/model-folder.ts";
import { bytesAccess } from "../src/artifacts/random-access.ts";
import { openSafetensors, parseSafetensors, writeSafetensors } from "../src/artifacts/safetensors.ts";
import { openFile } from "../src/cli/files.ts";
import { fromFloat16Array, toFloat16Array } from "../src/lib/float16.ts";
import { exportFiles, goldens, openNano, rule, ruled } from "./lora-exports.ts";

const text = (file: string): string => readFileSync(path.join(goldens, file), "utf8");
const json = (file: string): JsonObject => parseJsonObject(text(file), file);
const model = loraModel(await openNano());
const { rank, alpha } = rule;
const [unet, textEncoder] = [await ruled(model, "unet"), await ruled(model, "text_encoder")];

type Rounding = (data: Float32Array) => Float32Array;
const whole: Rounding = (data) => data;
const half: Rounding = (data) => fromFloat16Array(toFloat16Array(data));
/** The upper half of a float32, rounded to nearest, ties to even. */
const brain: Rounding = (data) => {
  const bits = new Uint32Array(data.slice().buffer).map((word) => (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000);
  return new Float32Array(bits.buffer);
};

function rounded(modules: LoraModules, round: Rounding, alphaOf: number): LoraModules {
  const factor = ({ shape, data }: LoraModule["a"]) => ({ shape, data: round(data) });
  return new Map([...modules].map(([name, m]) => [name, { rank, alpha: alphaOf, a: factor(m.a), b: factor(m.b) }]));
}

describe("files of others", () => {
  const none = new Map();
  const attention = new Map([...unet].filter(([name]) => name.includes(".attn")));
  const cases: readonly (readonly [file: string, unet: LoraModules, text: LoraModules, Rounding, alpha: number])[] = [
    ["peft/adapter_model", unet, none, whole, alpha],
    ["diffusers", unet, textEncoder, whole, alpha],
    ["old", unet, textEncoder, half, rank],
    ["older", attention, none, whole, rank],
    ["kohya", unet, textEncoder, brain, rank],
  ];
  it.each(cases)("%s gives the factors of the rule", async (name, inUnet, inText, round, expected) => {
    const file = await openSafetensors(await openFile(path.join(goldens, `lora/${name}.safetensors`)));
    const config = name.startsWith("peft") ? json("lora/peft/adapter_config.json") : null;
    const lora = await readLora(file, { config, model });
    expect(lora.leftOut).toEqual([]);
    expect(lora.modules).toEqual(rounded(inUnet, round, expected));
    expect(lora.textEncoder).toEqual(rounded(inText, round, expected));
  });
});

it("exports, and merged weights, are the bytes that diffusers read to the same output", async () => {
  const kept = (name: string) => readFileSync(path.join(goldens, "lora/exports", name));
  const files = [...(await exportFiles())];
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter(([name, bytes]) => Buffer.compare(bytes, kept(name)) !== 0).map(([name]) => name)).toEqual([]);
});

describe("SD-1.5", () => {
  /** kohya's name and the module's, as kohya's rule gives them. */
  const listed = text("lora/sd15-names.txt")
    .trim()
    .split("\n")
    .map((line) => line.split(" ") as [string, string]);
  const shapes = (component: LoraComponent) => {
    const config = json(`fullsize/${component}/config.json`);
    const read = () => Promise.reject(new Error("no weights here"));
    const tensors = [...expectedTensors(component, config)];
    return new Map(tensors.map(([name, shape]): [string, ModelTensor] => [name, { dtype: "float16", shape, read }]));
  };
  const sd15 = loraModel({
    configs: { unet: json("fullsize/unet/config.json") },
    tensors: { unet: shapes("unet"), text_encoder: shapes("text_encoder") },
  });

  it("has 192 modules of attention in the UNet and 72 in the text encoder, and all have kohya's names", () => {
    const counts = [/^lora_unet_.*_attentions_/, /^lora_te_/].map((start) =>
      listed.filter(([name]) => start.test(name)),
    );
    expect(counts.map(({ length }) => length)).toEqual([192, 72]);
    for (const [kohya, module] of listed) {
      const component = kohya.startsWith("lora_te_") ? "text_encoder" : "unet";
      expect([...(sd15[component]?.shapes.keys() ?? [])]).toContain(module);
      expect(kohyaName(component, module)).toBe(kohya);
    }
  });

  it("gives a file of exactly the listed keys, and reads it back whole", async () => {
    const zeros = (shape: readonly number[]) => ({ shape, data: new Float32Array(shape.reduce((x, y) => x * y, 1)) });
    const empty = (component: LoraComponent): LoraModules =>
      new Map(
        listed
          .filter(([kohya]) => kohya.startsWith("lora_te_") === (component === "text_encoder"))
          .map(([, module]) => {
            const [out = 0, ...rest] = sd15[component]?.shapes.get(module) ?? [];
            const b = [out, 1, ...rest.slice(1).map(() => 1)];
            return [module, { rank: 1, alpha: 1, a: zeros([1, ...rest]), b: zeros(b) }];
          }),
      );
    const content = { modules: empty("unet"), textEncoder: empty("text_encoder") };
    const file = kohyaFile(content, "F16");
    const keys = listed.flatMap(([name]) =>
      ["lora_down.weight", "lora_up.weight", "alpha"].map((end) => `${name}.${end}`),
    );
    expect(new Set(file.tensors.keys())).toEqual(new Set(keys));
    const bytes = writeSafetensors(file.tensors, file.metadata);
    expect(parseSafetensors(bytes).tensors.size).toBe(3 * listed.length);
    const back = await readLora(await openSafetensors(bytesAccess(bytes)), { model: sd15 });
    expect(back).toMatchObject({ leftOut: [] });
    expect([back.modules.size, back.textEncoder.size]).toEqual([content.modules.size, content.textEncoder.size]);
  });
});

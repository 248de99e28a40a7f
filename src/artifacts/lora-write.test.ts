import { describe, expect, test } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { loraShapes } from "../graph/passes/lora.ts";
import { fromFloat16Array, toFloat16Array } from "../lib/float16.ts";
import type { Shape } from "../lib/tensor.ts";
import { loraModel } from "./lora-model.ts";
import { type LoraModule, type LoraModules, plainSpelling } from "./lora-names.ts";
import { readLora } from "./lora-read.ts";
import { kohyaFile, type LoraDType, type LoraFile, peftFile } from "./lora-write.ts";
import { openModel } from "./model-folder.ts";
import { bytesAccess } from "./random-access.ts";
import { openSafetensors, writeSafetensors } from "./safetensors.ts";
import { seededTensor } from "./seeded.ts";

const model = loraModel(await openModel(nanoModel(), ["unet", "text_encoder"]));

function adapted(shapes: ReadonlyMap<string, Shape>, wanted: RegExp, alpha: number): Map<string, LoraModule> {
  const modules = [...shapes].filter(([name]) => wanted.test(name));
  return new Map(
    modules.map(([name, weight], i) => {
      const rank = 1 + (i % 3);
      const { a, b } = loraShapes(weight, rank);
      const factor = (side: string, shape: Shape) => ({
        shape,
        data: seededTensor(`${name}.lora_${side}.weight`, shape),
      });
      return [name, { rank, alpha, a: factor("A", a), b: factor("B", b) }];
    }),
  );
}

const modules = adapted(model.unet.shapes, /to_q|proj_in|conv1|ff\.net/, 2.7);
const textEncoder = adapted(model.text_encoder?.shapes ?? new Map(), /q_proj|fc1/, 0.3);
const opened = async ({ tensors, metadata }: LoraFile) =>
  readLora(await openSafetensors(bytesAccess(writeSafetensors(tensors, metadata))), { model });

function halved(all: LoraModules): LoraModules {
  const half = (data: Float32Array) => fromFloat16Array(toFloat16Array(data));
  return new Map(
    [...all].map(([name, m]) => [
      name,
      { ...m, a: { ...m.a, data: half(m.a.data) }, b: { ...m.b, data: half(m.b.data) } },
    ]),
  );
}

describe.each(["F32", "F16"] as const)("read back, %s", (dtype: LoraDType) => {
  const exact = (all: LoraModules) => (dtype === "F32" ? all : halved(all));
  const rounded = (all: LoraModules) =>
    new Map([...exact(all)].map(([name, m]) => [name, { ...m, alpha: Math.fround(m.alpha) }]));

  test("kohya's file gives every bit", async () => {
    const lora = await opened(kohyaFile({ modules, textEncoder }, dtype));
    expect(lora.leftOut).toEqual([]);
    expect(lora.modules).toEqual(rounded(modules));
    expect(lora.textEncoder).toEqual(rounded(textEncoder));
  });

  test.each(["unet.", "", "base_model.model."] as const)("PEFT's with %j gives every bit", async (prefix) => {
    const lora = await opened(peftFile({ spelling: { prefix, adapter: null }, modules, textEncoder }, dtype));
    expect(lora.spelling).toEqual({ prefix, adapter: null });
    expect(lora.modules).toEqual(exact(modules));
    expect(lora.textEncoder).toEqual(exact(textEncoder));
  });
});

test("kohya's file holds a down, an up and a scalar alpha of each module, and nothing else", () => {
  const { tensors, metadata } = kohyaFile({ modules, textEncoder }, "F16", { ss_seed: "7" });
  expect(tensors.size).toBe(3 * (modules.size + textEncoder.size));
  const name = "lora_unet_mid_block_attentions_0_proj_in";
  expect(tensors.get(`${name}.lora_down.weight`)).toMatchObject({ dtype: "F16" });
  expect(tensors.get(`${name}.alpha`)).toMatchObject({ dtype: "F32", shape: [], data: Float32Array.of(2.7) });
  expect([...tensors.keys()].some((key) => key.startsWith("lora_te_text_model_encoder_layers_0_"))).toBe(true);
  expect(metadata).toEqual({ format: "pt", ss_seed: "7" });
});

test("what float16 cannot hold is refused, and float32 holds it", () => {
  const [[name, module]] = [...modules] as [[string, LoraModule]];
  const data = module.b.data.with(0, 65520);
  const large = new Map([[name, { ...module, b: { ...module.b, data } }]]);
  expect(() => kohyaFile({ modules: large }, "F16")).toThrow(`"${name}" has numbers above 65504`);
  const file = peftFile({ spelling: plainSpelling, modules: large });
  expect(file.tensors.get(`${name}.lora_B.weight`)?.data).toEqual(data);
});

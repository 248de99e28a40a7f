/** @file LoRAs that a person brings: gone on with where they fit, merged where they do not, and in words where they are none. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { draw, grow, never, nodesOf, project, setPairs, spin, started, trained } from "../../e2e/nano-studio.ts";
import { loraModel } from "../artifacts/lora-model.ts";
import { mergeLoras } from "../artifacts/lora-merge.ts";
import { readLora } from "../artifacts/lora-read.ts";
import { type FileSystem, openModel } from "../artifacts/model-folder.ts";
import { bytesAccess, readWhole } from "../artifacts/random-access.ts";
import {
  type FileTensor,
  openSafetensors,
  parseSafetensors,
  toFloat32,
  writeSafetensors,
} from "../artifacts/safetensors.ts";
import { seededTensor } from "../artifacts/seeded.ts";
import { nodeBackend } from "../runtime/node.ts";
import { type KeyValue, memoryKeyValue } from "../storage/key-value.ts";
import type { Drawn, NodeId, TakeLorasRequest } from "./api.ts";
import { Engine } from "./engine.ts";
import { memoryTabs } from "./tabs.ts";

let store: KeyValue;
let engine: Engine;
beforeEach(async () => {
  store = memoryKeyValue();
  engine = await started(store);
  await setPairs(engine);
});
afterEach(() => engine.dispose());

const lora = { train: "lora", rank: 2, learningRate: 1e-2 } as const;
const given = (name: string, bytes: Uint8Array<ArrayBuffer>, multiplier = 1): TakeLorasRequest["loras"][number] => ({
  file: { path: `loras/${name}`, file: new File([bytes], name) },
  multiplier,
});
const take = (loras: TakeLorasRequest["loras"], on = engine) =>
  on.handle("takeLoras", { project, loras, name: null }, never);
const exported = async (node: NodeId) =>
  (await engine.handle("exportNode", { project, node, what: "lora-diffusers" }, never)).bytes;
const firstLoss = async (node: NodeId) => (await engine.handle("project", { project }, never)).reports[node]?.[0]?.loss;

const KOHYA = {
  unet: "lora_unet_down_blocks_0_resnets_0_conv1",
  text: "lora_te_text_model_encoder_layers_0_self_attn_q_proj",
};

/** Factors by rule for the modules of the nano model that kohya calls so. */
async function kohya(...names: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const model = loraModel(await openModel(nanoModel()));
  const tensors = new Map<string, FileTensor>();
  for (const name of names) {
    const targets = name.startsWith("lora_te_") ? model.text_encoder : model.unet;
    const module = targets?.flat.get(name.replace(/^lora_(te|unet)_/, "")) ?? "";
    const [out = 0, ...rest] = targets?.shapes.get(module) ?? [];
    const spatial = rest.length > 1;
    const put = (key: string, shape: readonly number[]) =>
      tensors.set(`${name}.${key}.weight`, { dtype: "F32", shape, data: seededTensor(`${name}.${key}`, shape) });
    put("lora_down", [2, ...rest]);
    put("lora_up", spatial ? [out, 2, 1, 1] : [out, 2]);
    tensors.set(`${name}.alpha`, { dtype: "F32", shape: [], data: Float32Array.of(1) });
  }
  return writeSafetensors(tensors);
}

/** The nano model with the LoRAs in its weights, as a model of its own. */
async function merged(files: readonly (readonly [Uint8Array<ArrayBuffer>, number])[]): Promise<FileSystem> {
  const plain = nanoModel();
  const model = loraModel(await openModel(nanoModel()));
  const loras = await Promise.all(
    files.map(async ([bytes, multiplier]) => {
      return { lora: await readLora(await openSafetensors(bytesAccess(bytes)), { model }), multiplier };
    }),
  );
  return {
    list: () => plain.list(),
    open: async (path) => {
      const source = await plain.open(path);
      const text = path.startsWith("text_encoder/");
      if (!path.endsWith(".safetensors") || !(text || path.startsWith("unet/"))) return source;
      const { tensors } = parseSafetensors(await readWhole(source));
      for (const [name, tensor] of tensors) {
        const parts = loras.flatMap(({ lora: { modules, textEncoder }, multiplier }) => {
          const found = (text ? textEncoder : modules).get(name.replace(/\.weight$/, ""));
          return found ? [{ lora: found, multiplier }] : [];
        });
        if (parts.length > 0) tensors.set(name, { ...tensor, data: mergeLoras(toFloat32(tensor), parts) });
      }
      return bytesAccess(writeSafetensors(tensors));
    },
  };
}

const opened = async (files: FileSystem): Promise<Engine> => {
  const other = new Engine({
    store: memoryKeyValue(),
    backends: { node: async () => nodeBackend({ threads: 1 }) },
    files: () => files,
    emit: () => {},
    tabs: memoryTabs()(),
  });
  await other.handle("open", { backend: "node", model: "nano" }, never);
  return other;
};

function furthest(a: Drawn, b: Drawn): number {
  const differences = a.pictures.flatMap(({ rgba }, i) =>
    Array.from(rgba, (v, k) => Math.abs(v - (b.pictures[i]?.rgba[k] ?? 0))),
  );
  return Math.max(...differences);
}

it("goes on with one that fits, from exactly where it stands", async () => {
  const first = await trained(engine, "base", "base", lora);
  const { node, notes } = await take([given("mine.safetensors", await exported(first))]);
  expect(notes).toEqual([]);
  expect(node).toMatchObject({
    parent: "base",
    iteration: 0,
    name: "mine",
    state: "kept",
    brought: { loras: [{ name: "mine.safetensors", multiplier: 1 }], under: false },
  });
  expect(node.settings).toMatchObject({ train: "lora", rank: 2 });
  expect(furthest(await draw(engine, node.id), await draw(engine, first))).toBe(0);
  const next = await trained(engine, node.id, node.id, lora);
  expect(await firstLoss(next)).toBe(Math.LN2);
  // a LoRA of its rank that lies over Base: the brought one's factors, moved
  const own = await engine.handle("exportNode", { project, node: next, what: "lora-diffusers" }, never);
  expect(own.bytes.length).toBe((await exported(first)).length);
  expect(furthest(await draw(engine, next), await draw(engine, node.id))).toBeGreaterThan(0);
});

it("draws with several, convolutions and the text encoder among them, as the merged model does, and trains over them", async () => {
  const [style, words] = [await kohya(KOHYA.unet), await kohya(KOHYA.text, KOHYA.unet)];
  const { node, notes } = await take([given("style.safetensors", style, 0.7), given("words.safetensors", words, -0.4)]);
  expect(node.name).toBe("style + words");
  expect(notes.join(" ")).toMatch(/Several LoRAs are added up first/);
  const reference = await opened(
    await merged([
      [style, 0.7],
      [words, -0.4],
    ]),
  );
  const expected = await draw(reference, "base");
  const base = await draw(engine, "base");
  expect(furthest(expected, base)).toBeGreaterThan(8);
  expect(furthest(await draw(engine, node.id), expected)).toBeLessThanOrEqual(1);
  await reference.dispose();
  const over = await trained(engine, node.id, node.id, lora);
  expect(await firstLoss(over)).toBe(Math.LN2);
  expect(furthest(await draw(engine, over), base)).toBeGreaterThan(8);
  // what lies under it is needed as long as it is there
  await engine.handle("deleteNode", { project, node: node.id }, never);
  await engine.handle("purge", { project, node: null }, never);
  expect(furthest(await draw(engine, over), base)).toBeGreaterThan(8);
  await expect(grow(engine, over, over, { train: "full" })).rejects.toThrow(/text encoder too/);
});

it("plays against one that is brought", async () => {
  const { node } = await take([given("style.safetensors", await kohya(KOHYA.unet))]);
  const { id } = await grow(engine, "base", node.id);
  expect(await spin(engine, id)).toBe("kept");
  expect(await firstLoss(id)).not.toBe(Math.LN2);
});

it("says what else a file is, and stores nothing then", async () => {
  const model = writeSafetensors(
    new Map([
      ["model.diffusion_model.input_blocks.0.0.weight", { dtype: "F32", shape: [1], data: new Float32Array(1) }],
    ]),
  );
  const good = given("style.safetensors", await kohya(KOHYA.unet));
  await expect(take([good, given("model.safetensors", model)])).rejects.toThrow(/^model\.safetensors: /);
  await expect(take([given("broken.safetensors", new Uint8Array(9))])).rejects.toThrow(/^broken\.safetensors: /);
  await expect(take([given("style.safetensors", await kohya(KOHYA.unet), Number.NaN)])).rejects.toThrow(
    /a number was expected/,
  );
  await expect(take([])).rejects.toThrow(/one or several were expected/);
  expect(await nodesOf(engine)).toEqual([]);
});

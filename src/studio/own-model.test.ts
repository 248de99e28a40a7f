/** @file A person's own model, as files that were picked: examined, opened, trained and drawn; what it needs on a device. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nanoFiles, nanoModel } from "../../e2e/nano-model.ts";
import { drawRequest, never, pairs, settings } from "../../e2e/nano-studio.ts";
import { byteSize } from "../lib/tensor.ts";
import { nodeBackend } from "../runtime/node.ts";
import { memoryKeyValue } from "../storage/key-value.ts";
import type { ModelInfo, OwnModel } from "./api.ts";
import { settingsOf } from "./bench-models.ts";
import { Engine } from "./engine.ts";
import type { Float16 } from "../runtime/backend.ts";
import { planMemory } from "./memory-plan.ts";
import { memoryTabs } from "./tabs.ts";

const nano = (more: Partial<OwnModel> = {}, files = nanoFiles()): OwnModel => ({
  files: [...files].map(([path, bytes]) => ({ path, file: new Blob([bytes as Uint8Array<ArrayBuffer>]) })),
  title: "A nano of mine",
  resolution: null,
  memory: null,
  ...more,
});

describe("a model that was picked", () => {
  let engine: Engine;
  let info: ModelInfo;
  const open = (model: OwnModel) => engine.handle("open", { backend: "node", model }, never);
  beforeAll(async () => {
    engine = new Engine({
      store: memoryKeyValue(),
      backends: { node: async () => nodeBackend({ threads: 1 }) },
      files: nanoModel,
      emit: () => {},
      tabs: memoryTabs()(),
    });
    info = await open(nano());
  });
  afterAll(() => engine.dispose());

  it("is told by its content and its pictures' size, not by its name", async () => {
    expect(info).toMatchObject({ title: "A nano of mine", resolution: 8, large: false, guidance: 7.5, scoring: null });
    expect(info.id).toMatch(/^[0-9a-f]{16}-8$/);
    expect((await open(nano({ title: "the same" }))).id).toBe(info.id);
    expect((await open(nano({ resolution: 16 }))).id).toBe(info.id.replace(/-8$/, "-16"));
    const other = new Map(nanoFiles());
    other.set("scheduler/scheduler_config.json", new TextEncoder().encode('{"beta_start":0.001}'));
    expect((await open(nano({}, other))).id).not.toBe(info.id);
  });

  it("is examined by its headers: size, and what a step takes", async () => {
    const found = await engine.handle("examine", { model: nano() }, never);
    expect(found).toMatchObject({
      parameters: info.parameters,
      large: false,
      resolution: 8,
      sides: { least: 4, most: 256, step: 2 },
    });
    expect(found.lora.weights).toBeGreaterThan(found.parameters * 4);
    expect(found.full.weights).toBeGreaterThan(found.parameters * 4);
    expect(await engine.handle("examine", { model: nano({ memory: 1000 }) }, never)).toMatchObject({
      lora: { fits: false, bytes: found.lora.bytes },
      full: { fits: false, bytes: found.full.bytes },
    });
  });

  it("plays an iteration in a project of its own, and draws what it drew before it was opened anew", async () => {
    await open(nano());
    const project = info.id;
    await engine.handle("setPairs", { project, pairs }, never);
    const request = { project, parent: "base", opponent: "base", name: null, settings };
    const { id } = await engine.handle("grow", request, never);
    expect(await engine.handle("spin", { project, node: id, saveEvery: 2 }, never)).toBe("kept");
    const drawn = () => engine.handle("draw", { ...drawRequest, project, node: id }, never);
    const before = await drawn();
    await open(nano());
    expect(await drawn()).toEqual(before);
  });

  it("says which file went away", async () => {
    const gone = Object.assign(new Blob(), { slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) });
    const files = nano().files.map((each) => (each.path.startsWith("vae/diff") ? { ...each, file: gone } : each));
    await expect(open(nano({ files }))).rejects.toThrow(/vae\/diffusion_pytorch_model.safetensors cannot be read/);
  });
});

describe("SD-1.5's configuration by its memory", () => {
  const [sd15] = settingsOf("sd15", false);
  const folder = { configs: sd15?.configs } as unknown as Parameters<typeof planMemory>[0];
  const lora = { train: "lora", rank: 16 } as const;
  const plan = async (resolution: number, memory: number | null, float16: Float16 = "computed") =>
    planMemory(folder, 859_520_964, lora, { resolution, memory, float16 });

  it("takes the fastest plan that fits, and never more than is given", async () => {
    const least = await plan(256, null);
    expect(least.choices).toMatchObject({ samples: 2, cut: "block", weights: "float16" });
    const some = await plan(256, 1.1 * least.bytes);
    expect(some.choices.samples).toBeGreaterThan(2);
    expect(some.bytes).toBeGreaterThan(least.bytes);
    expect(some.bytes).toBeLessThanOrEqual(1.1 * least.bytes);
  });

  it("keeps its weights in float32 on a device without float16, and draws in it where that computes so", async () => {
    const drawing = async (float16: Float16) => (await plan(64, null, float16)).choices.drawing ?? "float32";
    expect(await drawing("computed")).toBe("float16");
    expect(await drawing("stored")).toBe("float32");
    const without = await plan(64, null, "none");
    expect(without.choices).toMatchObject({ weights: "float32" });
    expect(without.built.artifact.choices.drawing).toBeUndefined();
    const tensors = Object.values(without.built.artifact.set.tensors);
    expect(tensors.filter(({ dtype }) => dtype === "float16")).toEqual([]);
  });

  it("trains a pair of 512 px by LoRA in at most 3.1 GB", async () => {
    const least = await plan(512, null);
    expect(least.bytes).toBeLessThanOrEqual(3.1e9);
    expect(least.choices.vaeTile).toBe(32);
    await expect(plan(512, 2e9)).rejects.toMatchObject({ code: "memory", message: /needs 3\.0 GB .*, and 2\.0 GB/ });
  });

  it("is trained whole where six numbers a weight fit, a group at a time, and else says what that needs", async () => {
    const whole = { train: "full", rank: 0 } as const;
    const wanted = { resolution: 64, float16: "computed" } as const;
    const { bytes, built } = await planMemory(folder, 859_520_964, whole, { ...wanted, memory: null });
    const { choices, set } = built.artifact;
    expect(choices).toMatchObject({ cut: "block", optimizer: "device" });
    const vector = set.bytes.trainable;
    expect(vector).toBeGreaterThan(4 * 859e6);
    // policy, opponent, a node that is drawn, gradient, two moments; then what a step needs besides
    expect(bytes).toBeGreaterThan(6 * vector);
    expect(bytes).toBeLessThan(6.5 * vector);
    const refused = planMemory(folder, 859_520_964, whole, { ...wanted, memory: 16e9 });
    await expect(refused).rejects.toMatchObject({ code: "memory", message: /needs 2[12]\.\d GB .*, and 16\.0 GB/ });
  });

  it("has pictures of 512 px in tiles where memory is short, and whole where it is not", async () => {
    expect((await plan(512, 4.0e9)).choices).toMatchObject({ samples: 4, vaeTile: 32 });
    const ample = await plan(512, 6.0e9);
    expect(ample.choices.samples).toBe(8);
    expect(ample.built.artifact.set.plans).toHaveProperty("decode");
  });

  it("has no tiles where a picture is no larger than one", async () => {
    expect((await plan(256, null)).choices).not.toHaveProperty("vaeTile");
  });

  it.each([null, 6e9])("passes no buffer of 256 MiB at 768 px, with %s bytes", async (memory) => {
    const { tensors } = (await plan(768, memory)).built.artifact.set;
    expect(Math.max(...Object.values(tensors).map(byteSize))).toBeLessThanOrEqual(256 * 2 ** 20);
  });
});

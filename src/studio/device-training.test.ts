/** @file The whole of a network trained in parts, its optimizer on the device, as the page trains a large model: here a nano one. */
import { afterAll, describe, expect, test } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { drawRequest, never, pairs, project, settings } from "../../e2e/nano-studio.ts";
import { openModel } from "../artifacts/model-folder.ts";
import { parseSafetensors } from "../artifacts/safetensors.ts";
import { BASE } from "../lib/node-name.ts";
import { predictedPeak } from "../plan/peak.ts";
import type { Backend } from "../runtime/backend.ts";
import { nodeBackend } from "../runtime/node.ts";
import { listCheckpoints, loadNewest } from "../storage/checkpoints.ts";
import { type KeyValue, memoryKeyValue } from "../storage/key-value.ts";
import { keysOf } from "../storage/keys.ts";
import type { NodeId, PageEvent, SpinSettings } from "./api.ts";
import { Damage } from "./damage.ts";
import { Engine } from "./engine.ts";
import type { RunChoices } from "./memory-plan.ts";
import { makeArtifacts } from "./model.ts";
import { Networks } from "./networks.ts";
import { memoryTabs } from "./tabs.ts";
import { Trainer } from "./trainer.ts";
import { grow } from "./tree.ts";
import { Writer } from "./writer.ts";

const full = { train: "full", rank: 0 } as const;
const inParts: SpinSettings = { ...settings, safeguard: 0, pairsPerStep: 2, probeEvery: 0, opponentSteps: 1 };
const backends: Backend[] = [];
afterAll(async () => {
  for (const backend of backends) await backend.dispose();
});

/** A studio of which nothing is left when it is started again but its store. */
async function studio(
  store: KeyValue,
  optimizer: "device" | "host" = "device",
  emit: (event: PageEvent) => void = () => {},
) {
  const backend = nodeBackend({ threads: 1 });
  backends.push(backend);
  const folder = await openModel(nanoModel());
  const rows = { samples: 6, drawSamples: 4, targets: "attention", cut: "block", weights: "float32" } as const;
  const choices: RunChoices = optimizer === "device" ? { ...rows, optimizer } : rows;
  const built = await makeArtifacts(folder, { ...choices, ...full });
  const networks = new Networks(backend, folder, full, { choices, built, bytes: 0 });
  const tabs = memoryTabs()();
  const damage = new Damage(emit);
  const parts = { store, emit, writer: new Writer(store, tabs), damage, identity: Promise.resolve("nano") };
  const trainer = new Trainer(networks, parts);
  const begun = async (change: Partial<SpinSettings> = {}, parent: NodeId = BASE) =>
    (await grow(store, { project, parent, opponent: parent, name: null, settings: { ...inParts, ...change } }, damage))
      .id;
  const spin = (node: NodeId) => trainer.spin({ project, node, saveEvery: 2 }, never);
  const draw = (node: NodeId) => trainer.draw({ ...drawRequest, node }, never);
  return { trainer, backend, built, begun, spin, draw };
}

async function withPairs(): Promise<KeyValue> {
  const store = memoryKeyValue();
  const engine = new Engine({ store, backends: {}, files: nanoModel, emit: () => {}, tabs: memoryTabs()() });
  await engine.handle("setPairs", { project, pairs }, never);
  return store;
}

async function filesOf(store: KeyValue, node: NodeId): Promise<ReadonlyMap<string, Uint8Array>> {
  const entry = (await listCheckpoints(store, project)).findLast((each) => each.node === node);
  const { loaded } = await loadNewest(store, project, ({ uuid }) => uuid === entry?.uuid);
  return loaded?.files ?? new Map<string, Uint8Array>();
}

async function weightsOf(store: KeyValue, node: NodeId): Promise<ReadonlyMap<string, Float32Array | Uint16Array>> {
  const files = [...(await filesOf(store, node))].filter(([name]) => name.startsWith("weights"));
  const tensors = files.flatMap(([name, bytes]) => [...parseSafetensors(bytes, name).tensors]);
  return new Map(tensors.map(([name, { data }]) => [name, data as Float32Array]));
}

/** Stops the run after a step, as a page that is closed. */
function stoppingAfter(step: number) {
  const stop = { trainer: null as Trainer | null };
  const emit = (event: PageEvent): void => {
    if (event.kind === "step" && event.report.step === step) stop.trainer?.pause();
  };
  return { stop, emit };
}

describe("a whole network in parts", () => {
  test("is stopped, read again by another studio and ends in the same bytes, with its average too", async () => {
    const store = await withPairs();
    const change = { emaDecay: 0.3 };
    const whole = await studio(store);
    const one = await whole.begun(change);
    expect(await whole.spin(one)).toBe("kept");

    const { stop, emit } = stoppingAfter(3);
    const first = await studio(store, "device", emit);
    stop.trainer = first.trainer;
    const two = await first.begun(change);
    expect(await first.spin(two)).toBe("paused");
    const stems = new Set([...(await filesOf(store, two)).keys()].map((name) => name.replace(/-\d.*/, "")));
    expect([...stems].sort()).toEqual(["ema", "m", "state.json", "v", "weights"]);
    const second = await studio(store);
    expect(await second.spin(two)).toBe("kept");
    expect(await weightsOf(store, two)).toEqual(await weightsOf(store, one));
    expect([...(await filesOf(store, two)).keys()].filter((name) => !/^weights|^state/.test(name))).toEqual([]);
  }, 120_000);

  test("comes to what the host's AdamW comes to, and holds what its plan says", async () => {
    const store = await withPairs();
    const { begun, spin, backend, built } = await studio(store);
    const one = await begun({ steps: 2 });
    await spin(one);
    const { bytes } = built.artifact.set;
    // all but the largest program's own memory, which this backend does not count
    expect(Math.abs(backend.ledger.peak / (predictedPeak(bytes) - bytes.scratch) - 1)).toBeLessThan(0.05);
    const host = await studio(store, "host");
    const two = await host.begun({ steps: 2 });
    await host.spin(two);
    const [device, expected] = [await weightsOf(store, one), await weightsOf(store, two)];
    expect([...device.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, values] of device)
      values.forEach((x, i) => expect(Math.abs(x - (expected.get(name)?.[i] as number))).toBeLessThan(2e-5));
  }, 120_000);

  test("is drawn, and grown from as a LoRA and whole again", async () => {
    const store = await withPairs();
    const { trainer, begun, spin, draw } = await studio(store);
    const whole = await begun({ steps: 1 });
    await spin(whole);
    const lora = await begun({ steps: 1, train: "lora", rank: 2 }, whole);
    expect(await spin(lora)).toBe("kept");
    const again = await begun({ steps: 1, learningRate: 0 }, lora);
    expect(await spin(again)).toBe("kept");
    const [merged, start] = [await draw(lora), await draw(again)];
    const off = merged.pictures.flatMap(({ rgba }, n) =>
      [...rgba].map((x, i) => Math.abs(x - (start.pictures[n]?.rgba[i] as number))),
    );
    expect(Math.max(...off)).toBeLessThanOrEqual(1);
    await expect(trainer.export(project, whole, "weights")).rejects.toThrow("too large for one file");
  }, 120_000);

  test("in float16 its weights take half, and are kept where they stand as they were saved", async () => {
    const store = await withPairs();
    const { stop, emit } = stoppingAfter(2);
    const first = await studio(store, "device", emit);
    stop.trainer = first.trainer;
    const node = await first.begun({ storedAs: "float16" });
    expect(await first.spin(node)).toBe("paused");
    const saved = await weightsOf(store, node);
    for (const values of saved.values()) expect(values).toBeInstanceOf(Uint16Array);
    expect(await first.trainer.keep(project, node)).toMatchObject({ state: "kept", step: 2 });
    expect(await weightsOf(store, node)).toEqual(saved);
  }, 120_000);

  test("a part that has changed is told when it is read, and the run goes on from the step before", async () => {
    const store = await withPairs();
    const { stop, emit } = stoppingAfter(3);
    const first = await studio(store, "device", emit);
    stop.trainer = first.trainer;
    const node = await first.begun();
    expect(await first.spin(node)).toBe("paused");
    const { uuid } = (await listCheckpoints(store, project)).at(-1) as { uuid: string };
    const key = (await store.keys()).find((each) => each.startsWith(`${keysOf(project).parts}${uuid}/`)) as string;
    const part = ((await store.get(key)) as Uint8Array).slice();
    part[part.length - 1] = (part[part.length - 1] as number) ^ 1;
    await store.setMany([[key, part]]);
    const told: string[] = [];
    const second = await studio(store, "device", (event) => {
      if (event.kind === "damaged") told.push(event.sentence);
    });
    await expect(second.spin(node)).rejects.toMatchObject({ code: "damaged" });
    expect(told[0]).toMatch(
      /^The checkpoint at step 3 cannot be used: a part of weights-00001-of-\d+\.safetensors has changed/,
    );
    expect(await second.spin(node)).toBe("kept");
  }, 120_000);

  test("refuses the safeguard, which gathers two gradients on the host", async () => {
    const { begun, spin } = await studio(await withPairs());
    await expect(spin(await begun({ safeguard: 0.9 }))).rejects.toMatchObject({ code: "settings" });
  }, 60_000);
});

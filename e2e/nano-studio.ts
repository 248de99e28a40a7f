/** @file The studio's engine on a nano model in Node, and what a page asks of it, for tests. */
import { expect } from "vitest";
import type { Backend } from "../src/runtime/backend.ts";
import { nodeBackend } from "../src/runtime/node.ts";
import { loadNewest } from "../src/storage/checkpoints.ts";
import type { KeyValue } from "../src/storage/key-value.ts";
import { drawingsPrefix } from "../src/storage/keys.ts";
import type { NodeId, NodeInfo, PageEvent, PairInput, SpinSettings } from "../src/studio/api.ts";
import { Engine } from "../src/studio/engine.ts";
import { memoryTabs, type Tabs } from "../src/studio/tabs.ts";
import { nanoModel } from "./nano-model.ts";

export const settings: SpinSettings = {
  steps: 4,
  pairsPerStep: 6,
  learningRate: 1e-3,
  warmupSteps: 1,
  beta: 500,
  loss: "logistic",
  captionDropout: 0.2,
  independentNoise: false,
  opponentSteps: 2,
  guidance: 3,
  seed: 7,
  train: "full",
  rank: 4,
  safeguard: 0.9,
  probeEvery: 2,
  usedPairs: 0,
};
export const side = 8;
export const pairs: readonly PairInput[] = ["a cat", "a dog", "two owls"].map((caption, i) => ({
  id: `pair-${i}`,
  caption,
  side,
  rgba: Uint8ClampedArray.from({ length: side * side * 4 }, (_, k) => (k % 4 === 3 ? 255 : (k * 7 * (i + 1)) % 256)),
}));
export const never = new AbortController().signal;

export type Listener = (event: PageEvent, engine: Engine) => void;

/** A device whose every run waits for what is given. */
export function waiting(beforeRun: () => Promise<void>): Backend {
  const backend = nodeBackend({ threads: 1 });
  const { run } = backend;
  const waited: Backend["run"] = async (...call) => {
    await beforeRun();
    return run.apply(backend, call);
  };
  return Object.assign(backend, { run: waited });
}

export async function started(
  store: KeyValue,
  onEvent: Listener = () => {},
  tabs: Tabs = memoryTabs()(),
  backend: Backend = nodeBackend({ threads: 1 }),
): Promise<Engine> {
  const engine: Engine = new Engine({
    store,
    backends: { node: async () => backend },
    files: nanoModel,
    emit: (event) => onEvent(event, engine),
    tabs,
  });
  await engine.handle("open", { backend: "node", model: "nano" }, never);
  return engine;
}

export const project = "p";
export const setPairs = (engine: Engine) => engine.handle("setPairs", { project, pairs }, never);
export const nodesOf = async (engine: Engine): Promise<readonly NodeInfo[]> =>
  (await engine.handle("project", { project }, never)).nodes;
export const grow = (engine: Engine, parent: NodeId, opponent = parent, change: Partial<SpinSettings> = {}) =>
  engine.handle("grow", { project, parent, opponent, name: null, settings: { ...settings, ...change } }, never);
export const spin = (engine: Engine, node: NodeId) => engine.handle("spin", { project, node, saveEvery: 2 }, never);
export const drawRequest = {
  project,
  prompts: ["a cat", "a bat"],
  negativePrompt: "",
  seeds: [1, 2],
  steps: 2,
  guidance: 3,
};
export const draw = (engine: Engine, node: NodeId) => engine.handle("draw", { ...drawRequest, node }, never);
/** What is drawn after this is drawn by the model again. */
export const forgetDrawings = async (store: KeyValue): Promise<void> =>
  store.deleteMany((await store.keys()).filter((key) => key.startsWith(drawingsPrefix)));

/** A node from its parent to its end. */
export async function trained(engine: Engine, parent: NodeId, opponent = parent, change: Partial<SpinSettings> = {}) {
  const { id } = await grow(engine, parent, opponent, change);
  expect(await spin(engine, id)).toBe("kept");
  return id;
}

export async function weightsOf(store: KeyValue, node: NodeId): Promise<Uint8Array> {
  const { loaded } = await loadNewest(store, project, (entry) => entry.node === node && entry.complete);
  return loaded?.files.get("weights.safetensors") as Uint8Array;
}

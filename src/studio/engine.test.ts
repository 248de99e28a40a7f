/** @file The studio as the page uses it, on a nano model in Node: pairs in, iterations, pictures, and a run that is stopped anywhere. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { nodeBackend } from "../runtime/node.ts";
import { listCheckpoints, loadNewest } from "../storage/checkpoints.ts";
import { type KeyValue, memoryKeyValue } from "../storage/key-value.ts";
import type { PairInput, SpinSettings, StudioEvent } from "./api.ts";
import { Engine } from "./engine.ts";

const settings: SpinSettings = {
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
const side = 8;
const pairs: readonly PairInput[] = ["a cat", "a dog", "two owls"].map((caption, i) => ({
  id: `pair-${i}`,
  caption,
  side,
  rgba: Uint8ClampedArray.from({ length: side * side * 4 }, (_, k) => (k % 4 === 3 ? 255 : (k * 7 * (i + 1)) % 256)),
}));
const never = new AbortController().signal;

async function started(
  store: KeyValue,
  onEvent: (event: StudioEvent, engine: Engine) => void = () => {},
): Promise<Engine> {
  const engine: Engine = new Engine({
    store,
    backends: { node: async () => nodeBackend({ threads: 1 }) },
    files: nanoModel,
    emit: (event) => onEvent(event, engine),
  });
  await engine.handle("open", { backend: "node", model: "nano" }, never);
  return engine;
}

const spin = (engine: Engine, iteration: number) =>
  engine.handle("spin", { project: "p", iteration, settings, saveEvery: 2 }, never);
const weightsOf = async (store: KeyValue, iteration: number): Promise<Uint8Array> => {
  const { loaded } = await loadNewest(store, "p", (entry) => entry.iteration === iteration && entry.complete);
  return loaded?.files.get("weights.safetensors") as Uint8Array;
};

describe("the studio", () => {
  const store = memoryKeyValue();
  const events: StudioEvent[] = [];
  let engine: Engine;
  beforeAll(async () => {
    engine = await started(store, (event) => events.push(event));
    await engine.handle("setPairs", { project: "p", pairs }, never);
    await spin(engine, 1);
    await spin(engine, 2);
  });
  afterAll(() => engine.dispose());

  it("starts every iteration at exactly ln 2 and moves", () => {
    const steps = events.flatMap((e) => (e.kind === "step" ? [e.report] : []));
    expect(steps).toHaveLength(8);
    for (const first of [steps[0], steps[4]]) expect(first?.loss).toBe(Math.LN2);
    expect(steps[3]?.loss).not.toBe(Math.LN2);
    expect(steps[0]?.errorWinner).toBe(steps[0]?.errorWinnerOpponent);
  });

  it("draws the opponent's pictures once a pair and iteration", () => {
    const drawn = events.flatMap((e) => (e.kind === "picture" ? [`${e.iteration}/${e.index}`] : []));
    expect(drawn).toEqual(["1/0", "1/1", "1/2", "2/0", "2/1", "2/2"]);
  });

  it("knows after a reload what was kept, with every report", async () => {
    const state = await engine.handle("project", { project: "p" }, never);
    expect(state.kept).toEqual([1, 2]);
    expect(state.interrupted).toBeNull();
    expect(state.reports[2]).toHaveLength(4);
    expect(state.pairs).toHaveLength(3);
  });

  it("draws base and iterations with equal seeds, each the same picture again", async () => {
    const ask = (iteration: number) =>
      engine.handle(
        "draw",
        {
          project: "p",
          iteration,
          prompts: ["a cat", "a bat"],
          negativePrompt: "",
          seeds: [1, 2],
          steps: 2,
          guidance: 3,
        },
        never,
      );
    const [base, second, again] = [await ask(0), await ask(2), await ask(0)];
    expect(base[0]?.rgba).toHaveLength(side * side * 4);
    expect(again).toEqual(base);
    expect(second[0]?.rgba).not.toEqual(base[0]?.rgba);
  });

  it("ends in the same bytes when it is paused after any event and goes on in a new engine", async () => {
    const expected = await weightsOf(store, 2);
    const total = events.filter((e) => e.kind !== "saved").length / 2;
    for (let stopAt = 1; stopAt < total; stopAt += 4) {
      const other = memoryKeyValue();
      let count = 0;
      const first = await started(other, (event, self) => {
        if (event.kind !== "saved" && ++count === stopAt) void self.handle("pause", {}, never);
      });
      await first.handle("setPairs", { project: "p", pairs }, never);
      await spin(first, 1);
      await first.dispose();
      const second = await started(other);
      if (!(await listCheckpoints(other, "p")).some((e) => e.complete)) await spin(second, 1);
      await spin(second, 2);
      expect(await weightsOf(other, 2), `paused at event ${stopAt}`).toEqual(expected);
      await second.dispose();
    }
  });

  it("measures a backend once, says why it was chosen, and tries one that failed again at the next start", async () => {
    const [made, other] = [{ good: 0, bad: 0 }, memoryKeyValue()];
    const backends = {
      node: async () => {
        made.good++;
        return nodeBackend({ threads: 1 });
      },
      "node-webgpu": async () => {
        made.bad++;
        throw new Error("no adapter");
      },
    };
    const ask = (force: "node" | null) =>
      new Engine({ store: other, backends, files: nanoModel, emit: () => {} }).handle("preflight", { force }, never);
    const first = await ask(null);
    expect(first).toMatchObject({
      chosen: "node",
      reason: "The GPU (Node) is not available here, so the processor (Node) does the work.",
    });
    expect(first.measured.map((m) => m.problem)).toEqual([null, "no adapter"]);
    expect(await ask("node")).toMatchObject({ chosen: "node", reason: "You chose the processor (Node)." });
    await ask(null);
    expect(made).toEqual({ good: 1, bad: 2 });
  });

  it("says what is missing when an iteration has no checkpoint", async () => {
    const ask = engine.handle(
      "draw",
      { project: "p", iteration: 9, prompts: ["x"], negativePrompt: "", seeds: [1], steps: 1, guidance: 1 },
      never,
    );
    await expect(ask).rejects.toThrow("SPIN 9 has no finished checkpoint.");
  });
});

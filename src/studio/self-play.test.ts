/** @file An iteration on the nano model, with its state in memory: the probe, the safeguard, the pairs that are used, and stopping. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { pairs, settings as common } from "../../e2e/nano-studio.ts";
import { openModel } from "../artifacts/model-folder.ts";
import type { Backend } from "../runtime/backend.ts";
import { nodeBackend } from "../runtime/node.ts";
import type { TrainState } from "../spin/adamw.ts";
import type { SpinSettings, StudioEvent } from "./api.ts";
import { initialLora } from "./initial-lora.ts";
import { loadModel, makeArtifacts, type Model } from "./model.ts";
import { selfPlay } from "./self-play.ts";
import type { Keeper } from "./self-play-job.ts";
import { microBatch } from "./train-options.ts";

const settings: SpinSettings = { ...common, steps: 5 };

let [backend, model]: [Backend | null, Model | null] = [null, null];
beforeAll(async () => {
  backend = nodeBackend({ threads: 1 });
  const folder = await openModel(nanoModel());
  const choices = { samples: 6, drawSamples: 4, train: "full", rank: 4, targets: "attention" } as const;
  const set = await makeArtifacts(folder, { ...choices, cut: "whole", weights: "float32" });
  model = await loadModel(backend, set, folder, initialLora(0));
});
afterAll(async () => {
  await model?.dispose();
  await backend?.dispose();
});

function memoryKeeper(): Keeper {
  const losers = new Map<string, Uint8ClampedArray>();
  const trajectories = new Map<string, Float32Array>();
  const saved: TrainState[] = [];
  return {
    trajectory: async (_, pair, part) => trajectories.get(`${pair}/${part}`) ?? null,
    keepTrajectory: async (_, pair, part, data) => void trajectories.set(`${pair}/${part}`, data),
    loser: async (_, pair) => losers.get(pair) ?? null,
    keepLoser: async (_, pair, { rgba }) => void losers.set(pair, rgba),
    state: async () => structuredClone(saved.at(-1) ?? null),
    keepState: async (_, state) => void saved.push(structuredClone(state as TrainState)),
    takeBack: async (_, step) => {
      while (saved.length > 1 && (saved.at(-1)?.step ?? 0) >= step) saved.pop();
      return saved.at(-1)?.step ?? null;
    },
  };
}

/** Runs until the end or until `stopAt` events were told; the end's state is null where it was stopped. */
async function play(changed: Partial<SpinSettings>, keeper = memoryKeeper(), stopAt = Number.POSITIVE_INFINITY) {
  const events: StudioEvent[] = [];
  const stop = new AbortController();
  const { base } = model as Model;
  const job = { iteration: 1, opponent: base, pairs, settings: { ...settings, ...changed }, saveEvery: 2 };
  const running = selfPlay(model as Model, job, keeper, stop.signal);
  try {
    for (let next = await running.next(); ; next = await running.next()) {
      if (next.done) return { events, state: next.value };
      events.push(next.value);
      if (events.length === stopAt) stop.abort(new Error("enough"));
    }
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
    return { events, state: null };
  }
}

const stepsOf = (events: readonly StudioEvent[]) =>
  events.flatMap((event) => (event.kind === "step" ? [{ ...event.report, seconds: 0 }] : []));
const probesOf = (events: readonly StudioEvent[]) =>
  events.flatMap((event) => (event.kind === "probe" ? [event.report] : []));

describe("the probe", () => {
  test("looks before the first step, every few steps and at the end, and stays with the steps", async () => {
    const { events } = await play({});
    const probes = probesOf(events);
    expect(probes.map(({ step }) => step)).toEqual([0, 2, 4, 5]);
    expect(stepsOf(events).map(({ probe }) => probe)).toEqual([null, probes[1], null, probes[2], probes[3]]);
    const [start, ...later] = probes;
    expect(start).toMatchObject({ winner: start?.winnerStart, loser: start?.loserStart, winnerNoise: 0, hint: null });
    for (const probe of later) {
      expect(probe).toMatchObject({ winnerStart: start?.winnerStart, loserStart: start?.loserStart });
      expect(probe.loser).not.toBe(probe.loserStart);
    }
  });

  test("changes no bit of the training, on or off", async () => {
    const [on, off] = [await play({}), await play({ probeEvery: 0 })];
    expect(off.state).toEqual(on.state);
    expect(probesOf(off.events)).toEqual([]);
  });

  test("says when to stop where the rate is far too high", async () => {
    const { events } = await play({ learningRate: 0.05, safeguard: 0, warmupSteps: 0 });
    expect(probesOf(events).at(-1)?.hint).toMatch(/^The error on your pictures has risen by \d+ % since the start: /);
  });
});

test("stopped after any event and gone on with: the same bytes, steps, scales and probes", async () => {
  const whole = await play({});
  for (let stopAt = 1; stopAt < whole.events.length; stopAt += 3) {
    const keeper = memoryKeeper();
    const before = await play({}, keeper, stopAt);
    const after = before.state ? before : await play({}, keeper);
    expect(after.state, `stopped at event ${stopAt}`).toEqual(whole.state);
    const told = before.state ? [] : stepsOf(before.events);
    const again = stepsOf(after.events);
    const made = [...told.filter(({ step }) => step < (again[0]?.step ?? Infinity)), ...again];
    expect(made, `stopped at event ${stopAt}`).toEqual(stepsOf(whole.events));
  }
});

describe("weights that run away", () => {
  /** The weights that a step leaves are finite, and what the network makes of them is not. */
  async function runAway(at: number, keeper: Keeper) {
    const { denoiser } = model as Model;
    const { update } = denoiser;
    let steps = -1;
    denoiser.update = async (adapter, vector) => {
      if (adapter.id === "theta" && ++steps === at) vector.fill(1e30);
      return update.call(denoiser, adapter, vector);
    };
    const saved: number[] = [];
    const job = { iteration: 1, opponent: (model as Model).base, pairs, settings, saveEvery: 2 };
    try {
      for await (const event of selfPlay(model as Model, job, keeper, new AbortController().signal))
        if (event.kind === "saved") saved.push(event.step);
    } catch (error) {
      return { saved, code: (error as { code?: string }).code };
    } finally {
      denoiser.update = update;
    }
    return { saved, code: null };
  }

  test("on a step that is saved: it is taken back, and what counts is the one before", async () => {
    const keeper = memoryKeeper();
    expect(await runAway(4, keeper)).toEqual({ saved: [2, 4, 2], code: "not-finite" });
    const kept = await keeper.state(1);
    expect(kept?.step).toBe(2);
    expect((await play({}, keeper)).state).toEqual((await play({})).state);
  });

  test("on any other step: the last saved one is good as it is", async () => {
    const keeper = memoryKeeper();
    expect(await runAway(3, keeper)).toEqual({ saved: [2], code: "not-finite" });
    expect((await keeper.state(1))?.step).toBe(2);
  });

  test("on the last step: the iteration does not end with it", async () => {
    const keeper = memoryKeeper();
    expect(await runAway(5, keeper)).toEqual({ saved: [2, 4], code: "not-finite" });
    expect((await keeper.state(1))?.step).toBe(4);
  });
});

test("the safeguard tells its scale at every step, and null where it is off", async () => {
  const scales = stepsOf((await play({ safeguard: 0.01 })).events).map(({ safeguard }) => safeguard);
  for (const scale of scales) expect(scale).toBeGreaterThan(0);
  expect(Math.min(...scales.map(Number))).toBeLessThan(1);
  const off = stepsOf((await play({ safeguard: 0 })).events).map(({ safeguard }) => safeguard);
  expect(off).toEqual([null, null, null, null, null]);
});

test("an iteration uses the pairs that it is told to, and draws opponents for no other", async () => {
  const drawn = async (usedPairs: number) =>
    (await play({ usedPairs, steps: 1 })).events.filter(({ kind }) => kind === "picture").length;
  expect([await drawn(2), await drawn(0), await drawn(9)]).toEqual([2, 3, 3]);
});

test("a step's pairs are cut into the largest equal runs", () => {
  expect([microBatch(32, 8), microBatch(6, 8), microBatch(7, 4)]).toEqual([
    { pairs: 8, accumulation: 4 },
    { pairs: 6, accumulation: 1 },
    { pairs: 1, accumulation: 7 },
  ]);
});

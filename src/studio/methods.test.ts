/** @file Every method and every way to meet the opponent as a job on the nano model: its start, its end, and being stopped. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { pairs, settings as common } from "../../e2e/nano-studio.ts";
import { openModel } from "../artifacts/model-folder.ts";
import type { Backend } from "../runtime/backend.ts";
import { nodeBackend } from "../runtime/node.ts";
import type { PairInput, SpinSettings, StepReport, StudioEvent } from "./api.ts";
import { initialLora } from "./initial-lora.ts";
import { loadModel, makeArtifacts, type Model } from "./model.ts";
import { selfPlay } from "./self-play.ts";
import type { Keeper } from "./self-play-job.ts";
import { keptBy, type Trained } from "./trained.ts";

const settings: SpinSettings = { ...common, steps: 3, safeguard: 0, probeEvery: 3, opponentSteps: 4 };

let [backend, model]: [Backend | null, Model | null] = [null, null];
beforeAll(async () => {
  backend = nodeBackend({ threads: 1 });
  const folder = await openModel(nanoModel());
  const choices = { samples: 6, drawSamples: 2, train: "full", rank: 4, targets: "attention" } as const;
  const set = await makeArtifacts(folder, { ...choices, cut: "whole", weights: "float32" });
  model = await loadModel(backend, set, folder, initialLora(0));
});
afterAll(async () => {
  await model?.dispose();
  await backend?.dispose();
});

class Memory implements Keeper {
  readonly losers = new Map<string, Uint8ClampedArray>();
  readonly parts = new Map<string, Float32Array>();
  readonly saved: Trained[] = [];
  loser = async (_: number, pair: string) => this.losers.get(pair) ?? null;
  keepLoser: Keeper["keepLoser"] = async (_, pair, { rgba }) => void this.losers.set(pair, rgba);
  trajectory = async (_: number, pair: string, part: number) => this.parts.get(`${pair}/${part}`) ?? null;
  keepTrajectory: Keeper["keepTrajectory"] = async (_, pair, part, data) =>
    void this.parts.set(`${pair}/${part}`, data);
  state = async () => structuredClone(this.saved.at(-1) ?? null);
  keepState: Keeper["keepState"] = async (_, state) => void this.saved.push(structuredClone(state));
  takeBack = async () => null;
}

async function play(
  changed: Partial<SpinSettings>,
  given: readonly PairInput[] = pairs,
  keeper = new Memory(),
  stopAt = Infinity,
) {
  const events: StudioEvent[] = [];
  const stop = new AbortController();
  const { base } = model as Model;
  const job = { iteration: 1, opponent: base, pairs: given, settings: { ...settings, ...changed }, saveEvery: 1 };
  const running = selfPlay(model as Model, job, keeper, stop.signal);
  try {
    for (let next = await running.next(); ; next = await running.next()) {
      if (next.done) return { events, state: next.value, keeper };
      events.push(next.value);
      if (events.length === stopAt) stop.abort(new Error("enough"));
    }
  } catch (error) {
    if (error !== stop.signal.reason) throw error;
    return { events, state: null, keeper };
  }
}

const stepsOf = (events: readonly StudioEvent[]): readonly StepReport[] =>
  events.flatMap((event) => (event.kind === "step" ? [event.report] : []));
const withLosers = pairs.map((pair) => ({ ...pair, loser: pair.rgba.map((x, k) => (k % 4 === 3 ? 255 : 255 - x)) }));

const games: Readonly<Record<string, Partial<SpinSettings>>> = {
  "self-play, the paper's weighting, hinge": { weighting: "paper", loss: "hinge" },
  "on the trajectory": { loser: "trajectory" },
  "on the trajectory, the paper's weighting, independent t, guarded": {
    loser: "trajectory",
    weighting: "paper",
    independentNoise: true,
    safeguard: 0.9,
  },
  "exact, noisy, the paper's weighting, correlation": {
    loser: "exact",
    weighting: "paper",
    eta: 0.5,
    loss: "correlation",
  },
  "exact, means, guarded": { loser: "exact", safeguard: 0.9 },
  "Diffusion-DPO with min-SNR": { method: "dpo", snrGamma: 5 },
};

test.each(Object.entries(games))("%s: begins at exactly l(0), then moves", async (_, changed) => {
  const { events, state } = await play({ steps: 2, probeEvery: 0, ...changed }, withLosers);
  const [first, second] = stepsOf(events);
  const start = changed.loss === undefined ? Math.LN2 : 1;
  expect(first).toMatchObject({ loss: start, logit: 0, accuracy: 0.5 });
  expect(first?.errorLoser).toBe(first?.errorLoserOpponent);
  expect(second?.logit).toBeGreaterThan(0);
  expect(state?.step).toBe(2);
});

test.each([
  { loser: "trajectory" },
  { loser: "exact", eta: 0.5, weighting: "paper" },
] as const)("stopped and gone on with, $loser ends in the same bytes", async (changed) => {
  const short = { ...changed, steps: 2, probeEvery: 0 };
  const whole = await play(short);
  for (const stopAt of [2, whole.events.findIndex(({ kind }) => kind === "step") + 1]) {
    const half = await play(short, pairs, new Memory(), stopAt);
    expect(half.state).toBeNull();
    const rest = await play(short, pairs, half.keeper);
    expect(keptBy(rest.state as Trained)).toEqual(keptBy(whole.state as Trained));
    expect([...rest.keeper.parts.keys()].sort()).toEqual([...whole.keeper.parts.keys()].sort());
  }
});

test("(C.5): x'_t is where unguided DDIM stood, its target what the opponent predicts there", async () => {
  const { keeper } = await play({ loser: "trajectory" });
  const { denoiser, latents, scheduler } = model as Model;
  const size = latents.reduce((a, b) => a * b);
  const kept = keeper.parts.get(`${pairs[1]?.id}/0`) as Float32Array;
  expect(kept.length).toBe(2 * size * 4);
  await denoiser.update({ id: "theta_k" }, (model as Model).base);
  const text = await (model as Model).encodeTexts([pairs[1]?.caption as string]);
  const sampler = (model as Model).sampler("ddim", 4);
  let x: Float32Array = kept.slice(0, size);
  for (const [index, t] of sampler.timesteps.entries()) {
    const at = (part: number) => kept.slice((2 * index + part) * size, (2 * index + part + 1) * size);
    at(0).forEach((value, i) => expect(value).toBeCloseTo(x[i] as number, 3));
    const batch = { shape: [1, ...latents], xt: at(0), t: [t], target: x } as const;
    const output = await denoiser.predict({ id: "theta_k" }, batch, text);
    at(1).forEach((value, i) => expect(value).toBeCloseTo(output[i] as number, 4));
    ({ x } = sampler.step(at(1), at(0), { index, outputs: [], held: null }));
  }
  expect(scheduler.predictionType).toBe("epsilon");
});

describe("SFT", () => {
  test("meets the pairs alone: no opponent draws, nothing is compared, the error is the loss", async () => {
    const { events, state } = await play({ method: "sft", schedule: "constant", warmupSteps: 0 });
    expect(events.filter(({ kind }) => kind === "picture")).toEqual([]);
    for (const report of stepsOf(events)) {
      expect(report).toMatchObject({
        accuracy: null,
        logit: null,
        errorLoser: null,
        learningRate: settings.learningRate,
      });
      expect(report.loss).toBeCloseTo(report.errorWinner, 12);
    }
    expect(keptBy(state as Trained)).not.toEqual((model as Model).base);
  });

  test("min-SNR weakens what has little noise", async () => {
    const { events } = await play({ method: "sft", snrGamma: 0.001, probeEvery: 0, steps: 1 });
    for (const { loss, errorWinner } of stepsOf(events)) expect(loss).toBeLessThan(0.5 * errorWinner);
  });
});

describe("refused in words", () => {
  test.each([
    [{ method: "sft", loser: "exact" }, /meets no loser/],
    [{ method: "dpo", loser: "trajectory" }, /a picture has no trajectory/],
    [{ loser: "trajectory", sampler: "pndm" }, /trajectory is DDIM/],
    [{ loser: "exact", snrGamma: 5 }, /min-SNR would break/],
    [{ loser: "exact", independentNoise: true }, /noise of their own/],
    [{ eta: 1 }, /Only the exact objective/],
    [{ method: "dpo" }, /3 of 3 pairs have none, such as "a cat"/],
  ] as const)("%o", async (changed, words) => {
    await expect(play(changed)).rejects.toThrow(words);
  });
});

test("where the logit can teach nothing, the probe says so and names a beta", async () => {
  const hints = async (changed: Partial<SpinSettings>) =>
    (await play({ ...changed, steps: 1 }, pairs.slice(0, 1))).events.flatMap((event) =>
      event.kind === "probe" ? [event.report.hint] : [],
    );
  expect((await hints({ weighting: "paper", beta: 1 }))[0]).toMatch(/straight line .* A beta near \d+/);
  expect((await hints({ beta: 1e6 }))[0]).toMatch(/flat for one half .* A beta near \d+/);
  expect((await hints({ beta: 500 }))[0]).toBeNull();
});

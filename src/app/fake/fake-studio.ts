/**
 * @file An engine that only pretends: made-up pictures and numbers, in order, with pauses and reloads as the real one.
 * For trying the page without a model, and for its tests.
 */
import type {
  CallName,
  Calls,
  ModelInfo,
  PairInput,
  Picture,
  ProjectState,
  SpinRequest,
  SpinSettings,
  StepReport,
  Studio,
  StudioEvent,
} from "../../studio/api.ts";
import { caption, noise, paint, scene, sceneOf } from "./painter.ts";

export interface FakeOptions {
  /** milliseconds a step; a picture takes half of it */
  readonly pace: number;
  /** the step of the first spin at which the device is lost */
  readonly failAt: number | null;
  /** no WebGPU here */
  readonly noGpu: boolean;
  /** where the project outlives a reload */
  readonly memory: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null;
}

interface Saved {
  pairs: { id: string; caption: string; pixels: number[] | null }[];
  kept: number[];
  interrupted: ProjectState["interrupted"];
  reports: { [iteration: number]: StepReport[] };
}

const SIDE = 64;
const MEMORY_KEY = "spin-studio.fake";
const FINISH = [0.12, 0.6, 0.82, 0.95];
const QUICK: SpinSettings = {
  steps: 60,
  pairsPerStep: 8,
  learningRate: 5e-5,
  warmupSteps: 5,
  beta: 2000,
  loss: "logistic",
  captionDropout: 0.1,
  independentNoise: false,
  opponentSteps: 16,
  guidance: 3,
  seed: 42,
  train: "full",
  rank: 16,
  safeguard: 0.9,
  probeEvery: 10,
  usedPairs: 48,
};
const falling = (settings: SpinSettings): readonly SpinSettings[] =>
  [5e-5, 1.5e-5, 5e-6].map((learningRate) => ({ ...settings, learningRate }));
const PRESETS: ModelInfo["presets"] = [
  { id: "quick", title: "Quick", help: "made up, for a minute", settings: falling(QUICK) },
  {
    id: "default",
    title: "Thorough",
    help: "made up, for longer",
    settings: falling({ ...QUICK, pairsPerStep: 32, usedPairs: 0 }),
  },
];

/** `?fake=fast,fail,no-gpu` */
export function fakeOptions(words: string, memory: FakeOptions["memory"]): FakeOptions {
  const list = words.split(",");
  return {
    pace: list.includes("fast") ? 12 : list.includes("slow") ? 400 : 80,
    failAt: list.includes("fail") ? 12 : null,
    noGpu: list.includes("no-gpu"),
    memory,
  };
}

export function createFakeStudio(options: FakeOptions): Studio {
  const listeners = new Set<(event: StudioEvent) => void>();
  const emit = (event: StudioEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const text = options.memory?.getItem(MEMORY_KEY) ?? null;
  const saved: Saved =
    text === null ? { pairs: [], kept: [], interrupted: null, reports: {} } : (JSON.parse(text) as Saved);
  const keep = (): void => options.memory?.setItem(MEMORY_KEY, JSON.stringify(saved));
  const wait = (share: number): Promise<void> => new Promise((done) => setTimeout(done, options.pace * share));

  let pausing = false;
  let failAt = options.failAt;

  const picture = (prompt: string, seed: number, finish: number): Picture => {
    return { prompt, seed, side: SIDE, rgba: paint(sceneOf(prompt), finish, seed) };
  };
  const finishOf = (iteration: number): number => FINISH[iteration] ?? 1;
  const state = (project: string): ProjectState => ({
    project,
    pairs: saved.pairs.map(({ id, caption: words }) => ({ id, caption: words })),
    kept: [...saved.kept],
    interrupted: saved.interrupted,
    reports: saved.reports,
  });

  const spin = async ({ iteration, settings, saveEvery }: SpinRequest): Promise<"kept" | "paused"> => {
    pausing = false;
    let step = saved.interrupted?.iteration === iteration ? saved.interrupted.step : 0;
    const pause = (): "paused" => {
      saved.interrupted = { iteration, step, of: settings.steps, settings };
      keep();
      return "paused";
    };
    if (step === 0) {
      for (const [index, pair] of saved.pairs.entries()) {
        if (pausing) return pause();
        emit({ kind: "stage", stage: "opponents", done: index, of: saved.pairs.length });
        await wait(0.5);
        const drawn = picture(pair.caption, settings.seed + index, finishOf(iteration - 1));
        emit({ kind: "picture", iteration, index, picture: drawn });
      }
      emit({ kind: "stage", stage: "opponents", done: saved.pairs.length, of: saved.pairs.length });
      emit({ kind: "stage", stage: "encode", done: saved.pairs.length, of: saved.pairs.length });
    }
    emit({ kind: "stage", stage: "train", done: step, of: settings.steps });
    saved.reports[iteration] = (saved.reports[iteration] ?? []).filter((report) => report.step <= step);
    while (step < settings.steps) {
      if (pausing) return pause();
      await wait(1);
      step++;
      const report = madeUpReport(step, settings.steps, iteration, options.pace / 1000);
      saved.reports[iteration]?.push(report);
      emit({ kind: "step", report });
      if (step === failAt) {
        failAt = null;
        throw Object.assign(new Error(`The GPU stopped answering at step ${step}.`), {
          code: "device-lost",
          hint: "This happens when the computer sleeps, or when another program takes the GPU’s memory.",
        });
      }
      if (step % saveEvery === 0) {
        saved.interrupted = { iteration, step, of: settings.steps, settings };
        keep();
        emit({ kind: "saved", iteration, step, complete: false });
      }
    }
    const prompts = saved.pairs.slice(0, 4);
    for (const [index, pair] of prompts.entries()) {
      emit({ kind: "stage", stage: "samples", done: index, of: prompts.length });
      await wait(0.5);
      emit({ kind: "picture", iteration, index, picture: picture(pair.caption, 42 + index, finishOf(iteration)) });
    }
    emit({ kind: "stage", stage: "samples", done: prompts.length, of: prompts.length });
    saved.kept.push(iteration);
    saved.interrupted = null;
    keep();
    emit({ kind: "saved", iteration, step, complete: true });
    return "kept";
  };

  const handlers: {
    [N in CallName]: (params: Calls[N]["params"], signal?: AbortSignal) => Promise<Calls[N]["result"]>;
  } = {
    async preflight({ force }) {
      await wait(4);
      const wasm = {
        backend: "wasm",
        description: "8 threads of the processor",
        forwardMs: 41,
        problem: null,
      } as const;
      const gpu = options.noGpu
        ? ({
            backend: "webgpu",
            description: "WebGPU",
            forwardMs: null,
            problem: "this browser gives pages no WebGPU",
          } as const)
        : ({ backend: "webgpu", description: "a made-up GPU, half precision", forwardMs: 9, problem: null } as const);
      if (force === "webgpu" && options.noGpu)
        throw new Error("WebGPU was asked for, but this browser gives pages no WebGPU.");
      const chosen = force ?? (options.noGpu ? "wasm" : "webgpu");
      const reason =
        force !== null
          ? `${force === "wasm" ? "WebAssembly" : "WebGPU"} runs because you chose it.`
          : options.noGpu
            ? "WebAssembly runs the model, because this browser gives pages no WebGPU."
            : "WebGPU runs the model: it was 4.6 times as fast as WebAssembly.";
      return { chosen, reason, measured: [gpu, wasm] };
    },
    async open() {
      await wait(3);
      return {
        id: "pocket",
        title: "Pocket",
        resolution: SIDE,
        parameters: 4_130_000,
        large: false,
        guidance: 3,
        presets: PRESETS,
      };
    },
    project: async ({ project }) => state(project),
    async setPairs({ project, pairs }) {
      const made = (pair: PairInput): boolean => pair.id.startsWith("sample-");
      saved.pairs = pairs.map((pair) => {
        return { id: pair.id, caption: pair.caption, pixels: made(pair) ? null : [...pair.rgba] };
      });
      keep();
      return state(project);
    },
    async pairPictures() {
      return saved.pairs.map(({ id, caption: words, pixels }) => {
        const rgba =
          pixels === null ? paint(scene(Number(id.slice(7))), 1, Number(id.slice(7))) : new Uint8ClampedArray(pixels);
        return { id, caption: words, side: SIDE, rgba };
      });
    },
    async samplePairs({ count }) {
      await wait(2);
      return Array.from({ length: count }, (_, at) => {
        return { id: `sample-${at}`, caption: caption(scene(at)), side: SIDE, rgba: paint(scene(at), 1, at) };
      });
    },
    async draw({ iteration, prompts, seeds }, signal) {
      const pictures: Picture[] = [];
      for (const [index, prompt] of prompts.entries()) {
        await wait(1.5);
        signal?.throwIfAborted();
        const drawn = picture(prompt, seeds[index] ?? 0, finishOf(iteration));
        pictures.push(drawn);
        emit({ kind: "picture", iteration, index, picture: drawn });
      }
      return pictures;
    },
    spin,
    async pause() {
      pausing = true;
      return null;
    },
    async forget() {
      Object.assign(saved, { pairs: [], kept: [], interrupted: null, reports: {} });
      options.memory?.removeItem(MEMORY_KEY);
      return null;
    },
  };

  // All calls but `pause` are answered in order, as by the worker.
  let queue: Promise<unknown> = Promise.resolve();
  return {
    call<N extends CallName>(name: N, params: Calls[N]["params"], signal?: AbortSignal): Promise<Calls[N]["result"]> {
      if (name === "pause") return handlers[name](params);
      const result = queue.then(() => handlers[name](params, signal));
      queue = result.catch(() => undefined);
      return result;
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Numbers in the manner of a real run: l(0) at the first step, errors of some 0.1 that part by some 10^-4. */
export function madeUpReport(step: number, of: number, iteration: number, seconds: number): StepReport {
  const random = noise(step * 104729 + iteration * 7);
  const swing = (size: number): number => (random() + random() + random() - 1.5) * size;
  const gain = step === 1 ? 0 : 1 - Math.exp((-2.6 * step) / of);
  const winner = 0.1412 + swing(0.002);
  const loser = 0.1124 + swing(0.002);
  return {
    step,
    of,
    loss: step === 1 ? Math.LN2 : Math.max(0.2, Math.LN2 - 0.24 * gain + swing(0.07)),
    accuracy: step === 1 ? 0.5 : Math.min(1, Math.max(0, Math.round((0.5 + 0.33 * gain + swing(0.2)) * 8) / 8)),
    errorWinner: winner - 0.0004 * gain,
    errorLoser: loser + 0.0003 * gain,
    errorWinnerOpponent: winner,
    errorLoserOpponent: loser,
    safeguard: step === 1 ? 0.9 : Math.min(1, Math.max(0.2, 0.8 + swing(0.3))),
    gradientNorm: 0.4 + random(),
    learningRate: 5e-5 * (1 - step / of),
    probe: null,
    seconds,
  };
}

/**
 * @file An engine that only pretends: made-up pictures and numbers, in order, with pauses and reloads as the real one.
 * For trying the page without a model, and for its tests.
 */
import type {
  CallName,
  Calls,
  NodeId,
  NodeInfo,
  PageEvent,
  Picture,
  ProjectState,
  SpinRequest,
  StepReport,
  Studio,
  Vote,
} from "../../studio/api.ts";
import { StudioError } from "../../lib/errors.ts";
import { createListeners } from "../../lib/listeners.ts";
import { BASE, cleanName } from "../../lib/node-name.ts";
import { rateAt } from "../rate-curve.ts";
import { type DrawnBefore, recall, remember } from "./drawn-before.ts";
import type { FakeOptions } from "./fake-options.ts";
import { deviceLost, madeUpProbe, madeUpReport, notFinite, storageFull } from "./made-up.ts";
import { madeUpNode, takeMadeUp } from "./made-up-nodes.ts";
import { madeUpPrecision, madeUpPreflight } from "./made-up-computer.ts";
import { madeUpScores } from "./made-up-scores.ts";
import { examineMadeUp, openMadeUp } from "./made-up-models.ts";
import { caption, paint, scene, sceneOf } from "./painter.ts";
import { createPairShelf, type SavedPair } from "./pair-shelf.ts";

interface Saved {
  pairs: SavedPair[];
  nodes: NodeInfo[];
  reports: { [node: NodeId]: StepReport[] };
  votes: Vote[];
  notes?: { [name: string]: unknown };
  drawn?: DrawnBefore;
}

const SIDE = 64;
const MEMORY_KEY = "spin-studio.fake";
const SAVED_BYTES = 49_600_000;
const HELD_BYTES = 168_000_000;
const KEPT_BYTES = 16_500_000;
const BROUGHT_FINISH = 0.4;
const FINISH = [0.12, 0.6, 0.82, 0.95];
const atOnce: readonly CallName[] = [
  "pause",
  "recall",
  "project",
  "grow",
  "renameNode",
  "deleteNode",
  "restoreNode",
  "purge",
  "votes",
  "addVote",
  "dropVote",
  "readNote",
  "writeNote",
];

export function createFakeStudio(options: FakeOptions): Studio {
  const { tell: emit, on: onEvent } = createListeners<PageEvent>();
  const text = options.memory?.getItem(MEMORY_KEY) ?? null;
  const saved: Saved = text === null ? { pairs: [], nodes: [], reports: {}, votes: [] } : (JSON.parse(text) as Saved);
  const keep = (): void => options.memory?.setItem(MEMORY_KEY, JSON.stringify(saved));
  const wait = (share: number, place = "", at = 0): Promise<void> =>
    new Promise((done) => {
      const { halt } = options;
      if (halt?.place !== place || at < halt.at) setTimeout(done, options.pace * share);
    });

  const shelf = createPairShelf();
  let pausing = false;
  let spinning: NodeId | null = null;
  let opened: NodeInfo["backend"] = null;
  /** drawings that wait for the next step */
  const asked: ((step: number) => Promise<void>)[] = [];
  let failAt = options.failAt;
  let drawnSoFar = 0;

  const picture = (prompt: string, seed: number, finish: number): Picture => {
    return { prompt, seed, side: SIDE, rgba: paint(sceneOf(prompt), finish, seed) };
  };
  const nodeAt = (id: NodeId): NodeInfo => {
    const node = saved.nodes.find((each) => each.id === id);
    if (node === undefined) throw new Error(`internal: no node ${id}`);
    return node;
  };
  const change = (id: NodeId, part: Partial<NodeInfo>): NodeInfo => {
    const node = { ...nodeAt(id), ...part };
    saved.nodes = saved.nodes.map((each) => (each.id === id ? node : each));
    keep();
    return node;
  };
  const depthOf = (id: NodeId): number => (id === BASE ? 0 : nodeAt(id).iteration);
  /** how well a node draws: the deeper, the better */
  const finishOf = (id: NodeId): number =>
    id !== BASE && nodeAt(id).brought !== null ? BROUGHT_FINISH : (FINISH[depthOf(id)] ?? 1);
  const state = (project: string): ProjectState => ({
    project,
    pairs: saved.pairs.map(({ id, caption: words, sha256 }) => ({ id, caption: words, sha256 })),
    nodes: [...saved.nodes],
    reports: saved.reports,
    damaged: [],
    elsewhere: false,
  });

  const spin = async ({ node, saveEvery, anyNumerics }: SpinRequest): Promise<"kept" | "paused"> => {
    pausing = false;
    const { settings, opponent, iteration, step: from, backend, name } = nodeAt(node);
    if (backend !== null && backend !== opened && anyNumerics !== true)
      throw new StudioError(
        "other-numerics",
        `${name ?? `SPIN ${iteration}`} was begun on ${backend}; going on with ${opened} gives slightly different numbers.`,
      );
    change(node, { backend: opened });
    let step = from;
    const pause = (): "paused" => {
      change(node, { step, bytes: step > 0 ? SAVED_BYTES : 0 });
      if (step > 0) emit({ kind: "saved", iteration, node, step, complete: false });
      return "paused";
    };
    if (step === 0) {
      const used = saved.pairs.filter(({ out }) => !out).slice(0, settings.usedPairs || undefined);
      for (const [index, pair] of used.entries()) {
        if (pausing) return pause();
        emit({ kind: "stage", node, stage: "opponents", done: index, of: used.length });
        await wait(0.5, "opponents", index);
        const drawn = picture(pair.caption, settings.seed + index, finishOf(opponent));
        emit({ kind: "picture", iteration, node, index, picture: drawn });
      }
      emit({ kind: "stage", node, stage: "opponents", done: used.length, of: used.length });
      emit({ kind: "stage", node, stage: "encode", done: used.length, of: used.length });
    }
    emit({ kind: "stage", node, stage: "train", done: step, of: settings.steps });
    emit({ kind: "memory", bytes: HELD_BYTES });
    saved.reports[node] = (saved.reports[node] ?? []).filter((report) => report.step <= step);
    while (step < settings.steps) {
      if (pausing) return pause();
      await wait(1, "train", step);
      if (options.bursts && step === 12) {
        change(node, { step, bytes: SAVED_BYTES });
        throw notFinite();
      }
      step++;
      const { probeEvery, steps } = settings;
      const probed = probeEvery > 0 && (step % probeEvery === 0 || step === steps);
      const made = madeUpReport(step, steps, iteration, options.pace / 1000);
      const report: StepReport = {
        ...made,
        learningRate: rateAt(step, settings),
        safeguard: settings.safeguard > 0 ? made.safeguard : null,
        probe: probed ? madeUpProbe(step, steps, options.rising ?? false) : null,
      };
      saved.reports[node]?.push(report);
      // as of the engine: who asks at the news of a step is answered after the next
      const due = asked.splice(0);
      emit({ kind: "step", node, report });
      if (report.probe !== null) emit({ kind: "probe", iteration, node, report: report.probe });
      for (const ask of due) await ask(step);
      if (step === failAt) {
        failAt = null;
        throw options.full ? storageFull() : deviceLost(step);
      }
      if (step % saveEvery === 0) {
        change(node, { step, bytes: SAVED_BYTES });
        emit({ kind: "saved", iteration, node, step, complete: false });
      }
    }
    const prompts = saved.pairs.slice(0, 4);
    for (const [index, pair] of prompts.entries()) {
      emit({ kind: "stage", node, stage: "samples", done: index, of: prompts.length });
      await wait(0.5);
      emit({ kind: "picture", iteration, node, index, picture: picture(pair.caption, 42 + index, finishOf(node)) });
    }
    emit({ kind: "stage", node, stage: "samples", done: prompts.length, of: prompts.length });
    change(node, { step, state: "kept", bytes: KEPT_BYTES });
    emit({ kind: "saved", iteration, node, step, complete: true });
    return "kept";
  };

  const stepOf = (node: NodeId): number => (node === BASE ? 0 : nodeAt(node).step);
  const pictureOf = (node: NodeId, step: number, prompt: string, seed: number): Picture => {
    const untrained = node === BASE || nodeAt(node).brought !== null;
    const share = untrained ? 1 : step / nodeAt(node).of;
    const before = untrained ? 0 : finishOf(nodeAt(node).parent);
    return picture(prompt, seed, before + share * (finishOf(node) - before));
  };
  const drawAt = async (
    request: Calls["draw"]["params"],
    signal: AbortSignal | undefined,
    live: number | null,
  ): Promise<Calls["draw"]["result"]> => {
    const { node, prompts, seeds } = request;
    const step = live ?? stepOf(node);
    const pictures: Picture[] = [];
    for (const [index, prompt] of prompts.entries()) {
      await wait(1.5, "draw", drawnSoFar++);
      signal?.throwIfAborted();
      const drawn = pictureOf(node, step, prompt, seeds[index] ?? 0);
      pictures.push(drawn);
      emit({ kind: "drawn", node, step, index, picture: drawn });
    }
    if (live === null) {
      remember((saved.drawn ??= {}), request, step);
      keep();
    }
    return { step, pictures };
  };

  const handlers: {
    [N in CallName]: (params: Calls[N]["params"], signal?: AbortSignal) => Promise<Calls[N]["result"]>;
  } = {
    async preflight({ force }) {
      await wait(4, "measure");
      return madeUpPreflight(options, force);
    },
    precision: async () => madeUpPrecision(options),
    examine: async ({ model }) => examineMadeUp(model),
    async open({ backend, model }) {
      opened = backend;
      await wait(3);
      return openMadeUp(model, SIDE, !options.unscored);
    },
    project: async ({ project }) => state(project),
    async setPairs({ project, pairs }) {
      saved.pairs = shelf.save(pairs);
      keep();
      return state(project);
    },
    putPixels: async ({ pixels }) => pixels.map(shelf.put),
    async pairPictures() {
      const kept = shelf.read(saved.pairs);
      // what a test has put into the memory comes without
      saved.pairs = saved.pairs.map((pair, at) => ({ ...pair, sha256: kept[at]?.sha256 ?? "" }));
      return kept;
    },
    async countTokens({ captions }) {
      return captions.map((text) => {
        const words = text.split(/\s+/).filter((word) => word !== "");
        const [kept, cut] = [words.slice(0, 75).join(" "), words.slice(75).join(" ")];
        return { count: words.length + 2, most: 77, kept, cut };
      });
    },
    async samplePairs({ count }) {
      await wait(2);
      return Array.from({ length: count }, (_, at) => {
        return { id: `sample-${at}`, caption: caption(scene(at)), side: SIDE, rgba: paint(scene(at), 1, at) };
      });
    },
    draw: (request, signal) => drawAt(request, signal, null),
    async recall(request) {
      const { node } = request;
      const step = stepOf(node);
      return recall(saved.drawn ?? {}, request, step, (prompt, seed) => pictureOf(node, step, prompt, seed));
    },
    score: (request, signal) => madeUpScores(request, { finishOf, emit, wait }, signal),
    async grow({ parent, opponent, name, settings }) {
      const node = madeUpNode({ parent, opponent, iteration: depthOf(parent) + 1, name, settings }, saved.nodes);
      saved.nodes.push(node);
      keep();
      return node;
    },
    async takeLoras(request) {
      await wait(4);
      const taken = takeMadeUp(request, saved.nodes);
      saved.nodes.push(taken.node);
      keep();
      return taken;
    },
    keepNode: async ({ node }) => change(node, { state: "kept", bytes: KEPT_BYTES }),
    renameNode: async ({ node, name }) => change(node, { name: cleanName(name) }),
    deleteNode: async ({ node }) => change(node, { deleted: new Date().toISOString() }),
    restoreNode: async ({ node }) => change(node, { deleted: null }),
    async purge({ node, living }) {
      const needed = saved.nodes
        .filter((each) => each.state === "begun" && each.deleted === null)
        .flatMap((each) => (each.step === 0 ? [each.opponent, each.parent] : [each.opponent]));
      const wiped = saved.nodes.filter(({ id, deleted }) => {
        return (deleted !== null || living) && (node === null || id === node) && !needed.includes(id);
      });
      const named = (id: NodeId): boolean =>
        saved.nodes.some((each) => !wiped.includes(each) && (each.parent === id || each.opponent === id));
      saved.nodes = saved.nodes.flatMap((each): NodeInfo[] =>
        !wiped.includes(each) ? [each] : named(each.id) ? [{ ...each, state: "gone", bytes: 0 }] : [],
      );
      for (const { id } of wiped) delete saved.drawn?.[id];
      keep();
      return { freed: wiped.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
    async exportNode({ node, what }) {
      return {
        name: `node-${nodeAt(node).number}.${what === "checkpoint" ? "zip" : "safetensors"}`,
        bytes: new Uint8Array(8),
      };
    },
    exportProject: async () => ({
      name: "made-up.zip",
      bytes: new TextEncoder().encode(JSON.stringify({ ...saved, drawn: {} })),
    }),
    async importProject({ project, bytes }) {
      Object.assign(saved, JSON.parse(new TextDecoder().decode(bytes)));
      keep();
      return state(project);
    },
    votes: async () => saved.votes,
    async addVote({ vote }) {
      const kept: Vote = { ...vote, id: `vote-${saved.votes.length + 1}` };
      saved.votes.push(kept);
      keep();
      return kept;
    },
    async dropVote({ id }) {
      saved.votes = saved.votes.filter((vote) => vote.id !== id);
      keep();
      return null;
    },
    readNote: async ({ name }) => saved.notes?.[name] ?? null,
    async writeNote({ name, value }) {
      saved.notes = { ...saved.notes, [name]: value };
      keep();
      return null;
    },
    takeOver: async ({ project }) => state(project),
    async spin(request) {
      spinning = request.node;
      try {
        return await spin(request);
      } finally {
        for (const ask of asked.splice(0)) await ask(nodeAt(request.node).step);
        spinning = null;
      }
    },
    revive: async () => null,
    async pause() {
      pausing = true;
      return null;
    },
    async forget() {
      Object.assign(saved, { pairs: [], nodes: [], reports: {}, votes: [], notes: {}, drawn: {} });
      options.memory?.removeItem(MEMORY_KEY);
      return null;
    },
  };

  // Calls are answered in order, as by the worker; but what acts on a run, or only on the tree, at once.
  let queue: Promise<unknown> = Promise.resolve();
  return {
    call<N extends CallName>(name: N, params: Calls[N]["params"], signal?: AbortSignal): Promise<Calls[N]["result"]> {
      if (atOnce.includes(name)) return handlers[name](params, signal);
      if (name === "draw" && spinning)
        return new Promise((answer) => {
          asked.push(async (step) => {
            const request = params as Calls["draw"]["params"];
            const drawn = drawAt(request, signal, request.node === spinning ? step : null);
            answer(drawn);
            await drawn.catch(() => undefined);
          });
        });
      const result = queue.then(() => handlers[name](params, signal));
      queue = result.catch(() => undefined);
      return result;
    },
    onEvent,
  };
}

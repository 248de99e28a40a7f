/** @file One training seed: the model, its iterations of self-play in a folder, and the pictures that each iteration draws. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { folderFiles, listFiles, readBytes, readText, writeFileWhole } from "../../src/cli/files.ts";
import { FolderKeeper, removeDrafts } from "../../src/cli/folder-keeper.ts";
import { decodeImage, encodePng } from "../../src/cli/images.ts";
import { inRows, sheet, squaresOf } from "../../src/cli/sheet.ts";
import { parseJsonObject } from "../../src/artifacts/json-object.ts";
import { openModel } from "../../src/artifacts/model-folder.ts";
import { StudioError } from "../../src/lib/errors.ts";
import { sha256 } from "../../src/lib/sha256.ts";
import { nodeBackend } from "../../src/runtime/node.ts";
import type { Picture, SpinSettings, StepReport } from "../../src/studio/api.ts";
import { drawAll } from "../../src/studio/evaluate.ts";
import { initialLora } from "../../src/studio/initial-lora.ts";
import { loadModel, makeArtifacts, type Model } from "../../src/studio/model.ts";
import { selfPlay } from "../../src/studio/self-play.ts";
import type { Keeper, SelfPlayJob } from "../../src/studio/self-play-job.ts";
import { keptBy, type Trained, vectorOf } from "../../src/studio/trained.ts";
import { type Asked, pairsOf } from "./options.ts";

/** As many rows as still make a forward faster per row on a CPU, and as many pairs at once as the page trains. */
const ROWS = { draw: 32, pairs: 8 };
const COLUMNS = 20;
/** Shared by all runs: the base is drawn once. */
const PICTURES = "runs/selfplay/pictures";

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** One hash for everything in a model folder. */
export async function folderHash(folder: string): Promise<string> {
  const hashes = [];
  for (const path of await listFiles(folder))
    if (/\.(safetensors|json)$/.test(path) && !path.startsWith("training/"))
      hashes.push(`${path} ${await sha256(await readBytes(join(folder, path)))}`);
  return sha256(new TextEncoder().encode(hashes.join("\n")));
}

export async function openPlayer(options: Asked): Promise<{ model: Model; close(): Promise<void> }> {
  const { model: path, settings, threads } = options;
  const [{ train, rank, seed }] = settings as [SpinSettings];
  const folder = await openModel(folderFiles(path));
  const shape = { samples: 2 * ROWS.pairs, drawSamples: ROWS.draw, train, rank } as const;
  const set = await makeArtifacts(folder, { ...shape, targets: "attention", cut: "whole", weights: "float32" });
  const backend = nodeBackend({ threads });
  const model = await loadModel(backend, set, folder, initialLora(seed));
  return {
    model,
    close: async () => {
      await model.dispose();
      await backend.dispose();
    },
  };
}

/** Nothing is kept. */
const forgetful: Keeper = {
  loser: async () => null,
  keepLoser: async () => {},
  state: async () => null,
  keepState: async () => {},
  takeBack: async () => null,
  trajectory: async () => null,
  keepTrajectory: async () => {},
};

/** Seconds. */
export interface Cost {
  /** of an optimizer step */
  readonly step: number;
  /** of a picture: each DDIM step, and the rest */
  readonly forward: number;
  readonly rest: number;
  /** of a picture that is encoded */
  readonly encode: number;
}

/** What the work of `settings` costs here and now; of everything the second time counts. */
export async function measure(model: Model, options: Asked): Promise<Cost> {
  const [first] = options.settings as [SpinSettings];
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const before = performance.now();
    await work();
    return (performance.now() - before) / 1000;
  };
  const prompts = Array.from(
    { length: ROWS.draw / 2 },
    (_, i) => options.prompts[i % options.prompts.length] as string,
  );
  const drawn = (steps: number) => {
    const sampling = { prompts, negativePrompt: "", seeds: prompts.map((_, i) => i), steps, guidance: first.guidance };
    return timed(() => drawAll(model, model.base, sampling));
  };
  await drawn(1);
  const [one, three] = [await drawn(1), await drawn(3)];
  const forward = (three - one) / 2 / prompts.length;
  const settings = { ...first, steps: 2, opponentSteps: 1, probeEvery: 0 };
  const pairs = pairsOf(options).slice(0, settings.pairsPerStep);
  const encode = await timed(() => model.encodeImage((pairs[0] as (typeof pairs)[number]).rgba));
  const job = { iteration: 1, opponent: model.base, pairs, settings, saveEvery: 9 };
  let step = 0;
  for await (const event of selfPlay(model, job, forgetful, new AbortController().signal))
    if (event.kind === "step") step = event.report.seconds;
  return { step, forward, rest: Math.max(0, one / prompts.length - forward), encode };
}

/** Minutes from a cost: of each iteration's play, and of drawing the test pictures of one model. */
export function forecast({ step, forward, rest, encode }: Cost, { settings, pairs, prompts, drawSteps }: Asked) {
  const played = settings.map(({ steps, opponentSteps, usedPairs, probeEvery }) => {
    const count = usedPairs > 0 ? Math.min(usedPairs, pairs) : pairs;
    const probes = probeEvery > 0 ? 1 + Math.ceil(steps / probeEvery) : 0; // of 64 pairs each
    return (steps * step + count * (rest + opponentSteps * forward + 2 * encode) + probes * 64 * forward) / 60;
  });
  return { played, drawn: (prompts.length * (rest + drawSteps * forward)) / 60 };
}

/** Plays what is not yet played; hands over each iteration's theta. */
export async function play(
  model: Model,
  options: Asked,
  seed: number,
  say: (line: string) => void,
  stop: AbortSignal,
): Promise<readonly Float32Array[]> {
  const folder = join(options.out, `seed-${seed}`);
  const pairs = pairsOf(options);
  const ids = pairs.map(({ id }) => id);
  const vectors = [model.base];
  await begin(folder, model, options, seed, ids);
  for (const [k, each] of options.settings.entries()) {
    const iteration = k + 1;
    const settings = { ...each, seed };
    const keeper = new FolderKeeper(folder, model, ids, seed, { ...settings });
    const before = await keeper.finished(iteration);
    let vector = before && vectorOf(before);
    if (!vector && options.evaluateOnly) break;
    if (!vector) {
      await keeper.rewindLog(iteration, (await keeper.state(iteration))?.step ?? 0);
      const opponent = vectors.at(-1) as Float32Array;
      const job = { iteration, opponent, pairs, settings, saveEvery: 10 };
      vector = vectorOf(keptBy(await trained(model, job, keeper, say, stop)));
    }
    vectors.push(vector);
  }
  return vectors;
}

async function trained(
  model: Model,
  job: SelfPlayJob,
  keeper: FolderKeeper,
  say: (line: string) => void,
  stop: AbortSignal,
): Promise<Trained> {
  const tell = ({ step, of, loss, accuracy, seconds }: StepReport) =>
    say(
      `SPIN ${job.iteration}, step ${step} of ${of}: loss ${loss.toFixed(4)}, accuracy ${accuracy?.toFixed(2)}, ${seconds.toFixed(2)} s`,
    );
  const events = selfPlay(model, job, keeper, stop);
  for (;;) {
    const next = await events.next();
    if (next.done) return next.value;
    if (next.value.kind === "stage" && next.value.done === next.value.of)
      say(`SPIN ${job.iteration}, ${next.value.stage}: ${next.value.of}`);
    if (next.value.kind !== "step") continue;
    await keeper.log(job.iteration, next.value.report);
    if (next.value.report.step % 10 === 0) tell(next.value.report);
  }
}

/**
 * `run.json` as `studio spin` writes it, so that `studio evaluate` reads the folder. One that was begun otherwise is refused; more
 * or fewer iterations are no other run.
 */
async function begin(folder: string, model: Model, options: Asked, seed: number, pairs: readonly string[]) {
  const [first] = options.settings as [SpinSettings];
  const { cut, weights, height, width, samples, drawSamples, targets } = model.choices;
  const compiled = { cut, weights, height, width, samples, drawSamples, targets };
  const hashes = { base: await sha256(bytesOf(model.base)), model: await folderHash(options.model) };
  const iterations: readonly unknown[] = options.settings.map((each) => ({ ...each, seed }));
  const run = { schema: 1, ...first, seed, ...compiled, ...hashes, pairs, iterations };
  const path = join(folder, "run.json");
  await removeDrafts(folder);
  if (existsSync(path)) {
    const before = parseJsonObject(await readText(path), path);
    const then = before.iterations as readonly unknown[];
    const both = Math.min(then.length, iterations.length);
    const same = (a: object, b: object) => JSON.stringify(a) === JSON.stringify(b);
    const cut = (all: readonly unknown[]) => ({ iterations: all.slice(0, both) });
    if (!same({ ...before, ...cut(then) }, { ...run, ...cut(iterations) }))
      throw new StudioError(
        "run",
        `${folder} was begun with another model or other settings.`,
        "Give --out another folder, or remove this one.",
      );
    if (then.length >= iterations.length) return;
  }
  if (!options.evaluateOnly) await writeFileWhole(path, `${JSON.stringify(run, null, 2)}\n`);
}

/** The pictures of one vector, drawn once for all seeds and runs: the file is named by all that they depend on. */
export async function picturesOf(
  model: Model,
  vector: Float32Array,
  options: Asked,
  say: (line: string) => void,
  stop?: AbortSignal,
): Promise<readonly Picture[]> {
  const { prompts, drawSteps: steps, settings } = options;
  const seeds = prompts.map((_, i) => i);
  const sampling = { prompts, negativePrompt: "", seeds, steps, guidance: (settings[0] as SpinSettings).guidance };
  const key = { ...sampling, model: await folderHash(options.model), vector: await sha256(bytesOf(vector)) };
  const name = await sha256(new TextEncoder().encode(JSON.stringify(key)));
  const path = join(PICTURES, `${name.slice(0, 16)}.png`);
  const { side } = model;
  if (existsSync(path)) {
    const squares = squaresOf(decodeImage(await readBytes(path), path), side, prompts.length);
    return squares.map((rgba, i) => ({ prompt: prompts[i] as string, seed: i, side, rgba }));
  }
  const pictures = await drawAll(model, vector, sampling, stop);
  const rows = inRows(
    pictures.map(({ rgba }) => rgba),
    COLUMNS,
  );
  await writeFileWhole(path, encodePng(sheet(rows, { side })));
  say(`${prompts.length} pictures`);
  return pictures;
}

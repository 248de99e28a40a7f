/** @file `studio spin`: Algorithm 1 from a folder of pairs to checkpoints; a run that was stopped anywhere goes on to the same bits. */
import { readUNetConfig } from "../../models/config.ts";
import { cutFor } from "../../studio/cut.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type JsonObject, parseJsonObject } from "../../artifacts/json-object.ts";
import { StudioError } from "../../lib/errors.ts";
import { sha256 } from "../../lib/sha256.ts";
import type { Backend } from "../../runtime/backend.ts";
import type { SpinSettings, StepReport, StudioEvent } from "../../studio/api.ts";
import { initialLora } from "../../studio/initial-lora.ts";
import { explainLimit } from "../../studio/limits.ts";
import { loadModel, makeArtifacts, type Model } from "../../studio/model.ts";
import { microBatch, selfPlay } from "../../studio/self-play.ts";
import { backendOption, withBackend } from "../backends.ts";
import { command } from "../command.ts";
import { readText, writeFileWhole } from "../files.ts";
import { FolderKeeper, removeDrafts } from "../folder-keeper.ts";
import { openModelFolder } from "../model-files.ts";
import { flag, integer, number, oneOf, required, text, type Values } from "../options.ts";
import { readPairs } from "../read-pairs.ts";
import { compileOptions } from "../shared-options.ts";

const POCKET = "public/pocket";
/** Small models are trained whole, a few pairs at once and from a falling rate; large ones by LoRA, a pair at a time. */
const LARGE = 50e6;
const SMALL_RATES = [5e-5, 1.5e-5, 5e-6];

const options = {
  pairs: required(text("DIR", "pictures (PNG, JPEG) with captions beside them or in metadata.jsonl")),
  iterations: required(integer("how often the player becomes its own opponent", { min: 1, max: 1000 })),
  steps: required(integer("optimizer steps of an iteration", { min: 1 })),
  out: required(text("RUN", "the run's folder: checkpoints, opponents, log.jsonl")),
  resume: flag("go on where the run in RUN stands"),
  model: text("DIR", "the model, in diffusers' folder layout", POCKET),
  resolution: integer("side in pixels; the model's own by default", { min: 1, max: 4096 }),
  train: oneOf(["full", "lora"], "what is trained; a large model by lora"),
  rank: integer("of the LoRA", { min: 1, max: 4096 }, 16),
  targets: text("NAMES", "its modules: a preset, or ends of names with commas", "attention"),
  loss: oneOf(["logistic", "hinge", "correlation"], "the function l of the logit", "logistic"),
  beta: number("strength of the logit", { min: 0 }, 2000),
  lr: number("the learning rate; 1e-5 for a large model, falling from 5e-5 for a small one", { min: 0 }),
  warmup: integer("steps to the full rate", { min: 0 }, 5),
  "pairs-per-step": integer("pairs of an optimizer step", { min: 1, max: 4096 }, 8),
  "pairs-at-once": integer("pairs of one run of the network; 1 for a large model, else at most 8", {
    min: 1,
    max: 4096,
  }),
  "caption-dropout": number("share of visits without the caption", { min: 0, max: 1 }, 0.1),
  "independent-noise": flag("winner and loser get their own t and noise"),
  guidance: number("of the opponent's pictures; 3 for pocket, else 7.5", { min: 0 }),
  "opponent-steps": integer("DDIM steps of the opponent's pictures", { min: 1, max: 999 }, 50),
  seed: integer("of everything that is drawn", {}, 0),
  "save-every": integer("steps between checkpoints", { min: 1 }, 10),
  ...compileOptions,
  backend: backendOption,
};
type Chosen = Values<typeof options>;

export const spin = command({
  name: "spin",
  summary: "Fine-tunes a model on pairs by self-play; a run that was stopped anywhere goes on to the same bits.",
  options,
  run: async (chosen, _, { progress }) => {
    const { out, resume } = chosen;
    if (existsSync(out) && !resume)
      throw new StudioError(
        "run",
        `${out} exists already, and a new folder was expected.`,
        "--resume goes on with it.",
      );
    return withBackend(chosen.backend, async (backend) => {
      const { model, pairs, settings, large } = await prepare(backend, chosen, progress);
      const stop = new AbortController();
      const interrupt = () => stop.abort(new StudioError("stopped", `Stopped; --resume goes on with ${out}.`));
      process.once("SIGINT", interrupt);
      try {
        const ids = pairs.map(({ id }) => id);
        await begin(chosen, model, settings, ids);
        const keeper = new FolderKeeper(out, model, ids, settings.seed, { ...settings });
        let opponent = model.base;
        const told = [];
        for (let iteration = 1; iteration <= chosen.iterations; iteration++) {
          const before = await keeper.finished(iteration);
          if (before) {
            opponent = before;
            progress(`SPIN ${iteration}: done before`);
            continue;
          }
          const differences = await keeper.differences(iteration);
          if (differences.length > 0) progress(`Not bit-equal to the run before: another ${differences.join(", ")}.`);
          await keeper.rewindLog(iteration, (await keeper.state(iteration))?.step ?? 0);
          const rate = { learningRate: rateOf(chosen.lr, large, iteration) };
          const job = {
            iteration,
            opponent,
            pairs,
            settings: { ...settings, ...rate },
            saveEvery: chosen["save-every"],
          };
          const reports: StepReport[] = [];
          const events = selfPlay(model, job, keeper, stop.signal);
          for (let next = await events.next(); ; next = await events.next()) {
            if (next.done) {
              opponent = next.value.vector;
              break;
            }
            if (next.value.kind === "step") {
              reports.push(next.value.report);
              await keeper.log(iteration, next.value.report);
            }
            const line = lineOf(next.value);
            if (line !== null) progress(`SPIN ${iteration}: ${line}`);
          }
          told.push({ iteration, steps: settings.steps, last: reports.at(-1) ?? null });
        }
        const checkpoint = join(out, "checkpoints", String(chosen.iterations));
        return { json: { out, checkpoint, iterations: told }, text: `${checkpoint} holds SPIN ${chosen.iterations}.` };
      } finally {
        process.off("SIGINT", interrupt);
        await model.dispose();
      }
    });
  },
});

const rateOf = (lr: number | undefined, large: boolean, iteration: number): number =>
  lr ?? (large ? 1e-5 : (SMALL_RATES[iteration - 1] ?? (SMALL_RATES.at(-1) as number)));

/** Model and pairs, the pairs first: what is wrong with them is said before gigabytes are read. */
async function prepare(backend: Backend, chosen: Chosen, tell: (line: string) => void) {
  const folder = await openModelFolder(chosen.model);
  const numbers = [...(folder.tensors.unet?.values() ?? [])].reduce(
    (n, { shape }) => n + shape.reduce((a, b) => a * b, 1),
    0,
  );
  const large = numbers > LARGE;
  const { rank, targets, cut, weights, resolution, seed } = chosen;
  const train = chosen.train ?? (large ? "lora" : "full");
  const atOnce = microBatch(chosen["pairs-per-step"], chosen["pairs-at-once"] ?? (large ? 1 : 8)).pairs;
  const side = resolution === undefined ? {} : { resolution };
  const set = await explainLimit(() =>
    makeArtifacts(folder, {
      ...side,
      samples: 2 * atOnce,
      drawSamples: large ? 2 : 8,
      train,
      rank,
      targets,
      cut: cutFor(cut, readUNetConfig(folder.configs.unet ?? {})),
      weights,
    }),
  );
  const { height, configs } = set.artifact.choices;
  const levels = (configs["vae"] as { block_out_channels: readonly number[] }).block_out_channels.length;
  const pairs = await readPairs(chosen.pairs, height * 2 ** (levels - 1), tell);
  const settings: SpinSettings = {
    steps: chosen.steps,
    pairsPerStep: chosen["pairs-per-step"],
    learningRate: rateOf(chosen.lr, large, 1),
    warmupSteps: chosen.warmup,
    beta: chosen.beta,
    loss: chosen.loss,
    captionDropout: chosen["caption-dropout"],
    independentNoise: chosen["independent-noise"],
    opponentSteps: chosen["opponent-steps"],
    guidance: chosen.guidance ?? (chosen.model === POCKET ? 3 : 7.5),
    seed,
    train,
    rank,
  };
  tell(`${pairs.length} pairs at ${pairs[0]?.side} pixels, ${train}, on ${backend.description}`);
  return { model: await loadModel(backend, set, folder, initialLora(seed)), pairs, settings, large };
}

/** Writes what the run is begun with, or compares it with what it was begun with. */
async function begin(chosen: Chosen, model: Model, settings: SpinSettings, pairs: readonly string[]): Promise<void> {
  const { out, targets, lr = null } = chosen;
  const { cut, weights, height, width, samples, drawSamples } = model.choices;
  const base = await sha256(new Uint8Array(model.base.buffer, model.base.byteOffset, model.base.byteLength));
  const compiled = { targets, cut, weights, height, width, samples, drawSamples };
  const { learningRate: _, ...rest } = settings;
  const run: JsonObject = { schema: 1, ...rest, lr, ...compiled, base, pairs };
  const path = join(out, "run.json");
  await removeDrafts(out);
  if (!existsSync(path)) return writeFileWhole(path, `${JSON.stringify(run, null, 2)}\n`);
  const before = parseJsonObject(await readText(path), path);
  for (const [key, value] of Object.entries(run)) {
    const [then, now] = [JSON.stringify(before[key] ?? null), JSON.stringify(value)];
    if (then === now) continue;
    const what = then.length + now.length < 60 ? `${key} ${then}, and ${now} was given` : `other ${key}`;
    throw new StudioError("run", `${out} was begun with ${what}.`, "Another run needs another folder.");
  }
}

/** What a person wants to know of an event; null where it says nothing new. */
function lineOf(event: StudioEvent): string | null {
  if (event.kind === "saved") return `saved after step ${event.step}`;
  if (event.kind === "stage")
    return event.stage === "train" || event.done === 0 ? null : `${event.stage} ${event.done} of ${event.of}`;
  if (event.kind !== "step") return null;
  const { step, of, loss, accuracy, seconds } = event.report;
  return `step ${step} of ${of}, loss ${loss.toFixed(4)}, accuracy ${(100 * accuracy).toFixed(0)} %, ${seconds.toFixed(2)} s`;
}

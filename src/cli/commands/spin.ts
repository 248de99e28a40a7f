/** @file `studio spin`: Algorithm 1 from a folder of pairs to checkpoints; a run that was stopped anywhere goes on to the same bits. */
import { readUNetConfig } from "../../models/config.ts";
import { cutFor, parameterCount } from "../../studio/cut.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type JsonObject, parseJsonObject } from "../../artifacts/json-object.ts";
import { StudioError } from "../../lib/errors.ts";
import type { Backend } from "../../runtime/backend.ts";
import type { Preset, ProbeReport, SpinSettings, StepReport, StudioEvent } from "../../studio/api.ts";
import { loserKinds } from "../../spin/gradient.ts";
import { weightings } from "../../spin/weighting.ts";
import { explainLimit } from "../../studio/limits.ts";
import { loadModel, makeArtifacts, type Model } from "../../studio/model.ts";
import { presetsWithLosers, settingsOf } from "../../studio/presets.ts";
import { isLarge } from "../../studio/size.ts";
import { selfPlay } from "../../studio/self-play.ts";
import { startedFrom } from "../../studio/started-lora.ts";
import { microBatch } from "../../studio/train-options.ts";
import { hashOf, keptBy } from "../../studio/trained.ts";
import { backendOption, withBackend } from "../backends.ts";
import { command } from "../command.ts";
import { readText, writeFileWhole } from "../files.ts";
import { FolderKeeper, removeDrafts } from "../folder-keeper.ts";
import { openLoras, openModelFolder } from "../model-files.ts";
import { flag, integer, number, oneOf, refuse, required, text, type Values } from "../options.ts";
import { readPairs } from "../read-pairs.ts";
import { compileOptions, lorasOption, samplerOption } from "../shared-options.ts";

const POCKET = "public/pocket";

/** What a preset gives where nothing was typed. */
const settingsOptions = {
  steps: integer("optimizer steps of an iteration", { min: 1 }),
  train: oneOf(["full", "lora"], "what is trained; a large model by lora"),
  rank: integer("of the LoRA", { min: 1, max: 4096 }),
  method: oneOf(["spin", "dpo", "sft"], "self-play, Diffusion-DPO on given losers, or supervised on the pairs alone"),
  loss: oneOf(["logistic", "hinge", "correlation"], "the function l of the logit"),
  beta: number("strength of the logit", { min: 0 }),
  lr: number("the learning rate, for every iteration", { min: 0 }),
  warmup: integer("steps to the full rate", { min: 0 }),
  schedule: oneOf(["linear", "constant"], "whether the rate falls to 0 after that"),
  weighting: oneOf(weightings, "of the errors: mean (DiffusionDPO), or squared norms times h_t^2 (the paper's C.5)"),
  loser: oneOf(
    loserKinds,
    "where it is met: noised forward, on the opponent's trajectory (C.5), or on all of it (4.8)",
  ),
  eta: number("DDIM's, of --loser exact: sigma_t follows from it", { min: 0, max: 1 }),
  "snr-gamma": number("min-SNR's gamma, 5 in its paper; 0: off", { min: 0 }),
  "pairs-per-step": integer("pairs of an optimizer step", { min: 1, max: 4096 }),
  "caption-dropout": number("share of visits without the caption", { min: 0, max: 1 }),
  guidance: number("of the opponent's pictures; 3 for pocket, else 7.5", { min: 0 }),
  "opponent-steps": integer("sampling steps of the opponent's pictures", { min: 1, max: 999 }),
  sampler: samplerOption("of the opponent's pictures, ddim by default"),
  "used-pairs": integer("pairs that an iteration uses, the first of the folder; 0: all", { min: 0 }),
  safeguard: number("the safeguard's factor: the share of its fall that the loser may take from the winner; 0: off", {
    min: 0,
  }),
  "ema-decay": number("of the average of the weights, which is then kept in their place; 0: none", { min: 0, max: 1 }),
  "stored-as": oneOf(
    ["float32", "float16"],
    "how a large model's own weights are kept; float16 is half, and a run goes on from rounded ones",
  ),
  "probe-every": integer("steps between two looks at the errors on fixed draws; 0: none", { min: 0 }),
  seed: integer("of everything that is drawn"),
};

const options = {
  pairs: required(text("DIR", "pictures (PNG, JPEG) with captions beside them or in metadata.jsonl")),
  iterations: required(integer("how often the player becomes its own opponent", { min: 1, max: 1000 })),
  out: required(text("RUN", "the run's folder: checkpoints, opponents, log.jsonl")),
  resume: flag("go on where the run in RUN stands"),
  model: text("DIR", "the model, in diffusers' folder layout", POCKET),
  resolution: integer("side in pixels; the model's own by default", { min: 1, max: 4096 }),
  preset: text(
    "ID",
    "quick, default or lora for a small model, balanced or whole for a large one, or paper, sft, dpo; the first",
  ),
  ...settingsOptions,
  lora: lorasOption("the start of a LoRA run: one that fits is gone on with, others are merged into the model"),
  targets: text("NAMES", "the LoRA's modules: a preset, or ends of names with commas", "attention"),
  "pairs-at-once": integer("pairs of one run of the network; 1 for a large model, else at most 8", {
    min: 1,
    max: 4096,
  }),
  "independent-noise": flag("winner and loser get their own t and noise"),
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
      const { model, pairs, settings, preset } = await prepare(backend, chosen, progress);
      const stop = new AbortController();
      const interrupt = () => stop.abort(new StudioError("stopped", `Stopped; --resume goes on with ${out}.`));
      process.once("SIGINT", interrupt);
      try {
        const ids = pairs.map(({ id }) => id);
        await begin(chosen, model, preset, settings, ids);
        let opponent = model.start;
        const told = [];
        for (let iteration = 1; iteration <= chosen.iterations; iteration++) {
          const now = settings(iteration);
          const keeper = new FolderKeeper(out, model, ids, now.seed, { ...now });
          const before = await keeper.finished(iteration);
          if (before) {
            opponent = before;
            progress(`SPIN ${iteration}: done before`);
            continue;
          }
          const differences = await keeper.differences(iteration);
          if (differences.length > 0) progress(`Not bit-equal to the run before: another ${differences.join(", ")}.`);
          await keeper.rewindLog(iteration, (await keeper.state(iteration))?.step ?? 0);
          const job = { iteration, opponent, pairs, settings: now, saveEvery: chosen["save-every"] };
          const reports: StepReport[] = [];
          const events = selfPlay(model, job, keeper, stop.signal);
          for (let next = await events.next(); ; next = await events.next()) {
            if (next.done) {
              opponent = keptBy(next.value);
              break;
            }
            if (next.value.kind === "step") {
              reports.push(next.value.report);
              await keeper.log(iteration, next.value.report);
            }
            const line = lineOf(next.value);
            if (line !== null) progress(`SPIN ${iteration}: ${line}`);
          }
          told.push({ iteration, steps: now.steps, last: reports.at(-1) ?? null });
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

/** Model and pairs, the pairs first: what is wrong with them is said before gigabytes are read. */
async function prepare(backend: Backend, chosen: Chosen, tell: (line: string) => void) {
  const opened = await openModelFolder(chosen.model);
  const loras = await openLoras(chosen.lora, opened, tell);
  const unet = readUNetConfig(opened.configs.unet ?? {});
  const parameters = parameterCount(unet);
  const large = isLarge(parameters);
  const preset = presetOf(
    chosen.preset,
    presetsWithLosers({ parameters, guidance: chosen.model === POCKET ? 3 : 7.5, whole: true }),
  );
  const settings = (iteration: number): SpinSettings => ({ ...settingsOf(preset, iteration), ...typed(chosen) });
  const { train, rank, seed, pairsPerStep, method = "spin" } = settings(1);
  if (method !== "spin" && chosen.iterations > 1)
    refuse(`${method} has no opponent that could become a better one: --iterations 1 was expected with it.`);
  const { targets, cut, weights, resolution } = chosen;
  const atOnce = microBatch(pairsPerStep, chosen["pairs-at-once"] ?? (large ? 1 : 8)).pairs;
  const side = resolution === undefined ? {} : { resolution };
  const set = await explainLimit(() =>
    makeArtifacts(opened, {
      ...side,
      samples: 2 * atOnce,
      drawSamples: large ? 2 : 8,
      train,
      rank,
      targets,
      cut: cutFor(cut, unet),
      weights,
    }),
  );
  const { height, configs } = set.artifact.choices;
  const levels = (configs["vae"] as { block_out_channels: readonly number[] }).block_out_channels.length;
  const pairs = await readPairs(chosen.pairs, height * 2 ** (levels - 1), tell);
  const { usedPairs } = settings(1);
  const used = usedPairs > 0 && usedPairs < pairs.length ? `${usedPairs} of ` : "";
  tell(`${used}${pairs.length} pairs at ${pairs[0]?.side} pixels, ${preset.id}, ${train}, on ${backend.description}`);
  const { folder, initial, reason } = startedFrom(opened, loras, set.artifact, seed);
  if (reason !== null) tell(reason);
  return { model: await loadModel(backend, set, folder, initial), pairs, settings, preset };
}

function presetOf(id: string | undefined, presets: readonly Preset[]): Preset {
  const found = presets.find((preset) => preset.id === (id ?? presets[0]?.id));
  const known = presets.map((preset) => preset.id).join(", ");
  return found ?? refuse(`--preset is "${id}", and one of ${known} was expected for this model.`);
}

/** Of the settings, those that were typed. */
function typed(chosen: Chosen): Partial<SpinSettings> {
  const given = {
    steps: chosen.steps,
    pairsPerStep: chosen["pairs-per-step"],
    learningRate: chosen.lr,
    warmupSteps: chosen.warmup,
    beta: chosen.beta,
    method: chosen.method,
    schedule: chosen.schedule,
    weighting: chosen.weighting,
    loser: chosen.loser,
    eta: chosen.eta,
    snrGamma: chosen["snr-gamma"],
    loss: chosen.loss,
    captionDropout: chosen["caption-dropout"],
    independentNoise: chosen["independent-noise"] || undefined,
    opponentSteps: chosen["opponent-steps"],
    sampler: chosen.sampler,
    guidance: chosen.guidance,
    seed: chosen.seed,
    train: chosen.train,
    rank: chosen.rank,
    safeguard: chosen.safeguard,
    emaDecay: chosen["ema-decay"],
    storedAs: chosen["stored-as"],
    probeEvery: chosen["probe-every"],
    usedPairs: chosen["used-pairs"],
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Writes what the run is begun with, or compares it with what it was begun with. */
async function begin(
  { out, targets, lora: loras }: Chosen,
  model: Model,
  preset: Preset,
  settings: (iteration: number) => SpinSettings,
  pairs: readonly string[],
): Promise<void> {
  const { cut, weights, height, width, samples, drawSamples } = model.choices;
  const base = await hashOf(model.start, model.set.layout);
  const compiled = {
    loras: loras.map((each) => ({ ...each })),
    targets,
    cut,
    weights,
    height,
    width,
    samples,
    drawSamples,
  };
  const later = preset.settings.map((_, k) => ({ ...settings(k + 1) }));
  const run: JsonObject = { schema: 1, preset: preset.id, ...settings(1), ...compiled, base, pairs, settings: later };
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
  if (event.kind === "probe") return probeLine(event.report);
  if (event.kind !== "step") return null;
  const { step, of, loss, accuracy, seconds } = event.report;
  const apart = accuracy === null ? "" : `, accuracy ${(100 * accuracy).toFixed(0)} %`;
  return `step ${step} of ${of}, loss ${loss.toFixed(4)}${apart}, ${seconds.toFixed(2)} s`;
}

function probeLine({ step, winner, winnerStart, loser, loserStart, hint }: ProbeReport): string {
  const beside = (now: number, start: number) =>
    `${now.toFixed(4)} (${(100 * (now / start - 1)).toFixed(1).replace(/^(?=\d)/, "+")} %)`;
  const others = loser === null || loserStart === null ? "" : `, on the opponent's ${beside(loser, loserStart)}`;
  const errors = `error on the pairs ${beside(winner, winnerStart)}${others}`;
  return `probe after step ${step}: ${errors}${hint === null ? "" : `. ${hint}`}`;
}

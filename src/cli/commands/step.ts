/** @file `studio step`: one gradient step from files to a file, for whoever wants to check it against another program. */
import { withLoras } from "../../artifacts/lora-folder.ts";
import { parseSafetensors, writeSafetensors } from "../../artifacts/safetensors.ts";
import type { FileTensor } from "../../artifacts/safetensors.ts";
import { readUNetConfig } from "../../models/config.ts";
import { cutFor } from "../../studio/cut.ts";
import { judgeStep, type StepOutcome } from "../../studio/step.ts";
import { logitWarning, weightings } from "../../spin/weighting.ts";
import { readStepBatch } from "../../studio/step-batch.ts";
import { readTrajectories } from "../../studio/step-trajectories.ts";
import { backendOption, withBackend } from "../backends.ts";
import { command } from "../command.ts";
import { readBytes, writeFileWhole } from "../files.ts";
import { openAdapter, openLoras, openModelFolder } from "../model-files.ts";
import { integer, number, oneOf, refuse, required, text } from "../options.ts";
import { compileOptions, type LoraGiven, loraOptions, lorasOption } from "../shared-options.ts";

/** The length of the training schedule of every SD 1.x model, where the folder does not say another. */
const TIMESTEPS = 1000;

export const step = command({
  name: "step",
  summary: "One gradient step on a given batch, written to a file; nothing is updated.",
  options: {
    model: required(text("DIR", "the model, in diffusers' folder layout")),
    batch: required(
      text(
        "FILE",
        "x0, x0_opponent or xt_opponent [B,4,h,w], timesteps [B], noise, encoder_hidden_states [B,n,d] as safetensors; exact: trajectory, trajectory_opponent [B,T+1,4,h,w] from x_T to x_0, falling timesteps [T]",
      ),
    ),
    out: required(text("FILE", "where loss, errors and gradients go, as safetensors")),
    objective: oneOf(
      ["spin", "exact", "dpo", "sft"],
      "what is minimised; exact: the sum over T stands inside l",
      "spin",
    ),
    loss: oneOf(["logistic", "hinge", "correlation"], "the function l of the logit", "logistic"),
    beta: number("strength of the logit, errors being means", { min: 0 }, 2000),
    weighting: oneOf(
      weightings,
      "of the errors: mean, halved (DiffusionDPO), or squared norms times h_t^2 (the paper's C.5)",
      "mean",
    ),
    "ddim-steps": integer(
      "T, into which the paper's weighting cuts the process",
      { min: 1, max: TIMESTEPS },
      TIMESTEPS,
    ),
    eta: number("exact: DDIM's, from which sigma_t follows", { min: 0, max: 1 }, 0),
    "snr-gamma": number("min-SNR's gamma, 5 in its paper; 0: off", { min: 0 }, 0),
    safeguard: number(
      "scales the loser's gradient so that it takes at most this share of the winner's fall; 0: off",
      { min: 0 },
      0,
    ),
    train: oneOf(["full", "lora"], "what is trained", "lora"),
    adapter: text(
      "FILE",
      "the policy's LoRA, in PEFT's, diffusers' or kohya's names; without it a fresh one with B = 0",
    ),
    lora: lorasOption("merged into the policy's UNet"),
    "opponent-lora": lorasOption("merged into the opponent's UNet"),
    "opponent-adapter": text("FILE", "the opponent's LoRA; without an opponent the base model is played against"),
    opponent: text("DIR", "the opponent's model folder, where it is not the policy's"),
    ...loraOptions,
    seed: integer("draws a fresh LoRA's A", {}, 0),
    ...compileOptions,
    backend: backendOption,
  },
  run: async (options, _, { progress }) => {
    const { objective, loss, beta, weighting, eta, safeguard, train, rank, alpha, targets, seed, cut, weights, out } =
      options;
    if (train === "full" && (options.adapter ?? options["opponent-adapter"]) !== undefined)
      refuse("An adapter was given, and --train lora was expected with it: full training has none.");
    const opened = await openModelFolder(options.model, ["unet"]);
    const folder = withLoras(opened, await openLoras(options.lora, opened, progress));
    const lora = options.adapter === undefined ? null : await openAdapter(options.adapter, folder);
    const { tensors } = parseSafetensors(await readBytes(options.batch), options.batch);
    const schedule = folder.configs.scheduler?.num_train_timesteps;
    const unet = readUNetConfig(folder.configs.unet ?? {});
    const model = { unet, timesteps: typeof schedule === "number" ? schedule : TIMESTEPS };
    const batch = objective === "exact" ? readTrajectories(tensors, model) : readStepBatch(tensors, model);
    const opponent = await openOpponent(
      options.opponent,
      options["opponent-adapter"],
      options["opponent-lora"],
      opened,
      progress,
    );
    const fresh = { rank, alpha: alpha ?? rank, targets, seed };
    const judged = { objective, loss, beta, weighting, safeguard, train };
    const more = { ddimSteps: options["ddim-steps"], eta, snrGamma: options["snr-gamma"] };
    const choices = { ...judged, ...more, cut: cutFor(cut, unet), weights, fresh };
    const outcome = await withBackend(options.backend, (backend) => {
      progress(`${batch.pairs.length} pairs on ${backend.description}`);
      return judgeStep(backend, { folder, lora }, opponent, batch, choices);
    });
    await writeFileWhole(out, writeSafetensors(tensorsOf(outcome), metadataOf(judged)));
    const warning = outcome.typicalLogit === null ? null : logitWarning(outcome.typicalLogit, beta);
    if (warning !== null) progress(warning);
    return describe(outcome, out);
  },
});

async function openOpponent(
  dir: string | undefined,
  adapter: string | undefined,
  loras: readonly LoraGiven[],
  own: Awaited<ReturnType<typeof openModelFolder>>,
  tell: (line: string) => void,
) {
  if (dir === undefined && adapter === undefined && loras.length === 0) return null;
  const opened = dir === undefined ? own : await openModelFolder(dir, ["unet"]);
  const folder = withLoras(opened, await openLoras(loras, opened, tell));
  return { folder, lora: adapter === undefined ? null : await openAdapter(adapter, folder) };
}

function tensorsOf({ loss, scale, perPair, gradients }: StepOutcome): Map<string, FileTensor> {
  const float = (shape: readonly number[], data: Float32Array): FileTensor => ({ dtype: "F32", shape, data });
  return new Map([
    ["loss", float([], Float32Array.of(loss))] as const,
    ...(scale === null ? [] : [["safeguard_scale", float([], Float32Array.of(scale))] as const]),
    ...Object.entries(perPair).map(([key, v]) => [key, float([v.length], Float32Array.from(v))] as const),
    ...[...gradients].map(([name, { shape, data }]) => [name, float(shape, data)] as const),
  ]);
}

const metadataOf = (choices: Readonly<Record<string, string | number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(choices).map(([key, value]) => [key, String(value)]));

function describe({ loss, scale, typicalLogit, perPair, gradients }: StepOutcome, out: string) {
  let square = 0;
  for (const { data } of gradients.values()) for (const g of data) square += g * g;
  const told = {
    ...(scale === null ? {} : { safeguard_scale: [scale] }),
    ...(typicalLogit === null ? {} : { typical_logit: [typicalLogit] }),
    ...perPair,
  };
  const json = { loss, ...told, gradients: gradients.size, gradient_norm: Math.sqrt(square), out };
  const rows = Object.entries(told).map(([key, v]) => `${key.padEnd(22)}${v.map((x) => x.toPrecision(7)).join("  ")}`);
  const tail = `${gradients.size} gradients, norm ${json.gradient_norm.toPrecision(6)}, in ${out}`;
  return { json, text: [`${"loss".padEnd(22)}${loss.toPrecision(9)}`, ...rows, tail].join("\n") };
}

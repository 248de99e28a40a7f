/** @file `studio pretrain`: makes pocket, the built-in model, from nothing and writes it as a diffusers folder. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { workerHands } from "../../studio/node-pretrain-hands.ts";
import { type LogLine, printLog, readLog, type Shelf } from "../../studio/pretrain-course.ts";
import {
  type Part,
  type PretrainOptions,
  type PretrainSettings,
  pretrain as makePocket,
  pretrainDefaults,
  trainedAutoencoder,
} from "../../studio/pretrain.ts";
import { openBackend } from "../backends.ts";
import { command } from "../command.ts";
import { curves } from "../curves.ts";
import { readBytes, writeFileWhole } from "../files.ts";
import { integer, number, oneOf, refuse, text } from "../options.ts";

const { autoencoder, captioned, pool } = pretrainDefaults;

export const pretrain = command({
  name: "pretrain",
  summary: "Trains pocket, the built-in model, with this engine on the CPU; a stopped run goes on where it was.",
  options: {
    part: oneOf(["autoencoder", "all"], "the autoencoder alone, or what is missing of everything", "all"),
    out: text("FOLDER", "where the model goes, in diffusers' layout", "public/pocket"),
    runs: text("FOLDER", "where the run keeps its state", "runs/pretrain"),
    tokenizer: text("FOLDER", "where CLIP's vocab.json and merges.txt are", "public/pocket/tokenizer"),
    seed: integer("of pictures, weights and noise", { min: 0 }, captioned.seed),
    "crop-steps": integer("steps of the autoencoder on crops", { min: 0 }, autoencoder.cropSteps),
    "whole-steps": integer("steps of the autoencoder on whole pictures", { min: 0 }, autoencoder.wholeSteps),
    steps: integer("steps of text encoder and UNet", { min: 1 }, captioned.steps),
    batch: integer("pictures a step of text encoder and UNet", { min: 1, max: 256 }, captioned.batch),
    "muon-rate": number("peak learning rate of matrices and convolutions", { min: 0 }, captioned.muonRate),
    "adam-rate": number("peak learning rate of everything else", { min: 0 }, captioned.adamRate),
    pool: integer("pictures whose latents are kept", { min: 1 }, pool),
    threads: integer("of the CPU, for the autoencoder and the latents", { min: 1 }, 2),
    hands: integer("threads that share a batch of text encoder and UNet", { min: 1 }, 2),
  },
  async run(values, _positional, { progress }) {
    const settings: PretrainSettings = {
      autoencoder: {
        seed: values.seed,
        cropSteps: values["crop-steps"],
        wholeSteps: values["whole-steps"],
        muonRate: autoencoder.muonRate,
        adamRate: autoencoder.adamRate,
      },
      captioned: {
        seed: values.seed,
        steps: values.steps,
        batch: values.batch,
        muonRate: values["muon-rate"],
        adamRate: values["adam-rate"],
        captionDropout: captioned.captionDropout,
      },
      pool: values.pool,
    };
    if (values.batch % values.hands !== 0)
      refuse(`--batch is ${values.batch}, and a multiple of --hands (${values.hands}) was expected.`);
    const shelf = (part: Part) => folderShelf(join(values.runs, part));
    const vocabulary = await Promise.all(
      ["vocab.json", "merges.txt"].map(async (name) => [name, await readBytes(join(values.tokenizer, name))] as const),
    );
    const write = async (folder: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> => {
      for (const [path, bytes] of files) await writeFileWhole(join(folder, path), bytes);
      for (const [name, bytes] of vocabulary) await writeFileWhole(join(folder, "tokenizer", name), bytes);
    };
    const backend = await openBackend("node", values.threads);
    const abort = new AbortController();
    const stop = () => abort.abort();
    process.once("SIGINT", stop);
    const options: PretrainOptions = {
      backend,
      hands: (configs, rows) => workerHands(configs, rows, values.hands),
      shelf,
      settings,
      signal: abort.signal,
      report: (part, line) => {
        if (line.step % 50 === 0) progress(describe(part, line));
      },
      snapshot: (snapshot) => write(join(values.runs, "snapshot"), snapshot),
    };
    try {
      if (values.part === "autoencoder") {
        await trainedAutoencoder(options);
        return { text: `The autoencoder is in ${values.runs}.`, json: { out: values.runs, settings } };
      }
      await write(values.out, await makePocket(options));
      const logs: Record<string, LogLine[]> = {};
      for (const part of ["autoencoder", "captioned"] as const) {
        logs[part] = await readLog(shelf(part));
        await writeFileWhole(join(values.out, "training", `${part}.jsonl`), printLog(logs[part]));
      }
      await writeFileWhole(join(values.out, "training", "curves.svg"), curves(logs));
      await writeFileWhole(join(values.out, "training", "settings.json"), `${JSON.stringify(settings, null, 2)}\n`);
    } catch (error) {
      if (!abort.signal.aborted) throw error;
      return { text: `Stopped; the same command goes on from ${values.runs}.`, json: { stopped: true }, ok: false };
    } finally {
      process.off("SIGINT", stop);
      await backend.dispose();
    }
    return { text: `Pocket is in ${values.out}.`, json: { out: values.out, settings } };
  },
});

const describe = (part: Part, { step, loss, seconds }: LogLine): string =>
  `${part}: step ${step}, loss ${loss}, ${Math.round(seconds)} s`;

export function folderShelf(folder: string): Shelf {
  return {
    read: async (name) => {
      try {
        return new Uint8Array(await readFile(join(folder, name)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
    write: (name, bytes) => writeFileWhole(join(folder, name), bytes),
  };
}

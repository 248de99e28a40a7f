/**
 * @file A run of self-play in a folder: the `Keeper` of the command line. What is there is whole, whenever the process dies:
 *
 *   run.json                           what the run was begun with
 *   opponents/<iteration>/<n>.png      the opponent's picture of pair n
 *   trajectories/<iteration>/<n>-<part>.bin   its way there, where the run keeps it: [x'_t | output] a step, float32
 *   checkpoints/<iteration>/           as artifacts/checkpoint.ts has it, the newest of the iteration
 *   log.jsonl                          a line a step
 */
import { appendFile, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { encodeCheckpoint, type Numerics, numericsDifferences } from "../artifacts/checkpoint.ts";
import { encodeParts } from "../artifacts/checkpoint-parts.ts";
import type { JsonObject } from "../artifacts/json-object.ts";
import { keptOf } from "../spin/adamw.ts";
import type { Picture, StepReport } from "../studio/api.ts";
import type { Model } from "../studio/model.ts";
import { numericsOf, storedAs } from "../studio/project-keeper.ts";
import type { Keeper } from "../studio/self-play-job.ts";
import { readState, type Stored } from "../studio/stored-state.ts";
import { isInVectors, type Trainable, type Trained } from "../studio/trained.ts";
import { type FolderFiles, readBytes, readText, writeFileWhole, writeFolderWhole } from "./files.ts";
import { decodeImage, encodePng } from "./images.ts";

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

export class FolderKeeper implements Keeper {
  readonly #folder: string;
  readonly #model: Model;
  readonly #pairs: readonly string[];
  readonly #seed: number;
  readonly #settings: JsonObject;

  constructor(folder: string, model: Model, pairs: readonly string[], seed: number, settings: JsonObject) {
    this.#folder = folder;
    this.#model = model;
    this.#pairs = pairs;
    this.#seed = seed;
    this.#settings = settings;
  }

  async loser(iteration: number, pair: string): Promise<Uint8ClampedArray | null> {
    const path = this.#picture(iteration, pair);
    return (await exists(path)) ? decodeImage(await readBytes(path), path).rgba : null;
  }

  async keepLoser(iteration: number, pair: string, { side, rgba }: Picture): Promise<void> {
    await writeFileWhole(this.#picture(iteration, pair), encodePng({ width: side, height: side, rgba }));
  }

  async trajectory(iteration: number, pair: string, part: number): Promise<Float32Array | null> {
    const path = this.#trajectory(iteration, pair, part);
    if (!(await exists(path))) return null;
    const bytes = await readBytes(path);
    return new Float32Array(bytes.slice(0, bytes.length - (bytes.length % 4)).buffer);
  }

  async keepTrajectory(iteration: number, pair: string, part: number, data: Float32Array): Promise<void> {
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    await writeFileWhole(this.#trajectory(iteration, pair, part), bytes);
  }

  async state(iteration: number): Promise<Trained | null> {
    return (await this.#read(iteration))?.state ?? null;
  }

  /** theta of an iteration that was trained to its end. */
  async finished(iteration: number): Promise<Trainable | null> {
    const checkpoint = await this.#read(iteration);
    return checkpoint && !checkpoint.state ? checkpoint.kept : null;
  }

  async keepState(iteration: number, state: Trained, complete: boolean): Promise<void> {
    const about = {
      uuid: crypto.randomUUID(),
      parent: (await this.#read(iteration - 1))?.uuid ?? null,
      iteration,
      seed: this.#seed,
      train: this.#model.choices.train,
      settings: this.#settings,
      numerics: this.#numerics,
    };
    await replaceFolder(this.#checkpoint(iteration), await this.#encode(about, state, complete));
  }

  #encode(about: Parameters<typeof encodeParts>[0], state: Trained, complete: boolean) {
    const { layout } = this.#model.set;
    if (!isInVectors(state)) return encodeParts(about, state, layout, { complete, storedAs: storedAs(this.#settings) });
    const { step, ...vectors } = state;
    const vector = complete ? keptOf(vectors) : vectors.vector;
    return encodeCheckpoint({ ...about, step, vector, optimizer: complete ? null : vectors }, layout);
  }

  /** A folder has one state of an iteration, the newest. */
  async takeBack(): Promise<null> {
    return null;
  }

  /** In which respects the run goes on otherwise than the checkpoint was made; none: the bits are the same. */
  async differences(iteration: number): Promise<readonly (keyof Numerics)[]> {
    const checkpoint = await this.#read(iteration);
    return checkpoint ? numericsDifferences(checkpoint.numerics, this.#numerics) : [];
  }

  async log(iteration: number, report: StepReport): Promise<void> {
    await appendFile(join(this.#folder, "log.jsonl"), `${JSON.stringify({ iteration, ...report })}\n`);
  }

  /** Takes back the lines of steps that will be made again. */
  async rewindLog(iteration: number, step: number): Promise<void> {
    const path = join(this.#folder, "log.jsonl");
    if (!(await exists(path))) return;
    const kept = (await readText(path)).split("\n").filter((line) => {
      const at = parseLine(line);
      return at !== null && (at.iteration < iteration || (at.iteration === iteration && at.step <= step));
    });
    await writeFileWhole(path, kept.map((line) => `${line}\n`).join(""));
  }

  get #numerics(): Numerics {
    return numericsOf(this.#model);
  }

  #picture(iteration: number, pair: string): string {
    return join(this.#folder, "opponents", String(iteration), `${this.#pairs.indexOf(pair) + 1}.png`);
  }

  #trajectory(iteration: number, pair: string, part: number): string {
    const name = `${this.#pairs.indexOf(pair) + 1}-${part}.bin`;
    return join(this.#folder, "trajectories", String(iteration), name);
  }

  #checkpoint(iteration: number): string {
    return join(this.#folder, "checkpoints", String(iteration));
  }

  async #read(iteration: number): Promise<Stored | null> {
    const folder = this.#checkpoint(iteration);
    await settle(folder);
    if (!(await exists(folder))) return null;
    const names = await readdir(folder);
    return readState({ names, read: (name) => readBytes(join(folder, name)) }, this.#model.set.layout);
  }
}

/** A line that was being written when the process died is none. */
function parseLine(line: string): { readonly iteration: number; readonly step: number } | null {
  try {
    return JSON.parse(line) as { iteration: number; step: number };
  } catch {
    return null;
  }
}

/** The new folder stands whole beside the old one before that goes. */
async function replaceFolder(folder: string, files: FolderFiles): Promise<void> {
  await settle(folder);
  await mkdir(join(folder, ".."), { recursive: true });
  await writeFolderWhole(`${folder}.next`, files);
  await settle(folder);
}

/** Ends a replacement that was begun. */
async function settle(folder: string): Promise<void> {
  if (!(await exists(`${folder}.next`))) return;
  await rm(folder, { recursive: true, force: true });
  await rename(`${folder}.next`, folder);
}

/** Removes what was half-written when the process died. */
export async function removeDrafts(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  for (const name of await readdir(folder, { recursive: true }))
    if (/(^|[\\/])\.[^\\/]*\.part$/.test(name)) await rm(join(folder, name), { recursive: true, force: true });
}

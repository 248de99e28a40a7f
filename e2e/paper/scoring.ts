/**
 * @file Pictures scored: what is seen of them is kept by a hash of all that they depend on, so that nothing is drawn twice; the
 * pictures themselves are not kept.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readText, writeFileWhole } from "../../src/cli/files.ts";
import { sha256 } from "../../src/lib/sha256.ts";
import { mean } from "../../src/lib/statistics.ts";
import { type Point, type Protocol, type Scored, scoreNames } from "../../src/paper/results.ts";
import { heldOutSplit } from "../../src/pocket/splits.ts";
import type { Picture } from "../../src/studio/api.ts";
import { drawAll, type Scores } from "../../src/studio/evaluate.ts";
import type { Model } from "../../src/studio/model.ts";
import { pocketScorer } from "../../src/studio/pocket-scorer.ts";

type Four = ReturnType<ReturnType<typeof pocketScorer>["scoresOf"]>;
/** Of each score a number a prompt. */
type Lists = Record<(typeof scoreNames)[number], number[]>;

export interface Sampling {
  readonly prompts: readonly string[];
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly guidance: number;
}

const rounded = (value: number): number => Number(value.toFixed(3));
/** Of the j-th picture of prompt i; no two are the same. */
const seedOf = (i: number, j: number): number => i + 1000 * j;

export class Judge {
  readonly #model: Model;
  readonly #protocol: Protocol;
  readonly #folder: string;
  readonly #identity: string;
  readonly #stop: AbortSignal;
  readonly #scorer = pocketScorer();
  #reference: readonly Four[] | null = null;

  /** `identity`: of the model's files. */
  constructor(model: Model, protocol: Protocol, folder: string, identity: string, stop: AbortSignal) {
    this.#model = model;
    this.#protocol = protocol;
    this.#folder = folder;
    this.#identity = identity;
    this.#stop = stop;
  }

  draw(vector: Float32Array, sampling: Sampling): Promise<readonly Picture[]> {
    return drawAll(this.#model, vector, { ...sampling, negativePrompt: "" }, this.#stop);
  }

  /** The four scores of each picture. */
  async #scores(vector: Float32Array, sampling: Sampling): Promise<readonly Four[]> {
    const { buffer, byteOffset, byteLength } = vector;
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    const key = { ...sampling, identity: this.#identity, vector: await sha256(bytes) };
    const name = await sha256(new TextEncoder().encode(JSON.stringify(key)));
    const path = join(this.#folder, "scores", `${name.slice(0, 16)}.json`);
    if (existsSync(path)) return JSON.parse(await readText(path)) as Four[];
    const pictures = await this.draw(vector, sampling);
    const scores = pictures.map((picture) => this.#scorer.scoresOf(this.#scorer.measuresOf(picture)));
    await writeFileWhole(path, JSON.stringify(scores));
    return scores;
  }

  /** With the average, in deviations of the base's on the development prompts. */
  async #averaged(vector: Float32Array, sampling: Sampling): Promise<readonly Scores[]> {
    this.#reference ??= await this.#scores(this.#base, this.#development);
    const reference = this.#reference;
    const scores = await this.#scores(vector, sampling);
    return scores.map((each) => ({ ...each, average: this.#scorer.averageOf(each, reference) }));
  }

  /** What training began from: where a LoRA is trained, one that adds nothing. */
  get #base(): Float32Array {
    return this.#model.base;
  }

  get #development(): Sampling {
    const { development, curve } = this.#protocol;
    return this.#sampling(heldOutSplit().development.slice(0, development), curve.steps, 0);
  }

  #sampling(prompts: readonly string[], steps: number, j: number): Sampling {
    return { prompts, seeds: prompts.map((_, i) => seedOf(i, j)), steps, guidance: this.#protocol.guidance };
  }

  /** The mean of the average on the development prompts, by which settings are chosen. */
  async trial(vector: Float32Array): Promise<number> {
    return rounded(mean((await this.#averaged(vector, this.#development)).map(averageOf)));
  }

  async point(vector: Float32Array, samples: number): Promise<Point> {
    const { prompts, curve } = this.#protocol;
    const scores = await this.#averaged(vector, this.#sampling(prompts.slice(0, curve.prompts), curve.steps, 0));
    const means = scoreNames.map((name) => [name, rounded(mean(scores.map((each) => each[name] ?? NaN)))]);
    return {
      samples,
      scores: Object.fromEntries(means) as Point["scores"],
      average: scores.map(averageOf).map(rounded),
    };
  }

  /** Each prompt's best by the average, and which it is. */
  async final(vector: Float32Array): Promise<Pick<Scored, "scores"> & { readonly chosen: readonly number[] }> {
    const { prompts, final } = this.#protocol;
    const all: (readonly Scores[])[] = [];
    for (let j = 0; j < final.best; j++)
      all.push(await this.#averaged(vector, this.#sampling(prompts, final.steps, j)));
    const lists: Lists = { truth: [], faith: [], finish: [], sharpness: [], average: [] };
    const chosen = prompts.map((_, i) => {
      const own = all.map((scores) => scores[i] as Scores);
      const best = own.reduce((a, b, j) => (averageOf(b) > averageOf(own[a] as Scores) ? j : a), 0);
      for (const name of scoreNames) lists[name].push(rounded(own[best]?.[name] ?? NaN));
      return best;
    });
    return { scores: lists, chosen };
  }

  /** The chosen pictures of a few prompts, drawn again. */
  async shown(vector: Float32Array, chosen: readonly number[], which: readonly number[]): Promise<readonly Picture[]> {
    const { prompts, final, guidance } = this.#protocol;
    return this.draw(vector, {
      prompts: which.map((i) => prompts[i] as string),
      seeds: which.map((i) => seedOf(i, chosen[i] as number)),
      steps: final.steps,
      guidance,
    });
  }
}

const averageOf = (scores: Scores): number => scores["average"] as number;

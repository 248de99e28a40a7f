/** @file The parts of the experiments, and what each needs; every part does its work in one process. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { FolderKeeper } from "../../src/cli/folder-keeper.ts";
import { readText, writeFileWhole } from "../../src/cli/files.ts";
import { encodePng } from "../../src/cli/images.ts";
import { sheet } from "../../src/cli/sheet.ts";
import { objectiveTitles, searched, type Searched, searchPart } from "../../src/paper/names.ts";
import type { Curve, Part, Point, Scored, Trial } from "../../src/paper/results.ts";
import { loserOf } from "../../src/pocket/losers.ts";
import { samplePairs } from "../../src/pocket/pairs.ts";
import type { PairInput, SpinSettings } from "../../src/studio/api.ts";
import type { Model } from "../../src/studio/model.ts";
import { objectivesOf, toldOf, trialsOf } from "./methods.ts";
import type { Asked } from "./options.ts";
import type { Judge } from "./scoring.ts";
import { type Of, readDone } from "./store.ts";
import { type Chain, trainChain } from "./training.ts";

export interface Work {
  readonly asked: Asked;
  readonly seed: number;
  readonly model: Model;
  readonly judge: Judge;
  readonly say: (line: string) => void;
  readonly stop: AbortSignal;
}

export interface PartKind {
  readonly id: string;
  /** for each training seed, or once for all */
  readonly perSeed: boolean;
  readonly needs: readonly string[];
  readonly train: SpinSettings["train"];
  readonly work: (work: Work) => Promise<Partial<Part>>;
  /** runs of the seed that no part needs once this one is done */
  readonly leaves: readonly string[];
}

/** Of the searches for settings; none of the reported seeds. */
const SEARCH_SEED = 1000;
/** Prompts whose pictures are shown. */
export const SHOWN = 16;

const pairsOf = ({ protocol }: Asked): readonly PairInput[] =>
  samplePairs(protocol.pairs).map((pair, i) => ({ ...pair, loser: loserOf(pair, i) }));

const everyOf = ([first]: readonly SpinSettings[], points: number): number =>
  Math.max(1, Math.round((first?.steps ?? 1) / points));

const folderOf = ({ asked, seed }: Pick<Work, "asked" | "seed">, name: string): string =>
  join(asked.out, `seed-${seed}`, name);

function chainOf(work: Work, name: string, settings: readonly SpinSettings[], look: Chain["look"], points = 3): Chain {
  const { asked, seed, say, stop } = work;
  return {
    folder: folderOf(work, name),
    seed,
    pairs: pairsOf(asked),
    settings,
    every: everyOf(settings, points),
    look,
    say,
    stop,
  };
}

async function search(work: Work, method: Searched): Promise<Partial<Part>> {
  const own = { ...work, seed: SEARCH_SEED };
  const trials: Trial[] = [];
  for (const [k, settings] of trialsOf(method, work.asked.quick).entries()) {
    const say = (line: string) => work.say(`trial ${k + 1}, ${line}`);
    const chain = chainOf({ ...own, say }, `${method}-trial-${k + 1}`, settings, async () => {}, 1);
    const ends = await trainChain(work.model, chain);
    const average = await work.judge.trial(ends.at(-1) as Float32Array);
    say(`average ${average}`);
    trials.push({ settings: toldOf(settings), average });
  }
  for (const k of trials.keys()) await rm(folderOf(own, `${method}-trial-${k + 1}`), { recursive: true, force: true });
  return { trials };
}

/** The settings of the best trial. */
async function chosen({ asked }: Work, method: Searched): Promise<readonly SpinSettings[]> {
  const { trials } = await readDone(asked, searchPart(method), null);
  const best = trials.reduce((a, { average }, k) => (average > (trials[a]?.average ?? -Infinity) ? k : a), 0);
  return trialsOf(method, asked.quick)[best] as readonly SpinSettings[];
}

/** The best of each prompt, and for the eye those of a few. */
async function finalModel(work: Work, id: string, vector: Float32Array, about: Omit<Scored, "id" | "scores">) {
  const { judge, asked, seed, say } = work;
  const { scores, chosen: which } = await judge.final(vector);
  const { prompts } = asked.protocol;
  const shown = Array.from({ length: SHOWN }, (_, i) => Math.floor((i * prompts.length) / SHOWN));
  const pictures = await judge.shown(vector, which, shown);
  const strip = sheet([pictures.map(({ rgba }) => rgba)], { side: pictures[0]?.side ?? 64 });
  await writeFileWhole(join(asked.out, "shown", `seed-${seed}`, `${id}.png`), encodePng(strip));
  say(`${id}: scored`);
  return { id, ...about, scores };
}

/** A method: its curve as it trains, and what its iterations that are named end with. */
async function method(work: Work, name: Searched, finals: readonly (string | null)[]): Promise<Partial<Part>> {
  const settings = await chosen(work, name);
  const points = new Points(work, name);
  const ends = await trainChain(work.model, chainOf(work, name, settings, points.look));
  const models: Scored[] = [];
  for (const [k, vector] of ends.entries()) {
    const id = finals[k];
    if (id == null) continue;
    const till = settings.slice(0, k + 1);
    const samples = till.reduce((sum, { steps, pairsPerStep }) => sum + steps * pairsPerStep, 0);
    const own = name === "lora" ? till : settings.slice(k, k + 1);
    models.push(await finalModel(work, id, vector, { settings: toldOf(own), samples }));
  }
  return { models, curves: [{ id: name, settings: toldOf(settings), points: await points.all() }] };
}

/** A curve whose points outlive a stop: each is kept when it was looked at, and not looked at again. */
class Points {
  readonly #judge: Judge;
  readonly #path: string;
  #all: readonly Point[] | null = null;

  constructor(work: Work, name: string) {
    this.#judge = work.judge;
    this.#path = join(folderOf(work, name), "points.json");
  }

  async all(): Promise<readonly Point[]> {
    this.#all ??= existsSync(this.#path) ? (JSON.parse(await readText(this.#path)) as Point[]) : [];
    return this.#all;
  }

  readonly look: Chain["look"] = async (samples, vector) => {
    const before = await this.all();
    if (before.some((point) => point.samples === samples)) return;
    const all = [...before, await this.#judge.point(vector, samples)].sort((a, b) => a.samples - b.samples);
    this.#all = all;
    await writeFileWhole(this.#path, JSON.stringify(all));
  };
}

async function continued(work: Work): Promise<Partial<Part>> {
  const settings = await chosen(work, "spin");
  const [first, ...later] = settings as readonly [SpinSettings, ...SpinSettings[]];
  const { model, seed } = work;
  const spin = chainOf(work, "spin", [first], async () => {});
  const [from] = (await trainChain(model, spin)) as [Float32Array];
  const ids = spin.pairs.map(({ id }) => id);
  const keeper = new FolderKeeper(folderOf(work, "spin"), model, ids, seed, { ...first, seed });
  const points = new Points(work, "continued");
  const samples = first.steps * first.pairsPerStep;
  await points.look(samples, from);
  await trainChain(model, {
    ...chainOf(work, "continued", later, points.look),
    goesOn: { from, opponent: model.base, loser: (pair) => keeper.loser(1, pair), iteration: 2, samples },
  });
  return { curves: [{ id: "continued", settings: toldOf(later), points: await points.all() }] };
}

async function objectives(work: Work): Promise<Partial<Part>> {
  const curves: Curve[] = [];
  for (const [id, settings] of objectivesOf(await chosen(work, "spin"))) {
    const points = new Points(work, id);
    await trainChain(work.model, chainOf(work, id, [settings], points.look, 2));
    curves.push({ id, settings: toldOf([settings]), points: await points.all() });
  }
  return { curves };
}

const kind = (
  id: string,
  needs: readonly string[],
  work: PartKind["work"],
  leaves: readonly string[] = [],
): PartKind => ({
  id,
  leaves,
  perSeed: true,
  needs,
  train: id.endsWith("lora") ? "lora" : "full",
  work,
});

export const partKinds: readonly PartKind[] = [
  {
    ...kind("base", [], async (work) => ({
      models: [await finalModel(work, "base", work.model.base, { settings: {}, samples: 0 })],
    })),
    perSeed: false,
  },
  ...searched.map((name) => ({
    ...kind(searchPart(name), [], (work) => search(work, name)),
    perSeed: false,
  })),
  kind("spin", [searchPart("spin")], (work) => method(work, "spin", ["spin1", "spin2", "spin3"])),
  kind("sft", [searchPart("sft")], (work) => method(work, "sft", ["sft"]), ["sft"]),
  kind("dpo", [searchPart("dpo")], (work) => method(work, "dpo", ["dpo"]), ["dpo"]),
  kind("lora", [searchPart("lora")], (work) => method(work, "lora", [null, null, "lora"]), ["lora"]),
  kind("continued", ["spin"], continued, ["continued", "spin"]),
  kind("objectives", [searchPart("spin")], objectives, Object.keys(objectiveTitles)),
];

/** Checkpoints and opponents' pictures: once the part is written, only its scores count. */
export async function leave(asked: Asked, { leaves }: PartKind, seed: Of): Promise<void> {
  for (const name of leaves) await rm(folderOf({ asked, seed: seed ?? 0 }, name), { recursive: true, force: true });
}

/** Where a needed part is found: with the seed, or with what all share. */
export const seedOf = (id: string, seed: Of): Of => (partKinds.find((each) => each.id === id)?.perSeed ? seed : null);

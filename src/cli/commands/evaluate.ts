/** @file `studio evaluate`: the base and every finished iteration of a run, on the same prompts from the same seeds, scored and compared. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { StudioError } from "../../lib/errors.ts";
import { parseCaption } from "../../pocket/grammar.ts";
import { render, rgbaOf } from "../../pocket/render.ts";
import { heldOutSplit } from "../../pocket/splits.ts";
import type { Backend } from "../../runtime/backend.ts";
import type { Picture } from "../../studio/api.ts";
import { drawAll, report, type Scorer } from "../../studio/evaluate.ts";
import { loadModel, makeArtifacts, type Model } from "../../studio/model.ts";
import { startedFrom } from "../../studio/started-lora.ts";
import { hashOf, type Trainable } from "../../studio/trained.ts";
import { pocketScorer } from "../../studio/pocket-scorer.ts";
import { JudgedPictures } from "../../studio/scorers/judged.ts";
import { scorerKinds } from "../../studio/scorers/kinds.ts";
import { backendOption, withBackend } from "../backends.ts";
import { command } from "../command.ts";
import { readText, writeFileWhole } from "../files.ts";
import { FolderKeeper } from "../folder-keeper.ts";
import { encodePng } from "../images.ts";
import { openLoras, openModelFolder } from "../model-files.ts";
import { integer, number, required, text } from "../options.ts";
import { reportTable } from "../report-table.ts";
import { runRecord } from "../run-record.ts";
import { samplerOption } from "../shared-options.ts";
import { scorerOption, type ScorerPlace, withScorer } from "../scorer-option.ts";
import { sheet } from "../sheet.ts";

/** Rows of the network in one run; no more helps on a CPU. */
const ROWS = 32;
const SHEET_ROWS = 8;

export const evaluate = command({
  name: "evaluate",
  summary:
    "Scores the base and every finished iteration of a run, with pocket's scores or published scorers, and compares them with intervals.",
  options: {
    run: required(text("RUN", "a folder that `studio spin` left")),
    out: required(text("FILE", "where everything goes, prompt by prompt, as JSON")),
    model: text("DIR", "the model that the run was begun with", "public/pocket"),
    prompts: text(
      "FILE",
      "prompts, one a line; or heldout, or development: captions that were never trained",
      "heldout",
    ),
    count: integer("prompts at most", { min: 2 }, 200),
    scorer: scorerOption,
    steps: integer("of the sampler", { min: 1, max: 999 }, 16),
    sampler: samplerOption("ddim by default"),
    guidance: number("of the pictures; the run's own by default", { min: 0 }),
    seed: integer("of the first picture; each next one has the next", {}, 0),
    sheet: text(
      "FILE",
      `a PNG: ${SHEET_ROWS} prompts below each other, the models side by side, with pocket's scores the finest picture last`,
    ),
    backend: backendOption,
  },
  run: async (chosen, _, { progress }) => {
    const prompts = (await promptsOf(chosen.prompts)).slice(0, chosen.count);
    const places = chosen.scorer;
    if (!places) prompts.forEach(parseCaption); // what cannot be scored need not be drawn
    const run = await runRecord(chosen.run);
    const sampling = {
      prompts,
      negativePrompt: "",
      seeds: prompts.map((_, i) => chosen.seed + i),
      steps: chosen.steps,
      sampler: chosen.sampler ?? "ddim",
      guidance: chosen.guidance ?? run.guidance,
    };
    const models = await withBackend(chosen.backend, async (backend) => {
      const model = await open(backend, chosen.model, chosen.run, run);
      const drawn = [];
      for (const { title, vector } of await playersOf(model, chosen.run)) {
        const pictures = await drawAll(model, vector, sampling, undefined, (done) => {
          if (done % 50 === 0 || done === prompts.length) progress(`${title}: ${done} of ${prompts.length} pictures`);
        });
        drawn.push({ model: title, pictures });
      }
      await model.dispose();
      return drawn;
    });
    const judged = places && (await judge(chosen.backend, places, models, progress));
    const { report: told, detail } = judged ? report(models, judged) : report(models, pocketScorer());
    const { seeds, steps, sampler, guidance } = sampling;
    const json = { model: chosen.model, run: chosen.run, prompts, seeds, steps, sampler, guidance, ...told, detail };
    await writeFileWhole(chosen.out, `${JSON.stringify(json, null, 1)}\n`);
    if (chosen.sheet !== undefined) {
      const rows = prompts
        .slice(0, SHEET_ROWS)
        .map((prompt, i) => [
          ...models.map(({ pictures }) => pictures[i]?.rgba as Uint8ClampedArray),
          ...(judged ? [] : [rgbaOf(render(prompt, 1, 0))]),
        ]);
      const side = models[0]?.pictures[0]?.side as number;
      await writeFileWhole(chosen.sheet, encodePng(sheet(rows, { side, scale: 2, gap: 4 })));
    }
    return { json: { out: chosen.out, count: prompts.length, ...told }, text: reportTable(told) };
  },
});

/** One scorer after the other: each may take gigabytes. */
async function judge(
  backend: Parameters<typeof withBackend>[0],
  places: readonly ScorerPlace[],
  models: readonly { readonly model: string; readonly pictures: readonly Picture[] }[],
  progress: (line: string) => void,
): Promise<Scorer> {
  const judged = new JudgedPictures();
  await withBackend(backend, async (opened) => {
    for (const place of places)
      await withScorer(opened, place, async (scorer) => {
        for (const { model, pictures } of models) {
          await judged.add(place.id, scorer, pictures);
          progress(`${scorerKinds[place.id].title}: ${model}`);
        }
      });
  });
  return judged.scorer;
}

async function promptsOf(name: string): Promise<readonly string[]> {
  if (name === "heldout") return heldOutSplit().test;
  if (name === "development") return heldOutSplit().development;
  const lines = (await readText(name)).split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length < 2)
    throw new StudioError(
      "prompts",
      `${name} has ${lines.length} prompts, and at least two were expected, one a line.`,
    );
  return lines;
}

/** The model as the run trained it: its vectors mean nothing to another. */
async function open(
  backend: Backend,
  from: string,
  path: string,
  { seed, base, train, rank, targets, cut, weights, loras }: Awaited<ReturnType<typeof runRecord>>,
): Promise<Model> {
  const opened = await openModelFolder(from);
  const given = await openLoras(loras, opened, () => {});
  const choices = { samples: 2, drawSamples: ROWS, train, rank, targets, cut, weights };
  const set = await makeArtifacts(opened, choices);
  const { folder, initial } = startedFrom(opened, given, set.artifact, seed);
  const model = await loadModel(backend, set, folder, initial);
  if ((await hashOf(model.start, model.set.layout)) !== base)
    throw new StudioError("run", `${path} was begun with other weights than ${from} has.`, "--model names the model.");
  return model;
}

async function playersOf(model: Model, run: string) {
  const keeper = new FolderKeeper(run, model, [], 0, {});
  const names = await readdir(join(run, "checkpoints")).catch(() => []);
  const players: { readonly title: string; readonly vector: Trainable }[] = [{ title: "base", vector: model.start }];
  for (const k of names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)) {
    const vector = await keeper.finished(k);
    if (vector) players.push({ title: `SPIN ${k}`, vector });
  }
  if (players.length === 1)
    throw new StudioError("run", `${run} has no finished iteration yet, expected at least one.`);
  return players;
}

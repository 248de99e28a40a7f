/**
 * @file The paper's experiments in miniature, on pocket: `npm run paper`. Writes docs/paper: results, tables, figures, a page of text.
 *
 *   --seed S           one training seed (may be given again); else 0, 1 and 2
 *   --only PART        base, search-sft, search-dpo, search-spin, search-lora, sft, dpo, spin, lora, continued, objectives, report
 *   --quick            everything in a few steps and pictures, to see that it works; into runs/paper-quick
 *   --processes N      at once, 2 by default; the cores are shared among them
 *
 * Stopped anywhere, the same command goes on. Finished parts are published as they come, so that a fresh clone goes on from them.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StudioError } from "../../src/lib/errors.ts";
import { folderHash, openPlayer } from "../selfplay/player.ts";
import { forecastMinutes, playerOptions } from "./forecast.ts";
import { type Asked, asked, MODEL } from "./options.ts";
import { leave, type PartKind, partKinds, seedOf } from "./parts.ts";
import { writeReport } from "./report.ts";
import { Judge } from "./scoring.ts";
import { isDone, madeNow, type Of, takePublished, writeDone } from "./store.ts";

interface Job {
  readonly kind: PartKind;
  readonly seed: Of;
}

const nameOf = ({ kind, seed }: Job): string => (seed === null ? kind.id : `${kind.id}, seed ${seed}`);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

function jobsOf({ seeds, only }: Asked): readonly Job[] {
  const kinds = partKinds.filter(({ id }) => only === null || only === id);
  const shared = kinds.filter(({ perSeed }) => !perSeed).map((kind) => ({ kind, seed: null }));
  return [
    ...shared,
    ...seeds.flatMap((seed) => kinds.filter(({ perSeed }) => perSeed).map((kind) => ({ kind, seed }))),
  ];
}

const missing = (options: Asked, { kind, seed }: Job): readonly string[] =>
  kind.needs.filter((id) => !isDone(options, id, seedOf(id, seed)));

/** One part from where it stands to its end, in this process. */
async function single(options: Asked, job: Job, identity: string): Promise<void> {
  const needed = missing(options, job);
  if (needed.length > 0)
    throw new StudioError(
      "part",
      `${nameOf(job)} needs ${needed.join(", ")} first.`,
      "Leave --only out, or run those before.",
    );
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new StudioError("stopped", "Stopped; the same command goes on.")));
  const began = performance.now();
  const { model, close } = await openPlayer(playerOptions(options, job.kind.train));
  const judge = new Judge(model, options.protocol, options.out, `${identity} ${job.kind.train}`, stop.signal);
  const work = {
    asked: options,
    seed: job.seed ?? 0,
    model,
    judge,
    say: (line: string) => say(`${nameOf(job)}: ${line}`),
    stop: stop.signal,
  };
  const found = await job.kind.work(work);
  await close();
  const made = madeNow(options, (performance.now() - began) / 60_000);
  await writeDone(options, job.kind.id, job.seed, { made, models: [], curves: [], trials: [], ...found });
  await leave(options, job.kind, job.seed);
}

async function inProcess(job: Job, options: Asked): Promise<void> {
  const words = ["--only", job.kind.id, "--child", ...(job.seed === null ? [] : ["--seed", String(job.seed)])];
  const more = [...(options.quick ? ["--quick"] : []), "--processes", String(options.processes)];
  const script = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, ["--import", "tsx", script, ...words, ...more], { stdio: "inherit" });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new StudioError("part", `${nameOf(job)} ended with ${String(code)}; what is finished is kept.`);
}

/** Whatever has its inputs is begun, a few at a time; a part that fails ends only those that need it. */
async function all(
  options: Asked,
  jobs: readonly Job[],
  minutes: (job: Job) => number,
  publish: () => Promise<void>,
): Promise<void> {
  const waiting = jobs.filter(({ kind, seed }) => !isDone(options, kind.id, seed));
  const running = new Map<Job, Promise<void>>();
  const failures: unknown[] = [];
  const began = performance.now();
  const total = waiting.reduce((sum, job) => sum + minutes(job), 0);
  let done = 0;
  for (;;) {
    const ready = waiting.filter((job) => missing(options, job).length === 0);
    for (const job of ready.slice(0, options.processes - running.size)) {
      waiting.splice(waiting.indexOf(job), 1);
      say(`${nameOf(job)}: begins, about ${minutes(job).toFixed(0)} minutes`);
      const ended = inProcess(job, options)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => running.delete(job));
      running.set(
        job,
        ended.then(() => void (done += minutes(job))),
      );
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
    await publish();
    const spent = (performance.now() - began) / 60_000;
    if (done > 0) say(`about ${((spent * (total - done)) / done).toFixed(0)} minutes left`);
  }
  if (failures.length > 0) throw failures[0];
  if (waiting.length > 0)
    throw new StudioError(
      "part",
      `${waiting.map(nameOf).join("; ")} cannot begin: ${missing(options, waiting[0] as Job).join(", ")} first.`,
    );
}

try {
  const options = asked(process.argv.slice(2));
  const known = [...partKinds.map(({ id }) => id), "report"];
  if (options.only !== null && !known.includes(options.only))
    throw new StudioError(
      "arguments",
      `--only ${options.only} was given, and one of ${known.join(", ")} was expected.`,
    );
  if (!existsSync(MODEL)) throw new StudioError("model", `${MODEL} is not there.`, "Run this in the project's folder.");
  const identity = await folderHash(MODEL);
  await takePublished(options, identity);
  const jobs = jobsOf(options);
  if (options.child) for (const job of jobs) await single(options, job, identity);
  else {
    const open = jobs.filter(({ kind, seed }) => !isDone(options, kind.id, seed));
    const minutes = open.length > 0 ? await forecastMinutes(options) : () => 0;
    const each = ({ kind }: Job): number => minutes(kind.id);
    const total = open.reduce((sum, job) => sum + each(job), 0) / options.processes;
    if (open.length > 0) say(`${open.length} parts, ${options.processes} at a time: about ${total.toFixed(0)} minutes`);
    const publish = () => writeReport(options, identity);
    await all(options, open, each, publish);
    await publish();
    process.stdout.write(`${join(options.docs, "README.md")}\n`);
  }
} catch (error) {
  if (!(error instanceof StudioError)) throw error;
  say(`${error.message} ${error.hint ?? ""}`);
  process.exitCode = 2;
}

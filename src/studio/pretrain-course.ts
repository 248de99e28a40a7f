/** @file A training that can stop at any step and go on to the same bits: its state on a shelf, saved every minute. */
import { parseSafetensors, writeSafetensors } from "../artifacts/safetensors.ts";
import { required, StudioError } from "../lib/errors.ts";

/** Where a training keeps its files. `write` leaves a file whole or as it was. */
export interface Shelf {
  read(name: string): Promise<Uint8Array | null>;
  write(name: string, bytes: Uint8Array | string): Promise<void>;
}

/** What the next step depends on is `step`, `state` and the seed, nothing else. */
export interface Course {
  readonly steps: number;
  /** steps made */
  step: number;
  /** changed in place */
  readonly state: Readonly<Record<string, Float32Array>>;
  /** Makes step number `step` and counts it. Returns the loss. */
  advance(): Promise<number>;
}

export interface CourseOptions {
  readonly shelf: Shelf;
  /** What must be the same for a resumed run to be the same run. */
  readonly settings: Readonly<Record<string, number | string>>;
  readonly signal?: AbortSignal;
  readonly report?: (line: LogLine) => void;
  /** called with the course at rest, about once a minute and at the end */
  readonly saved?: () => Promise<void>;
  /** steps of one line of the log */
  readonly logSteps?: number;
}

export interface LogLine {
  readonly step: number;
  /** mean over the steps since the last line */
  readonly loss: number;
  /** of work so far, pauses not counted */
  readonly seconds: number;
}

const SAVE_SECONDS = 60;
const LOG = "log.jsonl";

/** Runs the course to its end, from where the shelf has it. Returns the log. */
export async function follow(course: Course, options: CourseOptions): Promise<readonly LogLine[]> {
  const { shelf, signal, logSteps = 10 } = options;
  const log = await restore(course, options);
  let seconds = log.at(-1)?.seconds ?? 0;
  let [clock, savedAt] = [Date.now(), Date.now()];
  let losses: number[] = [];
  const save = async (): Promise<void> => {
    await shelf.write("state.safetensors", encodeState(course, options.settings));
    await shelf.write(LOG, printLog(log));
    await options.saved?.();
    savedAt = Date.now();
  };
  while (course.step < course.steps) {
    losses.push(await course.advance());
    const now = Date.now();
    seconds += (now - clock) / 1000;
    clock = now;
    if (course.step % logSteps === 0 || course.step === course.steps) {
      const loss = losses.reduce((a, b) => a + b, 0) / losses.length;
      const line = { step: course.step, loss: round(loss, 6), seconds: round(seconds, 1) };
      losses = [];
      log.push(line);
      options.report?.(line);
      // Only where a line ends, so that the log of a resumed run has the same lines.
      if (signal?.aborted || now - savedAt > SAVE_SECONDS * 1000) await save();
      signal?.throwIfAborted();
      clock = Date.now();
    }
  }
  await save();
  return log;
}

const round = (x: number, digits: number): number => Number(x.toFixed(digits));

function encodeState(course: Course, settings: CourseOptions["settings"]): Uint8Array {
  const tensors = new Map(
    Object.entries(course.state).map(([name, data]) => [name, { dtype: "F32" as const, shape: [data.length], data }]),
  );
  return writeSafetensors(tensors, { step: String(course.step), settings: JSON.stringify(settings) });
}

async function restore(course: Course, { shelf, settings }: CourseOptions): Promise<LogLine[]> {
  const bytes = await shelf.read("state.safetensors");
  if (!bytes) return [];
  const { metadata, tensors } = parseSafetensors(bytes, "The state of the training");
  const before = metadata.get("settings");
  if (before !== JSON.stringify(settings)) {
    throw new StudioError(
      "pretrain",
      `The training on the shelf has other settings (${before}) than these (${JSON.stringify(settings)}), and the same were expected.`,
      "Give the same settings, or another folder for the run.",
    );
  }
  course.step = Number(metadata.get("step"));
  for (const [name, data] of Object.entries(course.state))
    data.set(required(tensors.get(name), `"${name}" of the state`).data as Float32Array);
  return (await readLog(shelf)).filter((line) => line.step <= course.step);
}

/** The lines that were logged so far. */
export async function readLog(shelf: Shelf): Promise<LogLine[]> {
  const text = new TextDecoder().decode((await shelf.read(LOG)) ?? new Uint8Array());
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as LogLine]));
}

export function printLog(log: readonly LogLine[]): string {
  return log.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Linear warm-up over `warmup` steps, then a half cosine from `peak` down to `floor` times it. */
export function cosineRate(step: number, steps: number, peak: number, warmup: number, floor = 0.03): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const along = (step - warmup) / Math.max(1, steps - warmup);
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * along)));
}

/**
 * @file The tasks of the page's main thread, from Chromium's trace: how many took more than 50 ms, by the clock (the browser's own
 * long tasks) and by the processor alone. On a busy machine the clock counts other programs' work too.
 */
import type { Browser, Page } from "@playwright/test";
import { quantile } from "../../src/lib/statistics.ts";

const LONG_MS = 50;
const MOST_TOLD = 3;
/** told by the thread that is watched: a browser has other pages' threads of the same name */
const MARK = "watched";

/** In milliseconds. */
export interface Long {
  readonly count: number;
  readonly p99: number;
  readonly longest: number;
}

export interface LongTasks {
  readonly clock: Long;
  readonly processor: Long;
  /** what took most in the longest by the processor */
  readonly made: readonly string[];
}

/** Chromium's; times in microseconds, `tdur` of the thread's own work. */
interface Traced {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly data?: { readonly type?: string; readonly message?: string } };
}

export async function longTasks(browser: Browser, page: Page, act: () => Promise<void>): Promise<LongTasks> {
  const categories = ["devtools.timeline", "disabled-by-default-devtools.timeline"];
  await browser.startTracing(page, { categories });
  let trace: Buffer;
  try {
    await page.evaluate((mark) => console.timeStamp(mark), MARK);
    await act();
  } finally {
    trace = await browser.stopTracing();
  }
  return counted((JSON.parse(trace.toString()) as { traceEvents: Traced[] }).traceEvents);
}

function counted(events: readonly Traced[]): LongTasks {
  const mark = events.find(({ name, args }) => name === "TimeStamp" && args.data?.message === MARK);
  if (mark === undefined) throw new Error("Chromium's trace does not hold the page's own mark.");
  const work = events.filter(({ ph, pid, tid }) => ph === "X" && pid === mark.pid && tid === mark.tid);
  const tasks = work.filter(({ name }) => name === "RunTask");
  if (tasks.length === 0) throw new Error("Chromium's trace holds no task of the page.");
  const worst = tasks.filter(({ tdur = 0 }) => tdur > LONG_MS * 1000).sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0));
  return {
    clock: long(tasks.map(({ dur = 0 }) => dur / 1000)),
    processor: long(tasks.map(({ tdur = 0 }) => tdur / 1000)),
    made: worst.slice(0, MOST_TOLD).map((task) => insideOf(task, work)),
  };
}

function long(all: readonly number[]): Long {
  const times = Float64Array.from(all.filter((ms) => ms > LONG_MS)).sort();
  const at = (q: number): number => (times.length === 0 ? 0 : Math.round(quantile(times, q)));
  return { count: times.length, p99: at(0.99), longest: at(1) };
}

/** "EventDispatch click, Layout 93 ms": what is nested in a task and took half of it or more, outermost first. */
function insideOf(task: Traced, work: readonly Traced[]): string {
  const end = task.ts + (task.dur ?? 0);
  const inside = work.filter(({ name, ts, tdur = 0 }) => {
    return ts >= task.ts && ts < end && name !== "RunTask" && tdur >= (task.tdur ?? 0) / 2;
  });
  const words = inside.map(({ name, args }) => [name, args.data?.type ?? ""].join(" ").trim());
  return `${words.join(", ") || "unnamed"} ${Math.round((task.tdur ?? 0) / 1000)} ms`;
}

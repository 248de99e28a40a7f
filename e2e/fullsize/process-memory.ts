/** @file The memory of the browser's processes, as Linux tells it: of a page's own, and of the one that has the graphics device. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Bytes, shared ones by their share. */
export interface ProcessMemory {
  readonly renderer: number;
  readonly gpu: number;
}

const EVERY_MS = 2000;

/** All that a process started, and what those started. */
function descendants(of: number): readonly number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const [, parent] = /^PPid:\s+(\d+)$/m.exec(read(`/proc/${name}/status`)) ?? [];
      return parent === undefined ? [] : [[Number(name), Number(parent)] as const];
    });
  const under = (pid: number): readonly number[] =>
    parents.filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...under(child)]);
  return under(of);
}

/** "" where the process is gone. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const bytesOf = (pid: number): number =>
  1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);

/** The largest process of a kind: the page's own is the largest renderer. */
function now(): ProcessMemory {
  const all = descendants(process.pid).map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`) }));
  const largest = (kind: string): number =>
    Math.max(0, ...all.filter(({ command }) => command.includes(`--type=${kind}`)).map(({ pid }) => bytesOf(pid)));
  return { renderer: largest("renderer"), gpu: largest("gpu-process") };
}

/** Looks every other second until it is stopped. Null on systems that do not tell. */
export class MemoryWatch {
  #peak: ProcessMemory = { renderer: 0, gpu: 0 };
  readonly #timer = existsSync("/proc/self/smaps_rollup") ? setInterval(() => this.#look(), EVERY_MS) : null;

  #look(): void {
    const { renderer, gpu } = now();
    this.#peak = { renderer: Math.max(this.#peak.renderer, renderer), gpu: Math.max(this.#peak.gpu, gpu) };
  }

  /** The most since the last call. */
  take(): ProcessMemory | null {
    if (this.#timer === null) return null;
    this.#look();
    const peak = this.#peak;
    this.#peak = { renderer: 0, gpu: 0 };
    return peak;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }
}

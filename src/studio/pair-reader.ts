/** @file The page's end of the worker that reads pictures: begun with the first call, and no call hangs when it dies. */
import { StudioError } from "../lib/errors.ts";
import type { WireError } from "./api.ts";
import type { DataCallName, DataCalls } from "./data-api.ts";
import { fromWire } from "./wire-error.ts";

export type PairReader = {
  readonly [N in DataCallName]: (params: DataCalls[N]["params"]) => Promise<DataCalls[N]["result"]>;
};

type Answer =
  | { readonly id: number; readonly ok: true; readonly result: never }
  | { readonly id: number; readonly ok: false; readonly error: WireError };

/** One worker for all projects; each has the pictures that came in for it. */
export function startPairReader(): (project: string) => PairReader {
  let worker: Worker | null = null;
  let count = 0;
  const waiting = new Map<number, { resolve(value: never): void; reject(error: unknown): void }>();
  const begin = (): Worker => {
    const begun = new Worker(new URL("./data.worker.ts", import.meta.url), { type: "module", name: "data" });
    begun.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const caller = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.ok) caller?.resolve(data.result);
      else caller?.reject(fromWire(data.error));
    });
    begun.addEventListener("error", () => {
      const dead = new StudioError("worker", "Reading stopped: a file needed more than this browser gives.");
      for (const { reject } of waiting.values()) reject(dead);
      waiting.clear();
      begun.terminate();
      worker = null; // the next call begins another
    });
    return begun;
  };
  const ask = <N extends DataCallName>(
    project: string,
    name: N,
    params: DataCalls[N]["params"],
  ): Promise<DataCalls[N]["result"]> =>
    new Promise((resolve, reject) => {
      const id = ++count;
      waiting.set(id, { resolve, reject });
      worker ??= begin();
      worker.postMessage({ id, project, name, params });
    });
  return (project) => ({
    open: (params) => ask(project, "open", params),
    next: (params) => ask(project, "next", params),
    crop: (params) => ask(project, "crop", params),
    original: (params) => ask(project, "original", params),
    forget: (params) => ask(project, "forget", params),
  });
}

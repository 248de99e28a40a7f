/** @file The page's end of the worker that speaks with the hub: begun with the first call, and no call hangs when it dies. */
import { StudioError } from "../lib/errors.ts";
import type { WireError } from "./api.ts";
import type { Hub, HubNews } from "./hub-api.ts";
import { fromWire } from "./wire-error.ts";

interface Waiting {
  resolve(value: never): void;
  reject(error: unknown): void;
  told?(news: HubNews): void;
}

type FromWorker =
  | { readonly id: number; readonly ok: true; readonly result: never }
  | { readonly id: number; readonly ok: false; readonly error: WireError }
  | { readonly id: number; readonly news: HubNews };

export function startHub(): Hub {
  let worker: Worker | null = null;
  let count = 0;
  const waiting = new Map<number, Waiting>();
  const begin = (): Worker => {
    const begun = new Worker(new URL("./hub.worker.ts", import.meta.url), { type: "module", name: "hub" });
    begun.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      const caller = waiting.get(data.id);
      if ("news" in data) {
        caller?.told?.(data.news);
        return;
      }
      waiting.delete(data.id);
      if (data.ok) caller?.resolve(data.result);
      else caller?.reject(fromWire(data.error));
    });
    begun.addEventListener("error", () => {
      const dead = new StudioError(
        "worker",
        "The part of the page that downloads models stopped.",
        "What has arrived is kept. Go on with the download.",
      );
      for (const { reject } of waiting.values()) reject(dead);
      waiting.clear();
      begun.terminate();
      worker = null; // the next call begins another
    });
    return begun;
  };
  return {
    call: (name, params, told, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        worker ??= begin();
        const id = ++count;
        waiting.set(id, { resolve: resolve as (value: never) => void, reject, ...(told && { told }) });
        signal?.addEventListener("abort", () => worker?.postMessage({ abort: id }), { once: true });
        worker.postMessage({ id, name, params });
      }),
  };
}

/** @file Starts a worker when asked, `playInWorker(beta)` or `measureInWorker(request)`, and passes on what it says. */
import type { Measured } from "./measure.ts";
import type { MemoryRequest } from "./memory.worker.ts";
import type { MemoryReport } from "./memory-scene.ts";

declare global {
  // biome-ignore lint/style/noVar: the way to declare a global
  var playInWorker: (beta: number) => Promise<Measured>;
  // biome-ignore lint/style/noVar: the way to declare a global
  var measureInWorker: (request: MemoryRequest) => Promise<MemoryReport>;
}

export type FromWorker<T> = { readonly line: string } | { readonly done: T } | { readonly failed: string };

function ask<Q, A>(worker: Worker, request: Q): Promise<A> {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker<A>>) => {
      if ("line" in data) console.log(data.line);
      else if ("done" in data) resolve(data.done);
      else reject(new Error(data.failed));
    });
    worker.addEventListener("error", (event) => reject(new Error(event.message || "the worker did not start")));
    worker.postMessage(request);
  });
}

globalThis.playInWorker = (beta) =>
  ask(new Worker(new URL("./fullsize.worker.ts", import.meta.url), { type: "module", name: "gpu" }), beta);
globalThis.measureInWorker = (request) =>
  ask(new Worker(new URL("./memory.worker.ts", import.meta.url), { type: "module", name: "memory" }), request);

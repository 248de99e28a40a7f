/** @file Starts the worker when asked, `playInWorker(beta)`, and passes on what it says. */
import type { Measured } from "./measure.ts";

declare global {
  // biome-ignore lint/style/noVar: the way to declare a global
  var playInWorker: (beta: number) => Promise<Measured>;
}

export type FromWorker = { readonly line: string } | { readonly done: Measured } | { readonly failed: string };

globalThis.playInWorker = (beta) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./fullsize.worker.ts", import.meta.url), { type: "module", name: "gpu" });
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      if ("line" in data) console.log(data.line);
      else if ("done" in data) resolve(data.done);
      else reject(new Error(data.failed));
    });
    worker.addEventListener("error", (event) => reject(new Error(event.message || "the worker did not start")));
    worker.postMessage(beta);
  });

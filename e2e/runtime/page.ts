/** @file Offers `conform({ backend, list })` to the spec: the worker runs the checks, the page passes the answer on. */
import type { Report, Request } from "./conformance.worker.ts";

declare global {
  // biome-ignore lint/style/noVar: the way to declare a global
  var conform: (request: Request) => Promise<Report>;
}

globalThis.conform = (request) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./conformance.worker.ts", import.meta.url), { type: "module", name: "runtime" });
    worker.addEventListener("message", ({ data }: MessageEvent<Report>) => resolve(data));
    worker.addEventListener("error", (event) => reject(new Error(event.message)));
    worker.postMessage(request);
  });

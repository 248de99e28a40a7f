/** @file Offers `conform`, `step` and `verify` to the specs: a worker does the work, the page passes the answer on. */
import type { Report, Request } from "./conformance.worker.ts";
import type { PageStepReport, PageStepRequest } from "./step.worker.ts";
import type { PageVerdicts } from "./verify.worker.ts";

declare global {
  // biome-ignore lint/style/noVar: the way to declare a global
  var conform: (request: Request) => Promise<Report>;
  // biome-ignore lint/style/noVar: the way to declare a global
  var step: (request: PageStepRequest) => Promise<PageStepReport>;
  // biome-ignore lint/style/noVar: the way to declare a global
  var verify: (backend: "wasm" | "webgpu") => Promise<PageVerdicts>;
}

function ask<Q, A>(worker: Worker, request: Q): Promise<A> {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<A>) => {
      worker.terminate();
      resolve(data);
    });
    worker.addEventListener("error", (event) => reject(new Error(event.message)));
    worker.postMessage(request);
  });
}

globalThis.conform = (request) =>
  ask(new Worker(new URL("./conformance.worker.ts", import.meta.url), { type: "module", name: "runtime" }), request);
globalThis.step = (request) =>
  ask(new Worker(new URL("./step.worker.ts", import.meta.url), { type: "module", name: "step" }), request);
globalThis.verify = (backend) =>
  ask(new Worker(new URL("./verify.worker.ts", import.meta.url), { type: "module", name: "verify" }), backend);

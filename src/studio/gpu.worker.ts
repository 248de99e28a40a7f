/** @file The worker that owns the device: messages in, answers and events out, one call at a time but for `pause`. */
import { StudioError } from "../lib/errors.ts";
import { SerialQueue } from "../lib/queue.ts";
import { wasmBackend } from "../runtime/wasm.ts";
import { webgpuBackend } from "../runtime/webgpu.ts";
import { openKeyValue } from "../storage/keyval.ts";
import type { CallName, Calls, FromWorker, StudioEvent, ToWorker } from "./api.ts";
import { modelFiles } from "../pocket/config.ts";
import { Engine } from "./engine.ts";
import { fetchedFiles } from "./fetched-files.ts";
import { toWire } from "./wire-error.ts";

const post = (message: FromWorker): void => self.postMessage(message);

const engine = new Engine({
  store: openKeyValue("spin-studio"),
  backends: { ...("gpu" in navigator ? { webgpu: () => webgpuBackend() } : {}), wasm: async () => wasmBackend() },
  files: (model) => fetchedFiles(new URL(`/${model}/`, self.location.origin), modelFiles),
  emit: (event: StudioEvent) => post({ event }),
});

const queue = new SerialQueue();
const aborts = new Map<number, AbortController>();

/** Calls that write checkpoints; they assume that no other tab does. */
const writing: readonly CallName[] = ["spin", "setPairs", "forget"];

/** One tab trains at a time. The lock of a tab that crashed is free at once. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks.request("spin-studio", { ifAvailable: true }, (lock) => {
    if (lock) return work();
    throw new StudioError("busy", "SPIN Studio is training in another tab.", "Go on there, or close it and try again.");
  });
}

async function answer(id: number, name: CallName, params: Calls[CallName]["params"]): Promise<void> {
  const abort = new AbortController();
  aborts.set(id, abort);
  const work = (): Promise<unknown> => {
    abort.signal.throwIfAborted();
    const handle = () => engine.handle(name, params as never, abort.signal);
    return writing.includes(name) ? alone(handle) : handle();
  };
  try {
    const result = await (name === "pause" ? work() : queue.run(work));
    post({ id, ok: true, result });
  } catch (error) {
    post({ id, ok: false, error: toWire(error) });
  } finally {
    aborts.delete(id);
  }
}

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if ("abort" in data) aborts.get(data.abort)?.abort(new DOMException("Stopped.", "AbortError"));
  else void answer(data.id, data.name, data.params as Calls[CallName]["params"]);
});

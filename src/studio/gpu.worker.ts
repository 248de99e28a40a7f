/** @file The worker that owns the device: messages in, answers and events out. */
import { wasmBackend } from "../runtime/wasm.ts";
import { webgpuBackend } from "../runtime/webgpu.ts";
import { openKeyValue } from "../storage/keyval.ts";
import type { CallName, Calls, ExportedFile, FromWorker, PageEvent, ToWorker } from "./api.ts";
import { modelFiles } from "../pocket/config.ts";
import { Engine } from "./engine.ts";
import { fetchedFiles } from "./fetched-files.ts";
import { trustOwnScripts } from "./own-scripts.ts";
import { webTabs } from "./web-tabs.ts";
import { toWire } from "./wire-error.ts";

trustOwnScripts(); // the runtime's threads are workers of this one
const post = (message: FromWorker, transfer: Transferable[] = []): void => self.postMessage(message, { transfer });

const engine = new Engine({
  store: openKeyValue("spin-studio"),
  backends: { ...("gpu" in navigator ? { webgpu: () => webgpuBackend() } : {}), wasm: async () => wasmBackend() },
  files: (model) => fetchedFiles(new URL(`/${model}/`, self.location.origin), modelFiles),
  emit: (event: PageEvent) => post({ event }),
  tabs: webTabs(navigator.locks, new BroadcastChannel("spin-studio")),
});

const aborts = new Map<number, AbortController>();

async function answer(id: number, name: CallName, params: Calls[CallName]["params"]): Promise<void> {
  const abort = new AbortController();
  aborts.set(id, abort);
  try {
    const result = await engine.handle(name, params as never, abort.signal);
    // a file may be a gigabyte: it moves
    const file = name === "exportNode" || name === "exportProject" ? [(result as ExportedFile).bytes.buffer] : [];
    post({ id, ok: true, result }, file);
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

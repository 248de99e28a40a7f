/** @file The page's end of the worker: calls with ids, events apart from answers, and no promise that hangs when the worker dies. */
import { StudioError } from "../lib/errors.ts";
import { createListeners } from "../lib/listeners.ts";
import type { CallName, Calls, FromWorker, PageEvent, Studio, ToWorker } from "./api.ts";
import { lasting, type WorkerStudio } from "./lasting.ts";
import { fromWire } from "./wire-error.ts";

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds in which a worker that is given up may answer what it still can, and let go of what it writes. */
const GRACE = 10_000;

export function startStudio(): Studio {
  return lasting(() =>
    connect(new Worker(new URL("./gpu.worker.ts", import.meta.url), { type: "module", name: "gpu" })),
  );
}

/** A studio over anything that looks like a worker. */
export function connect(worker: Pick<Worker, "postMessage" | "addEventListener" | "terminate">): WorkerStudio {
  const waiting = new Map<number, Waiting>();
  const { tell, on: onEvent } = createListeners<PageEvent>();
  let count = 0;
  let dead: Error | null = null;
  let retired = false;
  const fail = (reason: string): void => {
    if (dead) return;
    dead = new StudioError(
      "worker",
      `The studio's worker stopped: ${reason}.`,
      "Everything that was saved is safe. Load the page again.",
    );
    worker.terminate();
    for (const { reject } of waiting.values()) reject(dead);
    waiting.clear();
  };
  const ended = (): void => {
    if (retired && waiting.size === 0) fail("it was replaced");
  };
  worker.addEventListener("message", (message) => {
    const data = (message as MessageEvent<FromWorker>).data;
    if ("event" in data) return tell(data.event);
    const caller = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.ok) caller?.resolve(data.result as never);
    else caller?.reject(fromWire(data.error));
    ended();
  });
  worker.addEventListener("error", (event) => fail((event as ErrorEvent).message || "it could not be loaded"));
  worker.addEventListener("messageerror", () => fail("a message could not be read"));
  return {
    call<N extends CallName>(name: N, params: Calls[N]["params"], signal?: AbortSignal): Promise<Calls[N]["result"]> {
      return new Promise((resolve, reject) => {
        if (dead) return reject(dead);
        if (signal?.aborted) return reject(signal.reason);
        const id = ++count;
        waiting.set(id, { resolve: resolve as (value: never) => void, reject });
        const send = (message: ToWorker): void => worker.postMessage(message);
        signal?.addEventListener("abort", () => send({ abort: id }), { once: true });
        send({ id, name, params });
      });
    },
    onEvent,
    retire() {
      retired = true;
      setTimeout(() => fail("it was replaced"), GRACE);
      ended();
    },
  };
}

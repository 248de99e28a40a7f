/**
 * @file A studio that outlives its workers. Where a device is lost or a worker dies, a new worker opens the model again and is
 * asked again for what the old one did not answer: a run goes on from its newest saved step, and its caller sees only news of it.
 * The first loss is mended at once; of losses in a row each waits longer, since a browser gives no GPU for two minutes after the
 * second, and after the third a person decides.
 */
import { StudioError } from "../lib/errors.ts";
import { createListeners } from "../lib/listeners.ts";
import type { CallName, Calls, PageEvent, Studio } from "./api.ts";

/** The studio of one worker. */
export interface WorkerStudio extends Studio {
  /** Nothing more is asked of it: it ends when it has answered what was asked, or soon. */
  retire(): void;
}

/** Seconds before the first, second and third try in a row. */
const WAITS = [0, 10, 120] as const;
/** A device that worked for so long before it was lost begins a new row. */
const APART_MS = 120_000;

/** Calls that want an open model. */
const onDevice: ReadonlySet<CallName> = new Set<CallName>([
  "countTokens",
  "draw",
  "recall",
  "score",
  "spin",
  "keepNode",
  "exportNode",
]);
/** Calls that may have been done although no answer came, and would then be done twice. */
const once: ReadonlySet<CallName> = new Set<CallName>(["grow", "keepNode", "addVote", "importProject"]);

type Model = Calls["open"]["result"];
type Revival = Calls["revive"]["params"]["how"];

/** A person would rather wait: what was asked of the device is not done. */
class Stopped extends StudioError {}

const codeOf = (error: unknown): string | null => (error instanceof StudioError ? error.code : null);
const isLoss = (error: unknown): error is StudioError => ["device-lost", "worker"].includes(codeOf(error) ?? "");

/** @param clock milliseconds that only ever rise */
export function lasting(start: () => WorkerStudio, clock: () => number = () => performance.now()): Studio {
  const { tell, on: onEvent } = createListeners<PageEvent>();
  let worker = begin();
  let wanted: Calls["open"]["params"] | null = null;
  /** the model, open on the newest worker or soon to be; null: whoever needs it opens it */
  let opened: Promise<Model> | null = null;
  let openedAt = 0;
  /** in a row */
  let losses = 0;
  /** ends the countdown that runs */
  let wake: ((how: "now" | "stop") => void) | null = null;
  /** runs that wait for the model: each is answered "paused" */
  const halts = new Set<() => void>();

  function begin(): WorkerStudio {
    const begun = start();
    begun.onEvent((event) => {
      if (begun === worker) tell(event);
    });
    return begun;
  }

  const replaced = (): void => {
    worker.retire();
    worker = begin();
  };

  const countdown = (seconds: number): Promise<"now" | "stop"> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => wake?.("now"), 1000 * seconds);
      wake = (how) => {
        clearTimeout(timer);
        wake = null;
        resolve(how);
      };
    });

  const open = async (): Promise<Model> => {
    const model = await worker.call("open", wanted as Calls["open"]["params"]);
    openedAt = clock();
    return model;
  };

  /** Opens the model on new workers until it is open, a person stops it, or three tries in a row came to nothing. */
  const reopen = async (cause: StudioError): Promise<Model> => {
    for (let reason = cause; ; ) {
      losses += 1;
      const seconds = WAITS[losses - 1];
      if (seconds === undefined) throw cause;
      const { code, message } = reason;
      tell({ kind: "device", state: "lost", code, message, tries: losses, of: WAITS.length, seconds });
      if (seconds > 0) {
        if ((await countdown(seconds)) === "stop") throw new Stopped(cause.code, cause.message, cause.hint);
        tell({ kind: "device", state: "lost", code, message, tries: losses, of: WAITS.length, seconds: 0 });
      }
      try {
        const model = await open();
        tell({ kind: "device", state: "back" });
        return model;
      } catch (error) {
        if (!isLoss(error) && codeOf(error) !== "no-webgpu") throw error;
        reason = error as StudioError;
        replaced();
      }
    }
  };

  const opening = (model: Promise<Model>, onFault: () => void): Promise<Model> => {
    opened = model;
    model.catch(() => {
      if (opened !== model) return;
      opened = null;
      onFault();
    });
    return model;
  };
  const begunAgain = (cause: StudioError): Promise<Model> =>
    opening(reopen(cause), () => {
      losses = 0;
      tell({ kind: "device", state: "stopped" });
    });

  /** What a worker could not answer is asked of a new one; only the first of its calls to fail makes it. */
  const lose = (lost: WorkerStudio, cause: StudioError): void => {
    if (lost !== worker) return;
    if (clock() - openedAt >= APART_MS) losses = 0;
    replaced();
    if (wanted !== null) begunAgain(cause).catch(() => undefined);
  };

  const model = (): Promise<Model> =>
    opened ?? begunAgain(new StudioError("device-lost", "The graphics device was lost."));

  const first = async (params: Calls["open"]["params"]): Promise<Model> => {
    wanted = params;
    losses = 0;
    wake?.("stop");
    const mine = worker;
    try {
      return await opening(open(), () => undefined);
    } catch (error) {
      if (isLoss(error)) {
        lose(mine, error);
        return model();
      }
      wanted = null;
      throw error;
    }
  };

  const revive = (how: Revival): null => {
    if (how === "wasm" && wanted !== null) wanted = { ...wanted, backend: "wasm" };
    wake?.(how === "stop" ? "stop" : "now");
    return null;
  };

  /** Whether the model came; false: the run that wants it was paused meanwhile. */
  const waited = (name: CallName, signal: AbortSignal | undefined): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const halt = (): void => resolve(false);
      if (name === "spin") halts.add(halt);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      model()
        .then(() => resolve(true), reject)
        .finally(() => halts.delete(halt));
    });

  const ask = async <N extends CallName>(
    name: N,
    params: Calls[N]["params"],
    signal: AbortSignal | undefined,
  ): Promise<Calls[N]["result"]> => {
    for (;;) {
      if (wanted !== null && onDevice.has(name) && !(await waited(name, signal))) return "paused" as Calls[N]["result"];
      const mine = worker;
      try {
        return await mine.call(name, params, signal);
      } catch (error) {
        if (!isLoss(error)) throw error;
        lose(mine, error);
        if (once.has(name)) throw error;
      }
    }
  };

  return {
    async call<N extends CallName>(
      name: N,
      params: Calls[N]["params"],
      signal?: AbortSignal,
    ): Promise<Calls[N]["result"]> {
      if (name === "open") return first(params as Calls["open"]["params"]) as Promise<Calls[N]["result"]>;
      if (name === "revive") return revive((params as Calls["revive"]["params"]).how) as Calls[N]["result"];
      if (name === "pause" && halts.size > 0) {
        // a run that waits for the model stands where it was saved
        for (const halt of halts) halt();
        wake?.("stop");
        return null as Calls[N]["result"];
      }
      try {
        return await ask(name, params, signal);
      } catch (error) {
        if (name === "spin" && error instanceof Stopped) return "paused" as Calls[N]["result"];
        throw error;
      }
    },
    onEvent,
  };
}

/** @file The worker that speaks with the hub, the only part of the page that speaks with anyone: looks models up, downloads, checks. */
import type { Door } from "../hub/door.ts";
import { downloadModel } from "../hub/download-model.ts";
import { HUB, isHubs } from "../hub/hosts.ts";
import { type Found, lookUp } from "../hub/look.ts";
import type { HubCallName, HubCalls, HubNews } from "./hub-api.ts";
import { dropModel, inWords, keptModels, keyOf, modelOf, openShelf } from "./hub-shelf.ts";
import { toWire } from "./wire-error.ts";

const SILENCE_MS = 30_000;
/** between two tellings of how far a download is */
const PACE_MS = 200;

/** looked up in this visit, by key */
const looked = new Map<string, Found>();

interface Call {
  readonly told: (news: HubNews) => void;
  readonly signal: AbortSignal;
}

type Handlers = {
  readonly [N in HubCallName]: (params: HubCalls[N]["params"], call: Call) => Promise<HubCalls[N]["result"]>;
};

const handlers: Handlers = {
  async look({ address }, { told, signal }) {
    const found = await lookUp(doorOf(told), address, signal);
    const key = await keyOf(found);
    looked.set(key, found);
    return (await keptModels()).find((model) => model.key === key) ?? modelOf(key, found);
  },

  async download({ key }, { told, signal }) {
    let next = 0;
    let latest = 0;
    const paced = (bytes: number): void => {
      latest = bytes;
      if (performance.now() < next) return;
      next = performance.now() + PACE_MS;
      told({ kind: "bytes", bytes });
    };
    try {
      const shelf = await openShelf(key, looked.get(key) ?? null);
      latest = shelf.model().here;
      await downloadModel(doorOf(told), shelf.found, shelf, paced, signal);
    } catch (error) {
      throw inWords(error);
    } finally {
      told({ kind: "bytes", bytes: latest });
    }
    return null;
  },

  kept: () => keptModels(),

  async drop({ key }) {
    await dropModel(key);
    return null;
  },
};

/** The browser tells what its policy forbade a moment after the request has failed. */
const MOMENT_MS = 200;

let blocked = false;
self.addEventListener("securitypolicyviolation", () => {
  blocked = true;
});

function doorOf(told: (news: HubNews) => void): Door {
  return {
    fetch: (url, asking) => fetch(url, asking),
    origin: HUB,
    trusts: isHubs,
    wasBlocked: async () => {
      await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
      return blocked;
    },
    silenceMs: SILENCE_MS,
    wait: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          clearTimeout(timer);
          reject(signal.reason as Error);
        };
        const timer = setTimeout(() => {
          signal.removeEventListener("abort", stop);
          resolve();
        }, milliseconds);
        signal.addEventListener("abort", stop, { once: true });
      }),
    told: (news) => {
      if (news.kind === "asking") blocked = false;
      told(news);
    },
  };
}

type Asked = { readonly id: number; readonly name: HubCallName; readonly params: never } | { readonly abort: number };

const running = new Map<number, AbortController>();

self.addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  if ("abort" in data) {
    running.get(data.abort)?.abort();
    return;
  }
  const { id, name, params } = data;
  const controller = new AbortController();
  running.set(id, controller);
  const told = (news: HubNews): void => self.postMessage({ id, news });
  handlers[name](params, { told, signal: controller.signal })
    .then(
      (result) => self.postMessage({ id, ok: true, result }),
      (error: unknown) => self.postMessage({ id, ok: false, error: toWire(error) }),
    )
    .finally(() => running.delete(id));
});

/** @file Models of the hub: looked up, downloaded, kept. Outside the workbench, so that a download goes on while another model is used. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Hub, HubModel, HubNews } from "../../studio/api.ts";
import { isAbort, messageOf } from "../problem.ts";

/** What went wrong, in the hub's words: what happened; what is safe and what to do. */
export interface HubTrouble {
  readonly message: string;
  readonly hint: string | null;
}

export type HubTask =
  | { readonly kind: "looking"; readonly waiting: string | null }
  | { readonly kind: "downloading"; readonly model: HubModel; readonly bytes: number; readonly waiting: string | null };

export interface HubState {
  /** in this browser, whole or begun; null: not looked for yet */
  readonly kept: readonly HubModel[] | null;
  /** looked up, and not begun */
  readonly found: HubModel | null;
  readonly task: HubTask | null;
  readonly trouble: HubTrouble | null;
  /** bytes that this browser would still store; null: unknown */
  readonly free: number | null;
  /** Reads what is kept; the hub is not asked. */
  recall(): Promise<void>;
  look(address: string): Promise<void>;
  /** Stops looking, or pauses the download: what has arrived is kept. */
  stop(): void;
  leave(): void;
  /** Whether all of it is here now. */
  download(model: HubModel): Promise<boolean>;
  drop(model: HubModel): Promise<void>;
}

export type HubStore = StoreApi<HubState>;

/** `asked` hears of every request to the hub. */
export function createHubStore(hub: Hub, asked: () => void): HubStore {
  let stopped = new AbortController();
  return createStore<HubState>()((set, get) => {
    const told = (news: HubNews): void => {
      const { task } = get();
      if (news.kind === "asking") asked();
      if (task === null) return;
      if (news.kind === "waiting") set({ task: { ...task, waiting: waitInWords(news) } });
      else if (news.kind === "asking") set({ task: { ...task, waiting: null } });
      else if (task.kind === "downloading") set({ task: { ...task, bytes: news.bytes } });
    };

    /** One thing at a time; null where it failed, which is told, or was stopped. */
    const perform = async <T>(task: HubTask, work: (signal: AbortSignal) => Promise<T>): Promise<T | null> => {
      if (get().task !== null) return null;
      stopped = new AbortController();
      set({ task, trouble: null });
      try {
        return await work(stopped.signal);
      } catch (error) {
        if (!isAbort(error)) set({ trouble: troubleOf(error) });
        return null;
      } finally {
        set({ task: null });
      }
    };

    return {
      kept: null,
      found: null,
      task: null,
      trouble: null,
      free: null,

      async recall() {
        const [kept, free] = await Promise.all([hub.call("kept", {}).catch(() => []), freeBytes()]);
        set({ kept, free });
      },

      async look(address) {
        const task: HubTask = { kind: "looking", waiting: null };
        const found = await perform(task, (signal) => hub.call("look", { address }, told, signal));
        await get().recall();
        set({ found });
      },

      stop: () => stopped.abort(),
      leave: () => set({ found: null, trouble: null }),

      async download(model) {
        void askToKeep();
        set({ found: null });
        const task: HubTask = { kind: "downloading", model, bytes: model.here, waiting: null };
        const { key } = model;
        await perform(task, (signal) => hub.call("download", { key }, told, signal));
        await get().recall();
        return get().kept?.find((one) => one.key === key)?.whole ?? false;
      },

      async drop({ key }) {
        try {
          await hub.call("drop", { key });
          set({ trouble: null });
        } catch (error) {
          set({ trouble: troubleOf(error) });
        }
        await get().recall();
      },
    };
  });
}

function troubleOf(error: unknown): HubTrouble {
  const { message, hint, code } = messageOf(error);
  if (code !== null) return { message, hint };
  return { message: "Something went wrong in this page.", hint: `What has arrived is kept. (${message})` };
}

function waitInWords({ why, milliseconds }: { readonly why: string; readonly milliseconds: number }): string {
  return `${why} It is asked again in ${Math.max(1, Math.round(milliseconds / 1000))} s.`;
}

/** A browser that is short of room deletes what it was not asked to keep. */
async function askToKeep(): Promise<void> {
  try {
    await navigator.storage.persist();
  } catch {
    // then it may be deleted, and is downloaded again
  }
}

async function freeBytes(): Promise<number | null> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined ? null : Math.max(0, quota - (usage ?? 0));
  } catch {
    return null;
  }
}

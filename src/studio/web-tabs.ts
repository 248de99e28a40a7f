/** @file The tabs of a real browser: Web Locks, and a channel between them. */
import { busy, type Tabs, takenOver } from "./tabs.ts";

/** Web Locks: that of a tab that crashed is free at once. */
export function webTabs(locks: LockManager, channel: BroadcastChannel): Tabs {
  return {
    alone: (name, how, work) =>
      new Promise((resolve, reject) => {
        const lost = new AbortController();
        const options = how === "steal" ? { steal: true } : { ifAvailable: true };
        const held = async (lock: Lock | null): Promise<void> => {
          if (lock) await work(lost.signal).then(resolve, reject);
          else reject(busy());
        };
        // once the lock is held, only its theft rejects
        locks.request(name, options, held).catch((error: unknown) => {
          lost.abort(takenOver());
          if (!(error instanceof DOMException && error.name === "AbortError")) reject(error);
        });
      }),
    taken: async (name) => ((await locks.query()).held ?? []).some((lock) => lock.name === name),
    stay: (name) =>
      new Promise((resolve, reject) => {
        const forever = new Promise<never>(() => {});
        const held = (): Promise<never> => {
          resolve();
          return forever;
        };
        locks.request(name, { mode: "shared" }, held).catch(reject);
      }),
    shared: async (name) => ((await locks.query()).held ?? []).filter((lock) => lock.name === name).length > 1,
    announce: (project) => channel.postMessage(project),
    listen: (listener) =>
      channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
        if (typeof data === "string") listener(data);
      }),
  };
}

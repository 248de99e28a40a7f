/** @file Counts what this page asks of other origins. The policy it is served with allows none. */
import { useSyncExternalStore } from "react";
import { createListeners } from "../lib/listeners.ts";

const elsewhere = new Set<string>();
const { tell, on: subscribe } = createListeners();

export function isElsewhere(url: string, origin: string): boolean {
  if (!/^https?:/i.test(url)) return false;
  return new URL(url).origin !== origin;
}

/** Starts counting; entries from before are counted too. */
export function watchRequests(): void {
  if (typeof PerformanceObserver === "undefined") return;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (isElsewhere(entry.name, globalThis.location.origin)) elsewhere.add(`${entry.startTime} ${entry.name}`);
    }
    tell();
  });
  observer.observe({ type: "resource", buffered: true });
}

export function useRequestsElsewhere(): number {
  return useSyncExternalStore(subscribe, () => elsewhere.size);
}

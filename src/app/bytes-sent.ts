/** @file Counts what this page asks of other origins. The policy it is served with allows none. */
import { useSyncExternalStore } from "react";

const elsewhere = new Set<string>();
const listeners = new Set<() => void>();

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
    for (const listener of listeners) listener();
  });
  observer.observe({ type: "resource", buffered: true });
}

export function useRequestsElsewhere(): number {
  return useSyncExternalStore(subscribe, () => elsewhere.size);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

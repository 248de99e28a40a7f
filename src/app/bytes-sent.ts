/**
 * @file Counts what this page asks of other origins. The policy it is served with allows none but the hub's, and those requests are
 * a worker's, which tells of each before it is made.
 */
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

let ofHub = 0;

/** A request to the hub is about to be made. */
export function countHubRequest(): void {
  ofHub += 1;
  tell();
}

export function useHubRequests(): number {
  return useSyncExternalStore(subscribe, () => ofHub);
}

export function useRequestsElsewhere(): number {
  return useSyncExternalStore(subscribe, () => elsewhere.size);
}

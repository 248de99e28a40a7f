/** @file Checkpoints that were found damaged when they were loaded: told once, and not counted on again. */
import type { Damaged } from "../storage/checkpoints.ts";
import type { PageEvent } from "./api.ts";

export class Damage {
  /** uuid -> which and why, in a sentence */
  readonly spoilt = new Map<string, string>();
  readonly #emit: (event: PageEvent) => void;

  constructor(emit: (event: PageEvent) => void) {
    this.#emit = emit;
  }

  tell(found: readonly Damaged[]): void {
    for (const { entry, reason } of found) {
      if (this.spoilt.has(entry.uuid)) continue;
      this.spoilt.set(entry.uuid, reason);
      this.#emit({ kind: "damaged", node: entry.node, sentence: reason });
    }
  }
}

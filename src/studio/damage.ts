/** @file Checkpoints that were found damaged when they were loaded: told once, and not counted on again. */
import { StudioError } from "../lib/errors.ts";
import type { Damaged, StoredFiles } from "../storage/checkpoints.ts";
import type { PageEvent } from "./api.ts";

export class Damage {
  /** uuid -> which and why, in a sentence */
  readonly spoilt = new Map<string, string>();
  readonly #emit: (event: PageEvent) => void;

  constructor(emit: (event: PageEvent) => void) {
    this.#emit = emit;
  }

  /** Files that are read later, when nobody looks for another checkpoint any more. */
  watched(files: StoredFiles): StoredFiles {
    const { entry, read } = files;
    return {
      ...files,
      read: (name) =>
        read(name).catch((error: unknown) => {
          if (!(error instanceof StudioError && error.code === "damaged")) throw error;
          const reason = `The checkpoint at step ${entry.step} cannot be used: ${error.message}.`;
          this.tell([{ entry, reason }]);
          throw new StudioError("damaged", reason, "Try again: the one before it is used then, where there is one.");
        }),
    };
  }

  tell(found: readonly Damaged[]): void {
    for (const { entry, reason } of found) {
      if (this.spoilt.has(entry.uuid)) continue;
      this.spoilt.set(entry.uuid, reason);
      this.#emit({ kind: "damaged", node: entry.node, sentence: reason });
    }
  }
}

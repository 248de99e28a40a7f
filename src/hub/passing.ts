/** @file A fault that may pass by itself. */
import type { StudioError } from "../lib/errors.ts";

/** To be asked again after a while; `trouble` is what a person is told when it does not pass. */
export class Passing extends Error {
  readonly trouble: StudioError;
  /** when the hub said so: milliseconds */
  readonly after: number | null;

  constructor(trouble: StudioError, after: number | null = null) {
    super(trouble.message);
    this.trouble = trouble;
    this.after = after;
  }
}

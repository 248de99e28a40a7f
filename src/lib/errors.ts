/** @file The two kinds of error: what a person can mend, and what only we can. */

/** Something the caller gave or the machine lacks. `message` is one sentence: what happened, and what was expected. */
export class StudioError extends Error {
  override readonly name = "StudioError";
  readonly code: string;
  /** What is safe and what to do, where there is something to say. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** Throws `internal: …` when one of our own invariants does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`);
}

/** The value, or `internal: …` when it is missing. */
export function required<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`internal: ${what} is missing`);
  return value;
}

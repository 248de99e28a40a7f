/** @file The time for everything that is counted: it starts as the date and only ever rises, whatever is done to the computer's clock. */

/** Milliseconds. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

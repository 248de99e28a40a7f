/**
 * @file What needs patience. `npm test -- --long` repeats at length what `npm test` does a few times: kills, steps, themes, and whole jobs
 * on the backend where they take minutes.
 */
export const LONG = process.env["SPIN_LONG"] === "1";

/** How often: in a long run, and else. */
export const times = (long: number, short: number): number => (LONG ? long : short);

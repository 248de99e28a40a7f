/** @file The strip of a run: at which steps its samples are drawn. */

const ROUND = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000];
/** with the start and the end the strip has at most two more */
const MOST = 7;

/** A round number of steps between two samples. */
export function filmEvery(steps: number): number {
  return ROUND.find((every) => steps / every <= MOST) ?? steps;
}

/** The steps of the strip, without the start; the last is the end. */
export function filmMarks(steps: number): readonly number[] {
  const every = filmEvery(steps);
  const marks = Array.from({ length: Math.ceil(steps / every) - 1 }, (_, at) => (at + 1) * every);
  return [...marks, steps];
}

/** @file Asks again what may pass by itself: after 1, 2, 4, 8 and 16 s, or when the hub says so; as long as there is progress. */
import type { Door } from "./door.ts";
import { Passing } from "./passing.ts";

const FIRST_WAIT = 1000;
const MOST = 5;

/**
 * `attempt` again and again; `progress` is a number that grows while something comes of it.
 * @throws StudioError of the last fault once five in a row came to nothing.
 */
export async function withPatience<T>(
  door: Door,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  progress: () => number = () => 0,
): Promise<T> {
  let reached = progress();
  for (let failures = 0; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      const before = reached;
      reached = Math.max(reached, progress());
      failures = reached > before ? 1 : failures + 1;
      if (failures > MOST) throw error.trouble;
      const milliseconds = Math.max(error.after ?? 0, FIRST_WAIT * 2 ** (failures - 1));
      door.told({ kind: "waiting", milliseconds, why: error.trouble.message });
      await door.wait(milliseconds, signal);
    }
  }
}

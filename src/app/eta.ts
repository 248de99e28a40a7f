/** @file Time left: hidden at first, a range while it swings, then one rounded value. */
import { duration } from "./format.ts";

export type Left =
  | { readonly kind: "hidden" }
  | { readonly kind: "range"; readonly low: number; readonly high: number }
  | { readonly kind: "about"; readonly seconds: number };

const WINDOW = 20;
const GROUP = 5;
const SWING = 0.2;

/**
 * @param durations seconds of each part done so far, oldest first
 * @param remaining parts still to do
 * @param hide parts to wait for before anything is said: the first ones pay for compiling and warming up
 */
export function timeLeft(durations: readonly number[], remaining: number, hide = 10): Left {
  if (durations.length < hide) return { kind: "hidden" };
  // means of up to five neighbours, so that one slow step is not a trend
  const recent = durations.slice(-WINDOW);
  const means: number[] = [];
  for (let at = 0; at < recent.length; at += GROUP) means.push(mean(recent.slice(at, at + GROUP)));
  const low = Math.min(...means) * remaining;
  const high = Math.max(...means) * remaining;
  const seconds = mean(recent) * remaining;
  return high - low > SWING * seconds ? { kind: "range", low, high } : { kind: "about", seconds };
}

/** "4 to 5 min", "about 40 s"; null while hidden. */
export function leftInWords(left: Left): string | null {
  if (left.kind === "hidden") return null;
  if (left.kind === "about") return `about ${duration(left.seconds)}`;
  const low = duration(left.low);
  const high = duration(left.high);
  if (low === high) return `about ${low}`;
  const [value, unit] = splitUnit(low);
  return unit !== null && unit === splitUnit(high)[1] ? `${value} to ${high}` : `${low} to ${high}`;
}

/** ["4", "min"] of "4 min"; no unit where there are two ("1 h 10 min"). */
function splitUnit(text: string): readonly [string, string | null] {
  const parts = text.split(" ");
  return parts.length === 2 ? [parts[0] ?? text, parts[1] ?? null] : [text, null];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

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
  const recent = awake(durations).slice(-WINDOW);
  const means: number[] = [];
  for (let at = 0; at < recent.length; at += GROUP) means.push(mean(recent.slice(at, at + GROUP)));
  const low = Math.min(...means) * remaining;
  const high = Math.max(...means) * remaining;
  const seconds = mean(recent) * remaining;
  return high - low > SWING * seconds ? { kind: "range", low, high } : { kind: "about", seconds };
}

/**
 * How much longer a step takes by the page's clock than its work alone: samples and saving come between steps, unevenly, so
 * they would make the steps swing. 1 where nothing is known.
 */
export function overhead(wall: readonly number[], worked: readonly number[]): number {
  const apart = awake(wall);
  const work = mean(worked);
  return apart.length < GROUP || !(work > 0) ? 1 : Math.max(1, mean(apart) / work);
}

/** The time left, longer by a factor. */
export function times(left: Left, factor: number): Left {
  if (left.kind === "hidden") return left;
  if (left.kind === "about") return { kind: "about", seconds: left.seconds * factor };
  return { kind: "range", low: left.low * factor, high: left.high * factor };
}

const NAP = 120;
const NAP_TIMES = 20;

/** Without the parts in which the computer slept: minutes long, and twenty times as long as usual. */
function awake(durations: readonly number[]): readonly number[] {
  const usual = [...durations].sort((a, b) => a - b)[Math.floor(durations.length / 2)] ?? 0;
  const slept = (seconds: number): boolean => seconds > NAP && seconds > NAP_TIMES * usual;
  return usual > 0 ? durations.filter((seconds) => !slept(seconds)) : durations;
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

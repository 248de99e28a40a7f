/** @file The side of a picture as a person writes it. */
import type { Sides } from "../studio/api.ts";
import type { Parsed } from "./settings.ts";

export function sidesInWords({ least, most, step }: Sides): string {
  return `pixels, ${least} to ${most}, a multiple of ${step}`;
}

/** The side, or one sentence: what was expected. "512 px" is 512. */
export function parseSide(sides: Sides, text: string): Parsed {
  const { least, most, step } = sides;
  const digits = /^\s*(\d+)\s*(?:px)?\s*$/.exec(text)?.[1];
  const side = Number(digits);
  if (digits === undefined || side < least || side > most) return { fault: `Write a number from ${least} to ${most}.` };
  if (side % step === 0) return { value: side };
  const below = Math.floor(side / step) * step;
  const nearest = [below, below + step].filter((near) => near >= least && near <= most);
  return { fault: `Must be a multiple of ${step}, such as ${nearest.join(" or ")}.` };
}

/** @file The crop's square inside the whole picture: where it may be, how it moves, and where it is in words. */
import { percent } from "../format.ts";
import type { Box } from "../state/studio-state.ts";

export interface Whole {
  readonly width: number;
  readonly height: number;
}

export function centred({ width, height }: Whole, size = Math.min(width, height)): Box {
  return { x: Math.floor((width - size) / 2), y: Math.floor((height - size) / 2), size };
}

/** The sizes that a square may have: never fewer pixels than the model's side, where there are as many. */
export function sizes({ width, height }: Whole, side: number): { readonly least: number; readonly most: number } {
  const most = Math.min(width, height);
  return { least: Math.min(most, side), most };
}

const between = (least: number, value: number, most: number): number => Math.max(least, Math.min(most, value));

/** Whole pixels, inside the picture. */
export function inside(box: Box, whole: Whole, side: number): Box {
  const { least, most } = sizes(whole, side);
  const size = between(least, Math.round(box.size), most);
  return {
    x: between(0, Math.round(box.x), whole.width - size),
    y: between(0, Math.round(box.y), whole.height - size),
    size,
  };
}

/** Around its own middle. */
export function resized(box: Box, size: number, whole: Whole, side: number): Box {
  const { least, most } = sizes(whole, side);
  const now = between(least, Math.round(size), most);
  const shift = (box.size - now) / 2;
  return inside({ x: box.x + shift, y: box.y + shift, size: now }, whole, side);
}

export function sameBox(a: Box, b: Box): boolean {
  return a.x === b.x && a.y === b.y && a.size === b.size;
}

/** How far along the longer way it may go, 0 to 100; 50 where it cannot move. */
export function along(box: Box, { width, height }: Whole): number {
  const room = width >= height ? width - box.size : height - box.size;
  return room === 0 ? 50 : Math.round((100 * (width >= height ? box.x : box.y)) / room);
}

/** "centre", or "12 % from the left, 30 % from the top, 80 % of the size" */
export function boxInWords(box: Box, whole: Whole): string {
  if (sameBox(box, centred(whole))) return "centre";
  const room = { x: whole.width - box.size, y: whole.height - box.size };
  const parts = [
    ...(room.x > 0 ? [`${percent(box.x / room.x)} from the left`] : []),
    ...(room.y > 0 ? [`${percent(box.y / room.y)} from the top`] : []),
    ...(box.size < Math.min(whole.width, whole.height)
      ? [`${percent(box.size / Math.min(whole.width, whole.height))} of the size`]
      : []),
  ];
  return parts.join(", ");
}

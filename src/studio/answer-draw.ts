/** @file The answer to a request for pictures: what was drawn before is told at once, the rest as it is drawn. */
import { required } from "../lib/errors.ts";
import type { Adapter } from "../spin/denoiser.ts";
import type { Drawn, DrawRequest, PageEvent, Picture } from "./api.ts";
import { draw, drawBatch } from "./draw.ts";
import type { Before } from "./drawn-before.ts";
import type { Model } from "./model.ts";

/** Ready to draw. */
export interface Shown {
  readonly model: Model;
  readonly adapter: Adapter;
  readonly step: number;
}

type Emit = (event: PageEvent) => void;

/** Tells what was drawn before; it is the answer where nothing is missing. */
export function recall({ node }: DrawRequest, { step, pictures, used }: Before, emit: Emit): Drawn | null {
  for (const [index, picture] of pictures.entries()) if (picture) emit({ kind: "drawn", node, step, index, picture });
  used();
  const there = pictures.filter((picture) => picture !== null);
  return there.length === pictures.length ? { step, pictures: there } : null;
}

/** Draws what is missing, and keeps it for the next time. */
export async function drawMissing(
  { node, prompts, seeds, ...options }: DrawRequest,
  { model, adapter, step }: Shown,
  found: Before | null,
  emit: Emit,
  signal: AbortSignal,
): Promise<Drawn> {
  const pictures = [...(found?.pictures ?? prompts.map(() => null))];
  const missing = pictures.flatMap((picture, at) => (picture ? [] : [at]));
  const asked = {
    prompts: missing.map((at) => prompts[at] as string),
    seeds: missing.map((at) => seeds[at] as number),
  };
  const fresh: [number, Picture][] = [];
  const keep = async (): Promise<void> => found?.keep(fresh.splice(0));
  try {
    let next = 0;
    for await (const picture of draw(model, adapter, { ...options, ...asked }, signal)) {
      const index = missing[next++] as number;
      pictures[index] = picture;
      emit({ kind: "drawn", node, step, index, picture });
      fresh.push([index, picture]);
      // a batch that took minutes stays, whatever becomes of the next one
      if (fresh.length === drawBatch(model, options.guidance)) await keep();
    }
  } finally {
    await keep();
  }
  return { step, pictures: pictures.map((picture) => required(picture, "a picture")) };
}

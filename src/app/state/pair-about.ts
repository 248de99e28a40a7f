/** @file What the page remembers of a pair beside caption and pixels: written with the pair, read back with care. */
import * as v from "valibot";
import type { PairInput } from "../../studio/api.ts";
import type { Deps, PairItem } from "./studio-state.ts";

const schema = v.object({
  came: v.string(),
  source: v.string(),
  pictureHash: v.string(),
  whole: v.nullable(v.object({ width: v.number(), height: v.number() })),
  box: v.nullable(v.object({ x: v.number(), y: v.number(), size: v.number() })),
  leftOut: v.boolean(),
  likeness: v.nullable(v.string()),
  alike: v.array(v.string()),
  accepted: v.array(v.picklist(["twin", "small"])),
});

type About = v.InferOutput<typeof schema>;

export function aboutOf(pair: PairItem): unknown {
  const { came, source, pictureHash, whole, box, leftOut, likeness, alike, accepted } = pair;
  return {
    came,
    source,
    pictureHash,
    whole,
    box,
    leftOut,
    likeness,
    alike: [...alike],
    accepted: [...accepted],
  } satisfies About;
}

/** What an older version kept, or nothing, gives a pair that is in. */
function readAbout({ id, caption, about }: Pick<PairInput, "id" | "caption" | "about">): About {
  const parsed = v.safeParse(schema, about);
  if (parsed.success) return parsed.output;
  return {
    came: caption,
    source: id,
    pictureHash: id,
    whole: null,
    box: null,
    leftOut: false,
    likeness: null,
    alike: [],
    accepted: [],
  };
}

/** A pair as the studio kept it. */
export function storedItem(pair: PairInput, deps: Pick<Deps, "pictures">): PairItem {
  const { id, caption, side } = pair;
  return { id, caption, side, picture: deps.pictures.keep(pair), fault: null, ...readAbout(pair) };
}

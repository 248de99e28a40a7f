/**
 * @file Four scores of a picture by its pixels, without a network. They play the parts of the paper's four: truth PickScore,
 * faith ImageReward, finish Aesthetic, sharpness HPS. Finish and sharpness are measures as they
 * stand here; levels.ts makes scores of them that overshoot does not raise.
 */
import { type Evidence, evidenceOf } from "./evidence.ts";
import { parseCaption, type Scene } from "./grammar.ts";
import { about, finishOf, psnr, sharpnessOf } from "./measures.ts";
import { type Found, findThings } from "./places.ts";
import { type Reading, read, readEvidence } from "./reader.ts";
import { APART, MIDDLE, paint, type Placed, radiusOf, SIDE } from "./render.ts";

/** What is measured of a picture. */
export interface Scores {
  /**
   * dB: PSNR against the finest picture of the caption (finish 1), painted with the named things where they are in this
   * picture. Place is free, within the layout that the caption names; everything else counts.
   */
  readonly truth: number;
  /**
   * 0..1: mean over the named things of how far the pixels of the thing's colour have its shape; halved where another layout
   * is seen than named, halved where another time of day is.
   */
  readonly faith: number;
  /** 0 the plainest, 1 the finest picture of what is seen (see `finishOf`). Caption-free; may exceed 1. */
  readonly finish: number;
  /** Strength of the steepest edges, 1 for the finest picture of what is seen (see `sharpnessOf`). Caption-free; may exceed 1. */
  readonly sharpness: number;
}

export type Measures = Pick<Scores, "finish" | "sharpness">;

export const scoreNames = ["truth", "faith", "finish", "sharpness"] as const satisfies readonly (keyof Scores)[];

/** What is seen of a picture without its caption; most of the time that its scores take. */
export interface Seen {
  readonly evidence: Evidence;
  readonly reading: Reading;
}

export function see(rgb: Uint8Array | Uint8ClampedArray): Seen {
  const evidence = evidenceOf(rgb);
  return { evidence, reading: readEvidence(evidence) };
}

/** @throws StudioError `caption` where the grammar has no such sentence. */
export function scoresOf(rgb: Uint8Array | Uint8ClampedArray, caption: string, seen = see(rgb)): Scores {
  const scene = parseCaption(caption);
  const { evidence, reading } = seen;
  const found = findThings(evidence, reading, scene);
  return {
    truth: truthOf(rgb, scene, found, reading),
    faith: faithOf(scene, found, reading),
    ...measuresOf(rgb, reading),
  };
}

/** Finish and sharpness, which need no caption: only what is seen. */
export function measuresOf(rgb: Uint8Array | Uint8ClampedArray, reading = read(rgb)): Measures {
  const { scene, things } = reading;
  const sized = (finish: number) => things.map((thing) => ({ ...thing, radius: radiusOf(scene, finish) }));
  const [plain, fine] = [paintAt(scene, 0, sized(0)), paintAt(scene, 1, sized(1))];
  return { finish: finishOf(rgb, plain, fine, about(sized(1))), sharpness: sharpnessOf(rgb, fine) };
}

/** Likeness: things of another colour stay below the first, of another shape mostly (0.59 to 0.84), the right ones reach the second. */
const UNLIKE = 0.55;
const ALIKE = 0.95;

function faithOf(scene: Scene, found: readonly Found[], { scene: seen }: Reading): number {
  const drawn = found.map(({ likeness }) => Math.min(1, Math.max(0, (likeness - UNLIKE) / (ALIKE - UNLIKE))));
  const things = drawn.reduce((a, b) => a + b) / drawn.length;
  return things * (seen.layout === scene.layout ? 1 : 0.5) * (seen.time === scene.time ? 1 : 0.5);
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The best of: where each thing's colour is, where things are seen (in both orders), and where a tidy picture has them. */
function truthOf(rgb: ArrayLike<number>, scene: Scene, found: readonly Found[], reading: Reading): number {
  const radius = radiusOf(scene, 1);
  const tidy = tidyPlaces(scene);
  const places: readonly (readonly Point[])[] = [
    found.map(({ fit }) => fit),
    reading.things,
    reading.things.toReversed(),
  ].filter((points) => obeys(points, scene));
  const keep = (at: number) => Math.min(SIDE - radius, Math.max(radius, at));
  const finest = [...places, tidy, tidy.toReversed()].map((points) =>
    paintAt(
      scene,
      1,
      scene.things.map((thing, i) => ({
        ...thing,
        x: keep((points[i] as Point).x),
        y: keep((points[i] as Point).y),
        radius,
      })),
    ),
  );
  return Math.max(...finest.map((picture) => psnr(rgb, picture)));
}

function tidyPlaces({ layout }: Scene): readonly Point[] {
  const { x, y } = MIDDLE;
  if (layout === "alone") return [MIDDLE];
  return [-APART, APART].map((away) => (layout === "beside" ? { x: x + away, y } : { x, y: y + away }));
}

/** Whether there are as many places as things, and they lie as the layout says. */
function obeys([a, b]: readonly Point[], { layout }: Scene): boolean {
  if (!a || (layout === "alone") !== (b === undefined)) return false;
  if (!b) return true;
  const [dx, dy] = [Math.abs(a.x - b.x), Math.abs(a.y - b.y)];
  return layout === "beside" ? dx > dy : dy > dx;
}

function paintAt({ time }: Scene, finish: number, placed: readonly Placed[]): Uint8Array {
  return paint({ time, placed, edge: finish, shading: finish, shadow: finish, sky: finish, fullness: finish });
}

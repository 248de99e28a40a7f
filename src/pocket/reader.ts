/**
 * @file Reads a picture by its pixels, without network or caption: time of day, layout, and each thing's colour, shape and place.
 *
 * Backdrop first (backdrop.ts), then for every colour its share in each pixel (matte.ts) and the outline that fits it best
 * (fit.ts). The colour that explains most is the first thing; a second one must explain enough of what lies outside the first.
 * It never fails: of a picture unlike any of the world it tells the nearest reading, with little confidence.
 */
import { PIXELS } from "./backdrop.ts";
import { cores, crowd, type Evidence, evidenceOf, FEW, matteOf } from "./evidence.ts";
import { climb, eachPixel, type Fit, fits, type Ranked, ranked } from "./fit.ts";
import { colours, type Scene } from "./grammar.ts";
import type { Placed } from "./render.ts";

export interface Seen extends Placed {
  /** 0 where another colour or shape would do as well */
  readonly confidence: { readonly colour: number; readonly shape: number };
}

export interface Reading {
  /** Two things of one colour are told as such, though no caption names them. */
  readonly scene: Scene;
  /** the scene's things in its order, the plainest to see first */
  readonly things: readonly Seen[];
  /** finish of the sky, 0..1 */
  readonly sky: number;
  readonly confidence: { readonly time: number; readonly layout: number };
}

/** An outline for colour k. */
interface Candidate {
  readonly k: number;
  readonly fits: Ranked;
}

/** The three most frequent colours outside `taken`, each with its fits; the one that explains most comes first. */
function candidates(evidence: Evidence, taken?: Uint8Array): readonly Candidate[] {
  const own = cores(evidence, taken);
  const edge = { softness: evidence.softness, blur: 0 };
  return own
    .map((map, k) => ({ k, ...crowd(map) }))
    .sort((a, b) => b.count - a.count)
    .slice(0, 3)
    .filter(({ count }) => count >= FEW)
    .map(({ k, x, y, count }) => {
      const start = { x, y, radius: Math.sqrt(count / Math.PI) + 1 };
      return { k, fits: fits(matteOf(evidence, k, own, taken), start, edge, [2, 1]) };
    })
    .sort((a, b) => b.fits[0].gain - a.fits[0].gain);
}

/** 1 on the thing and as far as `margin` about it. */
function footprint(fit: Fit, margin: number): Uint8Array {
  const out = new Uint8Array(PIXELS);
  eachPixel(fit.shape, fit, margin, (i, distance) => {
    if (distance < margin) out[i] = 1;
  });
  return out;
}

/** A second thing must explain this many pixels: the smallest star has 120, a sun where the sky does not expect it 80. */
const ENOUGH = 45;
/** Of the first thing's own colour this many, and this far away: what the first outline left over is no second thing. */
const ENOUGH_ALIKE = 60;
const APART = 15;

function secondOf(evidence: Evidence, first: Candidate): Candidate | undefined {
  const [{ x, y }] = first.fits;
  return candidates(evidence, footprint(first.fits[0], evidence.softness + 1)).find(({ k, fits: [fit] }) =>
    k === first.k ? fit.gain > ENOUGH_ALIKE && Math.hypot(fit.x - x, fit.y - y) > APART : fit.gain > ENOUGH,
  );
}

/** Blurs that are tried where the edge of the sky's finish leaves doubt, as parts of the radius. */
const BLURS = [0.15, 0.26];
/** No doubt where the second-best shape explains less than this part of what the best explains. */
const CLEAR = 0.93;

/** Fits anew, finely, to the pixels that the other thing leaves. */
function refine(evidence: Evidence, { k, fits: found }: Candidate, other: Candidate | undefined): Seen {
  const matte = matteOf(evidence, k, cores(evidence), other && footprint(other.fits[0], 0));
  const fine = ranked(found.map((fit) => climb(matte, fit.shape, fit, fit.edge, [1, 0.25])));
  const sure = fine[1].gain < CLEAR * fine[0].gain;
  const [best, next] = sure
    ? fine
    : ranked(
        fine.slice(0, 3).map((fit) => {
          const tries = BLURS.map((blur) => climb(matte, fit.shape, fit, { ...fit.edge, blur }, [1, 0.25]));
          return tries.reduce((a, b) => (b.gain > a.gain ? b : a), fit);
        }),
      );
  const { shape, x, y, radius } = best;
  const confidence = { colour: colourConfidence(evidence, best, k), shape: 1 - next.gain / Math.max(best.gain, 1e-9) };
  return { colour: colours[k] as Seen["colour"], shape, x, y, radius, confidence };
}

/** Mean over the thing of (d' - d) / (d' + d), d the distance to its colour's shades, d' to the next colour's. */
function colourConfidence({ palette }: Evidence, fit: Fit, k: number): number {
  let sum = 0;
  let count = 0;
  eachPixel(fit.shape, fit, 0, (i, distance) => {
    if (distance > 0) return;
    const all = palette.distance.subarray(colours.length * i, colours.length * (i + 1));
    const own = all[k] as number;
    const next = Math.min(...all.filter((_, other) => other !== k));
    sum += (next - own) / Math.max(next + own, 1e-6);
    count++;
  });
  return Math.max(0, sum / Math.max(1, count));
}

export function read(rgb: Uint8Array | Uint8ClampedArray): Reading {
  return readEvidence(evidenceOf(rgb));
}

export function readEvidence(evidence: Evidence): Reading {
  const { time, sky, confidence } = evidence.backdrop;
  const first = candidates(evidence)[0];
  if (!first) return blank(evidence);
  const second = secondOf(evidence, first);
  const a = refine(evidence, first, second);
  if (!second) {
    return {
      scene: { layout: "alone", things: [a], time },
      things: [a],
      sky,
      confidence: { time: confidence, layout: 1 },
    };
  }
  const b = refine(evidence, second, first);
  const [dx, dy] = [Math.abs(a.x - b.x), Math.abs(a.y - b.y)];
  return {
    scene: { layout: dx > dy ? "beside" : "over", things: [a, b], time },
    things: [a, b],
    sky,
    confidence: { time: confidence, layout: Math.abs(dx - dy) / Math.max(1, dx, dy) },
  };
}

/** The reading of a picture without things. */
function blank({ backdrop: { time, sky, confidence } }: Evidence): Reading {
  const nothing = { colour: 0, shape: 0 };
  const thing = { colour: "white", shape: "circle", x: 32, y: 30, radius: 13, confidence: nothing } as const;
  const scene = { layout: "alone", things: [thing], time } as const;
  return { scene, things: [thing], sky, confidence: { time: confidence, layout: 0 } };
}

/** @file Where the things that a caption names most probably are in a picture, and how well they are drawn there. */
import { cores, crowd, type Evidence, FEW, matteOf } from "./evidence.ts";
import { climb, eachPixel, type Fit, type Matte } from "./fit.ts";
import { colours, type Scene, type Thing } from "./grammar.ts";
import { smoothstep } from "./sky.ts";
import type { Reading } from "./reader.ts";

export interface Found {
  readonly thing: Thing;
  readonly fit: Fit;
  /** 0..1: how far the pixels of the thing's colour have the thing's shape */
  readonly likeness: number;
}

/** Each named thing at the best place for an outline of its shape in the pixels of its colour. */
export function findThings(evidence: Evidence, reading: Reading, scene: Scene): readonly Found[] {
  const own = cores(evidence);
  return scene.things.map((thing) => {
    const k = colours.indexOf(thing.colour);
    const matte = matteOf(evidence, k, own);
    const { x, y, count } = crowd(own[k] as Float32Array);
    const alike = reading.things.filter(({ colour }) => colour === thing.colour);
    const crowded = count >= FEW ? [{ x, y, radius: Math.sqrt(count / Math.PI) + 1 }] : [];
    // Where nothing has its colour, a thing of another colour may stand for it.
    const starts = alike.length > 0 ? alike : crowded.length > 0 ? crowded : reading.things;
    const tries = starts.map((start) => {
      const radius = Math.min(18, Math.max(6, start.radius));
      return climb(matte, thing.shape, { ...start, radius }, { softness: evidence.softness, blur: 0 }, [2, 0.25]);
    });
    const fit = tries.reduce((a, b) => (b.gain > a.gain ? b : a));
    return { thing, fit, likeness: likeness(matte, fit) };
  });
}

/** So much of a thing may be hidden behind the other one. */
const HIDDEN = 0.4;

/** A pixel is no part of the thing below, and wholly so above: colours that are slightly off and soft edges count for little. */
const [NONE, WHOLE] = [0.2, 0.7];

/** Sum of min over sum of max of mask and share, about the outline; less where little of the outline is to be seen. */
function likeness({ share, weight }: Matte, fit: Fit): number {
  const { softness } = fit.edge;
  let [both, either, mask, visible] = [0, 0, 0, 0];
  eachPixel(fit.shape, fit, softness + 2, (i, distance) => {
    const m = smoothstep(NONE, WHOLE, smoothstep(softness, -softness, distance));
    const a = smoothstep(NONE, WHOLE, share[i] as number);
    const w = weight[i] as number;
    both += w * Math.min(m, a);
    either += w * Math.max(m, a);
    mask += m;
    visible += w * m;
  });
  return (both / Math.max(either, 1e-9)) * Math.min(1, visible / Math.max(mask * (1 - HIDDEN), 1e-9));
}

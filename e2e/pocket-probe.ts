/**
 * @file What pocket's UNet has understood, without drawing: `tsx e2e/pocket-probe.ts FOLDER`. The share of held-out pictures
 * whose error is lower under the true caption than under one with a single attribute wrong; chance is one half.
 */
import { openModelFolder } from "../src/cli/model-files.ts";
import { addNoise } from "../src/diffusion/noise-schedule.ts";
import { keyOf, normals } from "../src/diffusion/philox.ts";
import {
  captionOf,
  colours,
  heldOutCaptions,
  parseCaption,
  type Scene,
  shapes,
  type Thing,
  times,
} from "../src/pocket/grammar.ts";
import { compose, paint, rgbaOf } from "../src/pocket/render.ts";
import { nodeBackend } from "../src/runtime/node.ts";
import { loadModel, makeArtifacts } from "../src/studio/model.ts";

const [folder = "public/pocket", count = "64"] = process.argv.slice(2);
const LEVELS = [300, 500, 700, 850];
const FINISH = 0.7;

const next = <T>(list: readonly T[], item: T): T => list[(list.indexOf(item) + 1) % list.length] as T;

function withFirst(scene: Scene, thing: Thing): Scene {
  if (scene.layout === "alone") return { ...scene, things: [thing] };
  return { ...scene, things: [thing, scene.things[1]] };
}

/** The scene with one attribute wrong; null where it has no such attribute. */
const wrong: { readonly [attribute: string]: (scene: Scene) => Scene | null } = {
  colour: (scene) => {
    const [first, second] = scene.things;
    let colour = next(colours, first.colour);
    if (colour === second?.colour) colour = next(colours, colour);
    return withFirst(scene, { ...first, colour });
  },
  shape: (scene) => {
    const [first] = scene.things;
    return withFirst(scene, { ...first, shape: next(shapes, first.shape) });
  },
  layout: (scene) =>
    scene.layout === "alone" ? null : { ...scene, layout: scene.layout === "over" ? "beside" : "over" },
  time: (scene) => ({ ...scene, time: next(times, scene.time) }),
};

const opened = await openModelFolder(folder);
const rows = 2 * LEVELS.length;
const choices = { samples: rows, drawSamples: 2, train: "full", rank: 1, targets: "attention", cut: "whole" } as const;
const backend = nodeBackend({ threads: 1 });
const set = await makeArtifacts(opened, { ...choices, weights: "float32" });
const model = await loadModel(backend, set, opened, () => new Float32Array());
const base = { id: "base" };
await model.denoiser.update(base, model.base);
const size = model.latents.reduce((a, b) => a * b);
const captions = heldOutCaptions();
const wins = new Map<string, { won: number; of: number }>();
let total = 0;
for (let i = 0; i < Number(count); i++) {
  const scene = parseCaption(captions[(i * 97 + 11) % captions.length] as string);
  const x0 = (await model.encodeImage(rgbaOf(paint(compose(scene, FINISH, i))))).slice(0, size);
  const noise = LEVELS.map((_, k) => normals({ key: keyOf(i), place: [k, 0, 0] }, size));
  for (const [attribute, change] of Object.entries(wrong)) {
    const other = change(scene);
    if (!other) continue;
    const target = new Float32Array(rows * size);
    const xt = new Float32Array(rows * size);
    for (let row = 0; row < rows; row++) {
      const eps = noise[row % LEVELS.length] as Float32Array;
      const out = xt.subarray(row * size, (row + 1) * size);
      addNoise(model.noise, x0, eps, LEVELS[row % LEVELS.length] as number, out);
      target.set(eps, row * size);
    }
    const texts = [scene, other].flatMap((s) => LEVELS.map(() => captionOf(s)));
    const t = [...LEVELS, ...LEVELS];
    const batch = { shape: [rows, ...model.latents], xt, t, target } as const;
    const errors = await model.denoiser.errors(base, batch, await model.encodeTexts(texts));
    const sum = (half: number): number =>
      errors.slice(half * LEVELS.length, (half + 1) * LEVELS.length).reduce((a, b) => a + b, 0);
    const seen = wins.get(attribute) ?? { won: 0, of: 0 };
    wins.set(attribute, { won: seen.won + (sum(0) < sum(1) ? 1 : 0), of: seen.of + 1 });
    if (attribute === "time") total += sum(0) / LEVELS.length;
  }
}
const shares = Object.fromEntries(
  [...wins].map(([attribute, { won, of }]) => [attribute, Number((won / of).toFixed(3))]),
);
console.log(JSON.stringify({ error: Number((total / Number(count)).toFixed(4)), ...shares }));
await model.dispose();
await backend.dispose();

/**
 * @file What pocket's captions can say, and the way back from a caption to its scene.
 *
 * "a red circle at night", "a red circle beside a blue square by day",
 * "a red circle and a blue square, one over the other, at sunset".
 * No caption names an order (left of, above): the model is to draw everything that the grammar can name, and order it
 * does not learn. The finish of a picture is never named either.
 */
import { StudioError } from "../lib/errors.ts";
import { hash32, type Random } from "../lib/random.ts";
import { pick } from "./random.ts";

export const colours = ["red", "yellow", "green", "blue", "purple", "white"] as const;
export const shapes = ["circle", "square", "triangle", "star", "heart"] as const;
export const times = ["day", "sunset", "night"] as const;

export type Colour = (typeof colours)[number];
export type Shape = (typeof shapes)[number];
export type Time = (typeof times)[number];

export interface Thing {
  readonly colour: Colour;
  readonly shape: Shape;
}

/** Two things differ in colour, so that "the red one" is always one of them. */
export type Scene =
  | { readonly layout: "alone"; readonly things: readonly [Thing]; readonly time: Time }
  | { readonly layout: "beside" | "over"; readonly things: readonly [Thing, Thing]; readonly time: Time };

const moment: { readonly [T in Time]: string } = { day: "by day", sunset: "at sunset", night: "at night" };

export function captionOf(scene: Scene): string {
  const [first, second] = scene.things.map((thing) => `a ${thing.colour} ${thing.shape}`);
  const when = moment[scene.time];
  if (scene.layout === "alone") return `${first} ${when}`;
  return scene.layout === "beside"
    ? `${first} beside ${second} ${when}`
    : `${first} and ${second}, one over the other, ${when}`;
}

const thingPattern = `a (${colours.join("|")}) (${shapes.join("|")})`;
const sentence = new RegExp(
  `^${thingPattern}(?: (?:(beside)|and) ${thingPattern}( one over the other)?)? (${Object.values(moment).join("|")})$`,
);

/** The scene that a caption names, or null where the grammar has no such sentence. Capitals, extra blanks and commas do not matter. */
export function sceneOf(caption: string): Scene | null {
  const match = sentence.exec(
    caption
      .toLowerCase()
      .replace(/[\s,]+/g, " ")
      .trim(),
  );
  if (!match) return null;
  const [, colour, shape, beside, otherColour, otherShape, over, when] = match;
  const first = { colour, shape } as Thing;
  const time = times.find((t) => moment[t] === when) as Time;
  if (!otherColour) return { layout: "alone", things: [first], time };
  if (colour === otherColour || (beside === undefined) === (over === undefined)) return null;
  return {
    layout: beside ? "beside" : "over",
    things: [first, { colour: otherColour, shape: otherShape } as Thing],
    time,
  };
}

/** As `sceneOf`, for callers that cannot go on without a scene. */
export function parseCaption(caption: string): Scene {
  const scene = sceneOf(caption);
  if (scene) return scene;
  throw new StudioError(
    "caption",
    `The picture world cannot draw "${caption}": it expects a caption such as "a red circle beside a blue square at night".`,
    `Colours: ${colours.join(", ")}. Shapes: ${shapes.join(", ")}. Ends: ${Object.values(moment).join(", ")}.`,
  );
}

const allThings: readonly Thing[] = colours.flatMap((colour) => shapes.map((shape) => ({ colour, shape })));

/** Every scene once per way of saying it: 90 with one thing, 4,500 with two, in a fixed order. */
export function* scenes(): Generator<Scene, void> {
  for (const time of times) {
    for (const first of allThings) {
      yield { layout: "alone", things: [first], time };
      for (const second of allThings) {
        if (first.colour === second.colour) continue;
        yield { layout: "beside", things: [first, second], time };
        yield { layout: "over", things: [first, second], time };
      }
    }
  }
}

/** One thing in three of ten scenes; otherwise uniform. */
export function drawScene(random: Random): Scene {
  const time = pick(random, times);
  const first = pick(random, allThings);
  if (random() < 0.3) return { layout: "alone", things: [first], time };
  const others = allThings.filter((thing) => thing.colour !== first.colour);
  return { layout: random() < 0.5 ? "beside" : "over", things: [first, pick(random, others)], time };
}

/**
 * One combination in eight is kept for tests. It is the set of things and the time of day: neither the order in which they
 * are named nor the layout counts, so no other wording of a held-out scene is ever trained.
 */
export function isHeldOut(scene: Scene): boolean {
  const things = scene.things.map(
    (thing) => colours.indexOf(thing.colour) * shapes.length + shapes.indexOf(thing.shape),
  );
  return hash32(times.indexOf(scene.time), ...things.sort((a, b) => a - b)) % 8 === 0;
}

/** A scene of the training side. */
export function drawTrainingScene(random: Random): Scene {
  for (;;) {
    const scene = drawScene(random);
    if (!isHeldOut(scene)) return scene;
  }
}

/** Captions of the test side; no two of them are the same. */
export function heldOutCaptions(): readonly string[] {
  return [...scenes()].filter(isHeldOut).map(captionOf);
}

/**
 * The scene with one attribute wrong: the colours swapped, the other layout, or another shape; for one thing another colour
 * or shape. Never a held-out scene, so that no held-out combination is seen under a false caption either.
 */
export function spoiled(scene: Scene, random: Random): Scene {
  for (;;) {
    const wrong = misdrawn(scene, random);
    if (!isHeldOut(wrong)) return wrong;
  }
}

function misdrawn(scene: Scene, random: Random): Scene {
  const kind = random();
  if (scene.layout === "alone") {
    const [thing] = scene.things;
    return {
      ...scene,
      things: [kind < 0.5 ? reshaped(thing, random) : { ...thing, colour: other(colours, thing.colour, random) }],
    };
  }
  const [first, second] = scene.things;
  if (kind < 1 / 3) return { ...scene, layout: scene.layout === "over" ? "beside" : "over" };
  if (kind < 2 / 3 && first.shape !== second.shape) {
    return {
      ...scene,
      things: [
        { ...first, colour: second.colour },
        { ...second, colour: first.colour },
      ],
    };
  }
  return { ...scene, things: random() < 0.5 ? [reshaped(first, random), second] : [first, reshaped(second, random)] };
}

function reshaped(thing: Thing, random: Random): Thing {
  return { ...thing, shape: other(shapes, thing.shape, random) };
}

function other<T>(list: readonly T[], not: T, random: Random): T {
  return pick(
    random,
    list.filter((item) => item !== not),
  );
}

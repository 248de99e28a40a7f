import { describe, expect, test } from "vitest";
import { captionOf, drawScene, type Scene } from "./grammar.ts";
import { type Judgement, judge } from "./judge.ts";
import { randomOf } from "../lib/random.ts";
import { read } from "./reader.ts";
import { compose, paint, SIDE } from "./render.ts";

const COUNT = 400;
const attributes = ["colours", "shapes", "layout", "time", "all"] as const;

/** Scenes as pre-training draws them, held-out ones too, at any finish. */
const truths = Array.from({ length: COUNT }, (_, i) => {
  const random = randomOf(71, i);
  const scene = drawScene(random);
  const composition = compose(scene, random(), i);
  return { scene, composition, caption: captionOf(scene), reading: read(paint(composition)) };
});

function rate(judgements: readonly Judgement[], attribute: (typeof attributes)[number]): number {
  return judgements.filter((judgement) => judgement[attribute]).length / judgements.length;
}

describe("the reader", () => {
  test("reads at least 99 % of the world's pictures without an error, at every finish", () => {
    const wrong = truths.filter(({ reading, caption }) => !judge(reading, caption).all);
    expect(wrong.length).toBeLessThanOrEqual(COUNT / 100);
  });

  test("finds things where they stand, and their size", () => {
    let far = 0;
    for (const { composition, reading } of truths) {
      for (const seen of reading.things) {
        const thing = composition.placed.find(({ colour }) => colour === seen.colour);
        if (
          !thing ||
          Math.hypot(thing.x - seen.x, thing.y - seen.y) > 1.5 ||
          Math.abs(thing.radius - seen.radius) > 1.5
        )
          far++;
      }
    }
    expect(far).toBeLessThanOrEqual(COUNT / 50);
  });

  test("agrees with another picture's caption as often as two captions agree", () => {
    const seen = truths.map(({ reading }, i) => judge(reading, truths[(i + 1) % COUNT]?.caption ?? ""));
    const chance = truths.map(({ scene }, i) => judge({ scene }, truths[(i + 1) % COUNT]?.caption ?? ""));
    for (const attribute of attributes) {
      expect(Math.abs(rate(seen, attribute) - rate(chance, attribute))).toBeLessThan(0.01);
      expect(rate(seen, attribute)).toBeLessThan(attribute === "layout" || attribute === "time" ? 0.42 : 0.1);
    }
  });

  test("is surer of the true picture than of a veiled one", () => {
    const scene: Scene = { layout: "alone", things: [{ colour: "red", shape: "heart" }], time: "day" };
    const rgb = paint(compose(scene, 0.8, 3));
    const mean = rgb.reduce((a, b) => a + b) / rgb.length;
    const veiled = rgb.map((value) => mean + (value - mean) * 0.4);
    const [clear, faint] = [read(rgb), read(veiled)];
    expect(faint.scene.time).toBe("day");
    expect(clear.things[0]?.confidence.colour).toBeGreaterThan(0.7);
    expect(clear.things[0]?.confidence.colour).toBeGreaterThan(faint.things[0]?.confidence.colour ?? 1);
    expect(clear.confidence.time).toBeGreaterThan(faint.confidence.time);
  });

  test("survives pictures of nothing", () => {
    const random = randomOf(72);
    const pictures = [
      new Uint8Array(SIDE * SIDE * 3),
      new Uint8Array(SIDE * SIDE * 3).fill(255),
      Uint8Array.from({ length: SIDE * SIDE * 3 }, () => 256 * random()),
      Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => (Math.floor(i / 24) % 2) * 255),
    ];
    for (const rgb of pictures) {
      const { scene, things, confidence } = read(rgb);
      expect(things).toHaveLength(scene.things.length);
      for (const value of things.flatMap(({ x, y, radius }) => [x, y, radius]))
        expect(Number.isFinite(value)).toBe(true);
      expect(confidence.time).toBeLessThan(0.7);
    }
  });
});

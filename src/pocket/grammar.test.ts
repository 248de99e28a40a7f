import { describe, expect, test } from "vitest";
import {
  captionOf,
  colours,
  drawScene,
  heldOutCaptions,
  isHeldOut,
  parseCaption,
  type Scene,
  sceneOf,
  scenes,
  spoiled,
} from "./grammar.ts";
import { randomOf } from "../lib/random.ts";
import { reachedRows, tokenIds } from "./tokens.ts";

const all = [...scenes()];

describe("captions", () => {
  test("90 name one thing, 4,500 name two, and no two are the same", () => {
    expect(all.filter((scene) => scene.layout === "alone")).toHaveLength(90);
    expect(all.filter((scene) => scene.layout !== "alone")).toHaveLength(4500);
    expect(new Set(all.map(captionOf)).size).toBe(4590);
  });

  test("every caption parses back to its scene", () => {
    for (const scene of all) expect(parseCaption(captionOf(scene))).toEqual(scene);
  });

  test("a person's capitals, blanks and missing commas are understood", () => {
    const scene = sceneOf("  A red circle and a  blue square one over the other at night ");
    expect(scene && captionOf(scene)).toBe("a red circle and a blue square, one over the other, at night");
  });

  test.each([
    "",
    "a red circle",
    "a pink circle at night",
    "a red circle beside a red square at night",
    "a red circle and a blue square at night",
    "a red circle beside a blue square, one over the other, at night",
    "a red circle at day",
  ])("refuses %j, saying what it expects", (caption) => {
    expect(sceneOf(caption)).toBeNull();
    expect(() => parseCaption(caption)).toThrow("expects a caption such as");
  });

  test("every word has a row in the token table, and every row its word", () => {
    const words = new Set(all.flatMap((scene) => captionOf(scene).match(/[a-z]+|,/g) ?? []));
    expect([...words].sort()).toEqual(Object.keys(tokenIds).sort());
    expect(new Set(reachedRows).size).toBe(26);
  });
});

describe("the held-out side", () => {
  test("is about one combination in eight, and enough for 200 test captions", () => {
    const share = all.filter(isHeldOut).length / all.length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.15);
    expect(heldOutCaptions().length).toBeGreaterThan(400);
  });

  test("does not depend on order or layout", () => {
    for (const scene of all) {
      if (scene.layout === "alone") continue;
      const [first, second] = scene.things;
      const reordered: Scene = {
        layout: scene.layout === "over" ? "beside" : "over",
        things: [second, first],
        time: scene.time,
      };
      expect(isHeldOut(reordered)).toBe(isHeldOut(scene));
    }
  });

  test("leaves every thing to be learnt, alone or with another, at every time of day", () => {
    const trained = new Set(
      all
        .filter((scene) => !isHeldOut(scene))
        .flatMap((scene) => scene.things.map((thing) => `${thing.colour} ${thing.shape} ${scene.time}`)),
    );
    expect(trained.size).toBe(90);
  });
});

test("a spoiled scene differs from the true one, still follows the grammar, and is not held out", () => {
  const random = randomOf(5);
  for (let i = 0; i < 2000; i++) {
    const scene = drawScene(random);
    const wrong = spoiled(scene, random);
    expect(captionOf(wrong)).not.toBe(captionOf(scene));
    expect(parseCaption(captionOf(wrong))).toEqual(wrong);
    expect(isHeldOut(wrong)).toBe(false);
    expect(wrong.time).toBe(scene.time);
  }
});

test("all colours are drawn about equally often", () => {
  const random = randomOf(8);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    for (const { colour } of drawScene(random).things) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const drawn = colours.map((colour) => counts.get(colour) ?? 0);
  expect(Math.max(...drawn) / Math.min(...drawn)).toBeLessThan(1.2);
});

/** @file The reader and the scores on pictures that went through the shipped autoencoder and back. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { captionOf, drawScene } from "../src/pocket/grammar.ts";
import { judge } from "../src/pocket/judge.ts";
import { psnr } from "../src/pocket/measures.ts";
import { randomOf } from "../src/lib/random.ts";
import { read } from "../src/pocket/reader.ts";
import { compose, paint, rgbaOf } from "../src/pocket/render.ts";
import { scoresOf } from "../src/pocket/scores.ts";
import { openPocket, type PocketModel, roundTrip } from "./pocket-model.ts";

const COUNT = 200;
let pocket: PocketModel;
const trips: { caption: string; finish: number; before: Uint8Array; after: Uint8Array }[] = [];

beforeAll(async () => {
  pocket = await openPocket("public/pocket", 1);
  for (let i = 0; i < COUNT; i++) {
    const random = randomOf(91, i);
    const scene = drawScene(random);
    const finish = random();
    const before = paint(compose(scene, finish, i));
    trips.push({ caption: captionOf(scene), finish, before, after: await roundTrip(pocket, rgbaOf(before)) });
  }
});

afterAll(() => pocket.dispose());

describe("after a round trip through the autoencoder", () => {
  test("at least 97 % of the pictures are read without an error", () => {
    const right = trips.filter(({ caption, after }) => judge(read(after), caption).all).length;
    const decibels = trips.reduce((sum, { before, after }) => sum + psnr(before, after), 0) / COUNT;
    console.log(`right ${right} of ${COUNT}, at ${decibels.toFixed(1)} dB`);
    expect(right).toBeGreaterThanOrEqual(0.97 * COUNT);
  });

  test("truth, finish and sharpness still tell fine pictures from plain ones", () => {
    const scored = trips
      .slice(0, COUNT / 2)
      .map((trip) => ({ at: trip.finish, ...scoresOf(trip.after, trip.caption) }));
    const fine = scored.filter(({ at }) => at > 0.8);
    const middle = scored.filter(({ at }) => at > 0.35 && at < 0.65);
    const plain = scored.filter(({ at }) => at < 0.2);
    for (const name of ["truth", "finish", "sharpness"] as const) {
      const [a, b, c] = [plain, middle, fine].map((list) => list.reduce((sum, s) => sum + s[name], 0) / list.length);
      expect(b).toBeGreaterThan(a as number);
      expect(c).toBeGreaterThan(b as number);
    }
  });
});

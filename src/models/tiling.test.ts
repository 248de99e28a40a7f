import { describe, expect, it } from "vitest";
import { cutTile, joinTiles, type Planes, tilesOf } from "./tiling.ts";

const planes = (channels: number, height: number, width: number, of: (i: number) => number): Planes => {
  return { channels, height, width, data: Float32Array.from({ length: channels * height * width }, (_, i) => of(i)) };
};

const farthest = (data: Float32Array, from: (i: number) => number): number =>
  data.reduce((most, value, i) => Math.max(most, Math.abs(value - from(i))), 0);

/** Latents [height, width] in tiles of a side, where they join with `scale` numbers a latent. */
const cases = [
  [64, 64, 32, 1],
  [64, 64, 32, 2],
  [24, 36, 12, 3],
  [20, 11, 8, 2],
  [9, 8, 8, 1],
  [7, 30, 4, 2],
] as const;

const tiles = (height: number, width: number, side: number) => {
  const found = tilesOf(height, width, side);
  if (!found) throw new Error("expected more than one tile");
  return found;
};

describe("tiles", () => {
  it("start at three quarters of a tile, smaller at the end", () => {
    const rows = tiles(64, 40, 32);
    expect(rows.map(([tile]) => [tile?.top, tile?.height])).toEqual([
      [0, 32],
      [24, 32],
      [48, 16],
    ]);
    expect(rows[0]?.map(({ left, width }) => [left, width])).toEqual([
      [0, 32],
      [24, 16],
    ]);
  });

  it("are not made where all fits in one, or none are wanted", () => {
    expect(tilesOf(32, 8, 32)).toBeNull();
    expect(tilesOf(64, 64, null)).toBeNull();
    expect(() => tilesOf(64, 64, 30)).toThrow(
      "a tile of the VAE has 30 latents a side, and a multiple of 4 was expected",
    );
  });

  describe.each(cases)("of %i x %i latents, side %i, %i numbers a latent", (height, width, side, scale) => {
    it("are cut from planes and joined to the same again", () => {
      const whole = planes(2, height * scale, width * scale, (i) => Math.sin(i * i));
      const cut = tiles(height, width, side).map((row) => row.map((tile) => cutTile(whole, tile, scale)));
      const joined = joinTiles(cut, side * scale);
      expect([joined.channels, joined.height, joined.width]).toEqual([2, whole.height, whole.width]);
      expect(farthest(joined.data, (i) => whole.data[i] as number)).toBeLessThan(1e-6);
    });

    it("share each number among themselves: what they give of it comes to 1", () => {
      const places = tiles(height, width, side);
      const sum = planes(1, height * scale, width * scale, () => 0);
      for (const chosen of places.flat()) {
        const lit = places.map((row) =>
          row.map((tile) => planes(1, tile.height * scale, tile.width * scale, () => (tile === chosen ? 1 : 0))),
        );
        const { data } = joinTiles(lit, side * scale);
        expect(Math.min(...data)).toBeGreaterThanOrEqual(0);
        data.forEach((share, i) => (sum.data[i] = (sum.data[i] as number) + share));
      }
      expect(farthest(sum.data, () => 1)).toBeLessThan(1e-6);
    });

    it("of one value join to that value", () => {
      const gray = tiles(height, width, side).map((row) =>
        row.map((tile) => planes(3, tile.height * scale, tile.width * scale, () => 0.5)),
      );
      expect(farthest(joinTiles(gray, side * scale).data, () => 0.5)).toBeLessThan(1e-6);
    });
  });
});

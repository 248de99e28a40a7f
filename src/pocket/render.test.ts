import { describe, expect, test } from "vitest";
import { shapes } from "./grammar.ts";
import { outlines, REACH } from "./outlines.ts";
import { compose, paint, render, rgbaOf, SIDE } from "./render.ts";

const caption = "a red circle beside a blue square at night";

function pixel(rgb: Uint8Array, x: number, y: number): number[] {
  return [...rgb.subarray(3 * (SIDE * y + x), 3 * (SIDE * y + x) + 3)];
}

describe("render", () => {
  test("the same caption, finish and seed give the same bytes; another of any of them does not", () => {
    const picture = render(caption, 0.5, 7);
    expect(picture).toHaveLength(SIDE * SIDE * 3);
    expect(render(caption, 0.5, 7)).toEqual(picture);
    expect(render(caption, 0.5, 8)).not.toEqual(picture);
    expect(render(caption, 0.6, 7)).not.toEqual(picture);
    expect(render("a red circle beside a blue heart at night", 0.5, 7)).not.toEqual(picture);
  });

  test("where a thing stands there is its colour, at every finish", () => {
    for (let seed = 0; seed < 40; seed++) {
      const composition = compose(
        {
          layout: "beside",
          things: [
            { colour: "red", shape: "circle" },
            { colour: "blue", shape: "square" },
          ],
          time: "day",
        },
        seed / 39,
        seed,
      );
      const rgb = paint(composition);
      const [red, blue] = composition.placed.map(({ x, y }) => pixel(rgb, Math.floor(x), Math.floor(y))) as [
        number[],
        number[],
      ];
      expect(red[0]).toBeGreaterThan(Math.max(red[1] ?? 0, red[2] ?? 0));
      expect(blue[2]).toBeGreaterThan(Math.max(blue[0] ?? 0, blue[1] ?? 0));
    }
  });

  test("the layout is kept, things do not hide each other, and chance decides the order", () => {
    for (const layout of ["beside", "over"] as const) {
      let forward = 0;
      for (let seed = 0; seed < 200; seed++) {
        const [a, b] = compose(
          {
            layout,
            things: [
              { colour: "red", shape: "star" },
              { colour: "white", shape: "star" },
            ],
            time: "day",
          },
          0,
          seed,
        ).placed;
        if (!a || !b) throw new Error("two things expected");
        const [along, across] = layout === "beside" ? [b.x - a.x, b.y - a.y] : [b.y - a.y, b.x - a.x];
        expect(Math.abs(along)).toBeGreaterThan(16);
        expect(Math.abs(across)).toBeLessThanOrEqual(18);
        forward += along > 0 ? 1 : 0;
      }
      expect(forward).toBeGreaterThan(60);
      expect(forward).toBeLessThan(140);
    }
  });

  test("a finer picture has sharper edges and more colour", () => {
    const steepest = (rgb: Uint8Array) => {
      let most = 0;
      for (let i = 3; i < rgb.length; i++)
        if (i % (3 * SIDE) >= 3) most = Math.max(most, Math.abs((rgb[i] as number) - (rgb[i - 3] as number)));
      return most;
    };
    const plain = render("a red square by day", 0, 3);
    const fine = render("a red square by day", 1, 3);
    expect(steepest(fine)).toBeGreaterThan(2 * steepest(plain));
    const greyness = (rgb: Uint8Array) =>
      Math.min(...Array.from({ length: SIDE * SIDE }, (_, i) => rgb[3 * i + 2] as number));
    expect(greyness(fine)).toBeLessThan(greyness(plain));
  });
});

test("outlines are true distances: a step changes them by at most its length, and by all of it across the rim", () => {
  for (const shape of shapes) {
    const outline = outlines[shape];
    expect(outline(0, 0)).toBeLessThan(-0.3);
    for (let i = 0; i < 64; i++) {
      const [ux, uy] = [Math.cos((i * Math.PI) / 32), Math.sin((i * Math.PI) / 32)];
      expect(outline(REACH * Math.SQRT2 * ux, REACH * Math.SQRT2 * uy)).toBeGreaterThan(0);
      for (let r = 0; r < 1.6; r += 0.05) {
        const rise = outline((r + 0.01) * ux, (r + 0.01) * uy) - outline(r * ux, r * uy);
        expect(Math.abs(rise)).toBeLessThanOrEqual(0.01 + 1e-9);
      }
    }
  }
});

test("rgbaOf keeps the colours and is opaque", () => {
  expect([...rgbaOf(Uint8Array.of(1, 2, 3, 4, 5, 6))]).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
});

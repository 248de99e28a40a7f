import { expect, test } from "vitest";
import { layoutGrid, wrap } from "./grid-layout.ts";

const measure = (text: string): number => 10 * text.length;
const measures = { head: measure, prompt: measure };

test("words wrap at spaces, a long word is cut, and what is left out has its mark", () => {
  expect(wrap("a red circle above a blue square", 120, measure, 9)).toEqual(["a red circle", "above a blue", "square"]);
  expect(wrap("extraordinary", 50, measure, 9)).toEqual(["extra", "ordin", "ary"]);
  expect(wrap("a red circle above a blue square", 120, measure, 2)).toEqual(["a red circle", "above a blu…"]);
});

test("small pictures are shown at a whole multiple, large ones at 1:1, and no part overlaps another", () => {
  const rows = [
    { text: "a", seed: 42 },
    { text: "b", seed: 43 },
  ];
  const small = layoutGrid({ columns: ["Base", "SPIN 1"], rows, side: 64 }, measures);
  expect(small).toMatchObject({ multiple: 4, cell: 256, heads: [["Base"], ["SPIN 1"]], labels: [["a"], ["b"]] });
  expect(small?.width).toBe((small?.left ?? 0) + 2 * (256 + 8));
  expect(small?.height).toBe((small?.top ?? 0) + 2 * (256 + 8));
  expect(layoutGrid({ columns: ["Base"], rows, side: 512 }, measures)?.multiple).toBe(1);
});

test("a large grid is drawn smaller, and one that no canvas holds is not drawn", () => {
  const rows = Array.from({ length: 200 }, (_, seed) => ({ text: "a", seed }));
  const many = layoutGrid({ columns: ["Base", "SPIN 1"], rows, side: 64 }, measures);
  expect(many?.multiple).toBe(1);
  expect(many?.height).toBeLessThanOrEqual(16_384);
  expect(layoutGrid({ columns: ["Base"], rows, side: 512 }, measures)).toBeNull();
});
